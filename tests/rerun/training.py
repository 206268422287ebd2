"""Training processes for the tests: real ones, in an overlay of this environment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro_tui.rerun.determinism import recorder_variables, variables
from repro_tui.rerun.model import Determinism

PYTHON = Path(sys.executable)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    record: Path
    """The folder that its processes wrote to."""

    @property
    def processes(self) -> list[dict[str, Any]]:
        """What each process told, by lineage."""
        told = [json.loads(path.read_bytes()) for path in self.record.glob("process-*.json")]
        return sorted(told, key=lambda process: str(process["lineage"]))

    @property
    def root(self) -> dict[str, Any]:
        return self.processes[0]

    def generator(self, name: str) -> tuple[str, int | None, str]:
        told = self.root["randomness"][name]
        return told["seeded_by"], told["seed"], told["where"]


def environment(
    folder: Path,
    seed: int | None = 7,
    determinism: Determinism = Determinism.SEED,
    allowed: Sequence[str] = (),
    device: str = "cpu",
) -> dict[str, str]:
    """This process' environment and what a launcher adds to it, nothing of pytest's own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "REPRO_TUI_"))
    }
    return {
        **inherited,
        **variables(seed, determinism, device),
        **recorder_variables(folder, seed, determinism, allowed),
    }


def train(
    scripts: Path,
    folder: Path,
    program: str,
    *options: str,
    seed: int | None = 7,
    determinism: Determinism = Determinism.SEED,
    allowed: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> Ended:
    """Run `program` as `train.py` in an own folder below `folder`, by `scripts`/python."""
    place = folder / f"checkout {len(list(folder.iterdir()))}"
    record = place / "record"
    record.mkdir(parents=True)
    (place / "train.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [scripts / "python", *options, "train.py"],
        cwd=place,
        env=environment(record, seed, determinism, allowed) | dict(extra or {}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr, record)
