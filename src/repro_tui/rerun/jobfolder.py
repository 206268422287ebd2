"""The folder of a job: what is in it, how it is read and written.

    plan.json       the plan, written once
    state.json      how far the job is; written by its launcher alone, always replaced whole
    launcher.json   the process that carries the job out: pid and start time
    checkout.json   the files of the checkout before the command ran
    written/        the files that the command wrote there or changed
    slurm.json      Slurm's id of that process, where it runs on a node of a cluster
    log.txt         what the launcher and the training process print
    overlay/        the environment of the training process, see overlay.py
    processes/      what the recorder in each process told
    record/         what becomes the run's artifact folder `repro-tui`
    lock            held while a dead launcher is replaced; one byte for each time
    cancelled       is there when somebody asked the job to end
    unended         is there while the store may show a run of the job as running

Whoever reads gets a whole file, or a ReproError: files can be damaged by hand or by a
full disk.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from repro_tui.errors import ReproError
from repro_tui.rerun.model import Job, JobState, Plan

PLAN_SCHEMA = "repro-tui.plan/1"
STATE_SCHEMA = "repro-tui.job/1"
SIZE_LIMIT = 64 << 20
"""Bytes of one file that are read: a plan holds a patch, which may be long."""

_T = TypeVar("_T")


class _State(Struct, frozen=True):
    """What state.json holds: the part of a job that changes."""

    state: JobState
    created: int
    started: int | None
    ended: int | None
    run_id: str | None
    message: str
    verdict: str


class Launcher(Struct, frozen=True):
    """The process that carries a job out. Start time and boot name it for good."""

    pid: int
    start: float
    """Seconds since the machine was started: the clock may be set while a job runs."""
    boot: str = ""
    """What Linux calls the time since then, `/proc/sys/kernel/random/boot_id`; empty elsewhere."""


def create(folder: Path, plan: Plan, created: int) -> Job:
    """Make the folder of a new job, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}")
    draft.mkdir(mode=0o700)
    job = Job(folder.name, folder, plan, JobState.QUEUED, created)
    _write(draft / "plan.json", {"schema": PLAN_SCHEMA, **msgspec.to_builtins(plan)})
    _write(draft / "state.json", _state(job))
    draft.rename(folder)
    return job


def read(folder: Path) -> Job:
    """The job as its folder tells it. Raises ReproError where the folder is damaged."""
    launcher = read_launcher(folder)
    return Job(
        job_id=folder.name,
        folder=folder,
        plan=_read_as(Plan, folder / "plan.json", PLAN_SCHEMA),
        **structs.asdict(_read_as(_State, folder / "state.json", STATE_SCHEMA)),
        launcher_pid=launcher.pid if launcher else None,
        launcher_start=launcher.start if launcher else None,
        launcher_boot=launcher.boot if launcher else "",
        slurm_id=_read_slurm_id(folder),
    )


def write_state(job: Job) -> None:
    """Replace the job's state file."""
    _write(job.folder / "state.json", _state(job))


def read_launcher(folder: Path) -> Launcher | None:
    """The process that carries the job out; None: none was noted yet."""
    path = folder / "launcher.json"
    if not path.exists():
        return None
    return _read_as(Launcher, path, STATE_SCHEMA)


def write_launcher(folder: Path, launcher: Launcher) -> None:
    _write(folder / "launcher.json", {"schema": STATE_SCHEMA, **structs.asdict(launcher)})


def cancelled(folder: Path) -> Path:
    """The file that is there when somebody asked the job to end."""
    return folder / "cancelled"


def unended(folder: Path) -> Path:
    """The file that is there while the store may show a run of the job as running."""
    return folder / "unended"


def write_slurm_id(folder: Path, slurm_id: str) -> None:
    _write(folder / "slurm.json", {"schema": STATE_SCHEMA, "slurm_id": slurm_id})


def _read_slurm_id(folder: Path) -> str | None:
    path = folder / "slurm.json"
    return str(_read(path, STATE_SCHEMA).get("slurm_id")) if path.exists() else None


def _state(job: Job) -> dict[str, Any]:
    return {"schema": STATE_SCHEMA} | {
        name: getattr(job, name) for name in _State.__struct_fields__
    }


def _write(path: Path, document: Mapping[str, Any]) -> None:
    # Two writers at once (a program and the launcher it started) must not share a draft.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path, schema: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
        document = json.loads(content) if len(content) <= SIZE_LIMIT else None
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path.parent, f"{path.name} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise _damaged(path.parent, f"{path.name} does not follow {schema}")
    return document


def _read_as(kind: type[_T], path: Path, schema: str) -> _T:
    """A noun from a file, every field of which is checked against its type."""
    try:
        return msgspec.convert(_read(path, schema), kind)
    except msgspec.ValidationError as error:
        raise _damaged(path.parent, f"{path.name} cannot be understood: {error}") from error


def _damaged(folder: Path, reason: str) -> ReproError:
    return ReproError(f"The job {folder.name} is damaged: {reason}.", f"Remove {folder}.")
