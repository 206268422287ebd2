"""The options of sbatch: which a person may set, and what a device asks for. Pure.

As in sbatch(1) of Slurm 22.05.
"""

import re
from collections.abc import Mapping

from repro_tui.errors import ReproError

_OPTION = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_OWN = frozenset(
    {"array", "chdir", "error", "export", "export-file", "input", "open-mode", "output", "parsable"}
    | {"requeue", "no-requeue", "signal", "test-only", "wait", "wrap"}
)

_DEVICES = ("gres", "gpus", "gpus-per-node", "gpus-per-task", "tres-per-node")
"""By any of these a person asks for graphics cards."""


def options(table: Mapping[str, object]) -> dict[str, str]:
    """Long options by name, from a backend configuration; "" for a mere flag.

    Raises ReproError where one is no option, or one that decides how jobs are followed.
    """
    read = {}
    for name, value in table.items():
        if not _OPTION.fullmatch(name) or not isinstance(value, str | int | float):
            raise ReproError(
                f"The backend configuration sets {name!r}, which is no option of sbatch.",
                'Give long options with plain values, as in {"partition": "gpu", "time": "60"}.',
            )
        if name in _OWN:
            raise ReproError(
                f"The backend configuration sets {name!r}, by which repro-tui follows its jobs.",
                "Leave it out.",
            )
        if value is not False:
            read[name] = "" if value is True else str(value)
    return read


def with_device(options: Mapping[str, str], device: str) -> dict[str, str]:
    """The options, and one graphics card for a CUDA device where none was asked for."""
    wanted = device.startswith("cuda") and not any(name in options for name in _DEVICES)
    return {**options, **({"gres": "gpu:1"} if wanted else {})}


def spelled(options: Mapping[str, str]) -> list[str]:
    """The options as arguments."""
    return [f"--{name}={value}" if value else f"--{name}" for name, value in options.items()]
