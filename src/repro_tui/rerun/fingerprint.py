"""A fingerprint on every run that is logged where repro-tui is installed.

An MLflow plugin (entry point group `mlflow.run_context_provider`): MLflow asks it for
tags whenever `mlflow.start_run` makes a run. It runs inside somebody's training: it
imports nothing heavy, waits for Git no longer than a second, and never raises. Switched
off by `REPRO_TUI_CONTEXT=off`.
"""

import functools
import hashlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from repro_tui.evidence.safegit import FILTER_NAMES, safe_environment, unfiltered
from repro_tui.evidence.sources import is_source
from repro_tui.evidence.tags import Tag

VARIABLE = "REPRO_TUI_CONTEXT"
_OFF = ("off", "0", "false", "no")
_PATIENCE = 1.0
"""Seconds that all of Git's answers together may take."""
_LOCKFILES = (
    "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml",
    "constraints.txt", "requirements.txt",
)  # fmt: skip
_LIMIT = 32 << 20


class FingerprintContext:
    """What MLflow expects of a `RunContextProvider`."""

    def in_context(self) -> bool:
        return os.environ.get(VARIABLE, "").strip().lower() not in _OFF

    def tags(self) -> dict[str, str]:
        """The tags; those of this process' first run, whose code it has loaded by then."""
        try:
            return dict(_fingerprint())
        except Exception:  # noqa: BLE001 - nobody's training may fail because of us
            return {}


@functools.cache
def _fingerprint() -> dict[str, str]:
    place = _place()
    top = next((p for p in (place, *place.parents) if (p / ".git").exists()), None)
    told = {
        Tag.PYTHON: f"{sys.implementation.name} {platform.python_version()}",
        Tag.LOCKFILE: _lockfile(place, top or place),
        Tag.VISIBLE_DEVICES: _visible_devices(),
        Tag.SEED: _seed(),
        **(_code(top) if top is not None else {}),
    }
    return {name: value for name, value in told.items() if value}


def _place() -> Path:
    """The folder of the script that runs, as MLflow looks for its commit; else this one."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(script).resolve().parent if script else Path.cwd()


def _lockfile(place: Path, top: Path) -> str:
    """The nearest lockfile, by its path from the top of the repository, and its SHA-256."""
    for folder in (place, *place.parents):
        for name in _LOCKFILES:
            path = folder / name
            if path.is_file() and path.stat().st_size <= _LIMIT:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                return f"{path.relative_to(top).as_posix()} sha256:{digest}"
        if folder == top:
            break
    return ""


def _visible_devices() -> str:
    """The numbers of the NVIDIA cards that CUDA shows to this process; `none`.

    Read off the driver's device files: asking the driver, or PyTorch, takes seconds.
    """
    present = sorted(
        int(path.name.removeprefix("nvidia"))
        for path in Path("/dev").glob("nvidia[0-9]*")
        if path.name.removeprefix("nvidia").isdecimal()
    )
    cards = ",".join(map(str, range(len(present))))
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", cards) if cards else ""
    return shown or "none"


def _seed() -> str:
    """The seed that repro-tui's recorder has given to this process; empty: it is not here."""
    if "repro_tui_recorder.session" not in sys.modules:
        return ""
    seeded = os.environ.get("REPRO_TUI_DETERMINISM") != "off"
    return (os.environ.get("REPRO_TUI_SEED") if seeded else "") or "none"


def _code(top: Path) -> dict[str, str]:
    """The commit, and whether there are uncommitted changes; what Git tells in time."""
    deadline = time.monotonic() + _PATIENCE
    commit = _git(top, deadline, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    told = {Tag.COMMIT: (commit or b"").decode("ascii", "replace").strip()}
    filters = _git(top, deadline, *FILTER_NAMES) or b""
    changes = _git(
        top,
        deadline,
        *("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty"),
        **unfiltered(filters),
    )
    if changes is not None:
        told[Tag.DIRTY] = "true" if any(_paths(changes)) else "false"
    return told


def _paths(status: bytes) -> Iterator[str]:
    """What is changed of the sources, from `git status --porcelain -z`."""
    for line in status.split(b"\0")[:-1]:
        path = os.fsdecode(line[3:])
        if not line.startswith(b"??") or is_source(path):
            yield path


def _git(top: Path, deadline: float, *arguments: str, **variables: str) -> bytes | None:
    """What Git prints; None: it fails, or takes too long."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=top,
            env={**safe_environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.01, deadline - time.monotonic()),
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
