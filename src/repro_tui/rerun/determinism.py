"""The environment variables that make a process repeat itself. Pure.

They stand before the interpreter starts, because that is when they are read: the hash
seed by CPython, the rest when CUDA, cuBLAS or TensorFlow start. What can be done later
(seeding the generators, cuDNN's switches) is the recorder's part. The levels:

| level  | what is done                                               | cost              |
|--------|------------------------------------------------------------|-------------------|
| off    | the device is chosen, nothing else                         | none              |
| seed   | every random number generator and the hash seed are set    | a few ms at start |
| strict | seed, and deterministic algorithms in PyTorch, cuDNN,      | slower kernels;   |
|        | cuBLAS and TensorFlow; an operation that has none fails    | 32 MiB for cuBLAS |
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.rerun.masking import is_secret
from repro_tui.rerun.model import Determinism

VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES"
"""The graphics cards that CUDA shows to a process."""
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
"""The variables that numeric libraries read their number of threads from when they load.
PyTorch, XGBoost and LightGBM follow the first."""


_NUMBERS = re.compile(r"[0-9]{1,4}(,[0-9]{1,4}){0,7}", re.ASCII)
"""One number of threads, or one for each level of nesting."""


def variables(seed: int | None, determinism: Determinism, device: str) -> dict[str, str]:
    """What to set for a process on `device` (`cpu`, `cuda:0`, `mps`; empty: not chosen).

    The chosen device is the only CUDA device that the process sees; `mps` cannot be
    hidden from a process. Sources: CPython's documentation of PYTHONHASHSEED (0 to
    2**32 - 1), cuBLAS' of CUBLAS_WORKSPACE_CONFIG, `torch/_inductor/config.py`,
    TensorFlow's of determinism.

    Raises ReproError where `device` is spelled in no known way.
    """
    chosen = _device(device)
    if determinism is Determinism.OFF:
        return chosen
    if seed is not None:
        chosen["PYTHONHASHSEED"] = str(seed % 2**32)
    if determinism is Determinism.STRICT:
        chosen["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        chosen["TORCHINDUCTOR_DETERMINISTIC"] = "1"
        chosen["TF_DETERMINISTIC_OPS"] = "1"
        chosen["TF_CUDNN_DETERMINISTIC"] = "1"
    return chosen


def threads(number: int) -> dict[str, str]:
    """What makes every numeric library compute with `number` threads."""
    return dict.fromkeys(THREADS, str(number))


def recorded_threads(
    variables: Mapping[str, str], torch: object, cores: object, cores_here: int
) -> dict[str, str]:
    """What gives a process the numbers of threads that a recorded one had.

    `variables` are those that it was started with. Where none of them spoke of threads,
    each library took as many as the machine has cores: nothing need be set on a machine
    with as many, and elsewhere PyTorch's number is given to all.
    """
    told = {
        name: variables[name] for name in THREADS if _NUMBERS.fullmatch(variables.get(name, ""))
    }
    if told or cores == cores_here or type(torch) is not int or torch < 1:
        return told
    return threads(torch)


def _device(device: str) -> dict[str, str]:
    if not device:
        return {}
    if device in ("cpu", "mps"):
        return {VISIBLE_DEVICES: ""}
    cuda = re.fullmatch(r"cuda(?::([0-9]+))?", device)
    if cuda is not None:
        # The driver counts by PCI bus, as `devices` does; CUDA by itself by speed.
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", VISIBLE_DEVICES: cuda[1] or "0"}
    raise ReproError(f"{device!r} names no device.", "Use cpu, cuda:0 or mps.")


def recorder_variables(
    record: Path, seed: int | None, determinism: Determinism, allowed: Sequence[str]
) -> dict[str, str]:
    """What the recorder in the training process is told.

    `record` is an existing folder that every process of the job writes to, `allowed`
    the names of the environment variables that are recorded; those that look like
    secrets are not.
    """
    return {
        "REPRO_TUI_RECORD": str(record.absolute()),
        "REPRO_TUI_SEED": "" if seed is None else str(seed),
        "REPRO_TUI_DETERMINISM": determinism.value,
        "REPRO_TUI_VARIABLES": json.dumps([name for name in allowed if not is_secret(name)]),
        "REPRO_TUI_LINEAGE": "0",
    }
