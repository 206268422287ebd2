"""Jobs as everybody but their launcher sees them: started, watched, cancelled, recovered.

A job outlives the program that submitted it. Its launcher is a process of its own; what
is known of it stands in the job's folder. Nothing here loads MLflow.
"""

import codecs
import contextlib
import fcntl
import functools
import math
import os
import secrets
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from repro_tui.errors import ReproError
from repro_tui.rerun import checkout, jobfolder, processes, slurm, spawn
from repro_tui.rerun.jobfolder import Launcher
from repro_tui.rerun.model import Backend, Job, JobState, Plan
from repro_tui.settings import Settings

_LAUNCH_TIME = 60_000
"""Milliseconds after which a job without any launcher has been abandoned at birth."""
_RECOVERIES = 3
"""How often clearing up is tried before the job is taken to be lost."""
_PAUSE = 60
"""Seconds between two tries to end the runs of a job that has ended itself: its store
could not be reached."""
_POLL = 0.1
"""Seconds between the first two looks at a job that somebody waits for …"""
_LONGEST_POLL = 0.5
"""… and between two looks once nothing has happened for long."""
_SLURM_PAUSE = 3.0
"""Seconds for which what Slurm told of a job is believed."""


def submit(plan: Plan, settings: Settings) -> Job:
    """Start carrying out a plan, in a process that outlives this one."""
    now = time.time()
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    folder = settings.jobs / f"{stamp}-{secrets.token_hex(3)}"
    try:
        job = jobfolder.create(folder, plan, round(now * 1000))
        if plan.backend == Backend.SLURM:
            spawn.on_slurm(job, settings)
        else:
            spawn.here(job, settings=settings)
    except OSError as error:
        raise ReproError(
            f"The job cannot be started: {error}.", f"Check that {settings.jobs} can be written."
        ) from error
    return jobfolder.read(folder)


def load(folder: Path) -> Job:
    """The job as it stands now.

    Where its launcher has died without a word, one that clears up is started: it ends
    the job's processes and runs, and the job becomes LOST. Raises ReproError where the
    folder is damaged.
    """
    job = jobfolder.read(folder)
    return _recover(folder) if _abandoned(job) or _left_running(job) else job


def jobs(settings: Settings) -> tuple[Job, ...]:
    """All jobs, newest first. Damaged folders are left out: nothing is known of them."""
    found = []
    for folder in folders(settings):
        with contextlib.suppress(ReproError):
            found.append(load(folder))
    return tuple(sorted(found, key=order, reverse=True))


def folders(settings: Settings) -> Iterator[Path]:
    """The folders of all jobs, in any order."""
    if settings.jobs.is_dir():
        for folder in settings.jobs.iterdir():
            if folder.is_dir() and not folder.name.startswith("."):
                yield folder


def order(job: Job) -> tuple[int, str]:
    """By this, jobs stand in the order in which they were submitted."""
    return job.created, job.job_id


def on_device(device: str, settings: Settings) -> list[Job]:
    """The jobs that a device of this machine holds now. Those that wait for it are none."""
    return [
        job
        for job in jobs(settings)
        if job.plan.device == device
        and job.plan.backend == Backend.LOCAL
        and not job.state.ended
        and job.state is not JobState.QUEUED
    ]


def find(name: str, settings: Settings) -> Job:
    """The job that has this id, alone has this part in its id, or is the `latest`.

    Raises ReproError where there is none, or several.
    """
    known = jobs(settings)
    found = known[:1] if name == "latest" else [job for job in known if name in job.job_id]
    if len(found) > 1:
        found = [job for job in found if job.job_id == name] or found
    if len(found) != 1:
        what = f"{len(found)} jobs have ids with" if found else "No job has an id with"
        raise ReproError(f"{what} {name!r} in it.", "List them: repro-tui jobs.")
    return found[0]


def cancel(job: Job) -> None:
    """Ask the job's launcher to end everything. Returns at once; see `wait`."""
    if load(job.folder).state.ended:
        return
    # First in writing: a launcher that is not yet there, or not yet ready to be told,
    # will look for it, and so will the one that clears up after it.
    jobfolder.cancelled(job.folder).touch()
    launcher = jobfolder.read_launcher(job.folder)
    if job.slurm_id is not None:
        slurm.cancel(job.slurm_id)
    elif launcher is not None and processes.alive(launcher):
        with contextlib.suppress(ProcessLookupError):
            os.kill(launcher.pid, signal.SIGTERM)


def read_log(job: Job, offset: int = 0, limit: int = 1 << 16) -> tuple[str, int]:
    """At most `limit` bytes of the log from the byte `offset`, and the offset of the rest.

    A character that is only half written is left for the next time.
    """
    try:
        with job.log.open("rb") as file:
            file.seek(offset)
            content = file.read(limit)
    except FileNotFoundError:
        return "", offset
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(content)
    pending, _ = decoder.getstate()
    if job.state.ended and pending and len(content) < limit:
        return text + decoder.decode(b"", final=True), offset + len(content)
    return text, offset + len(content) - len(pending)


def log(job: Job) -> Iterator[str]:
    """The log as it stands, piece by piece."""
    text, offset = read_log(job)
    while text:
        yield text
        text, offset = read_log(job, offset)


def follow(job: Job) -> Iterator[str]:
    """The log as it grows, piece by piece, until the job has ended."""
    offset, pauses = 0, _pauses()
    while True:
        job = load(job.folder)
        text, offset = read_log(job, offset)
        if text:
            yield text
            pauses = _pauses()
        elif job.state.ended:
            return
        else:
            time.sleep(next(pauses))


def wait(job: Job, timeout: float | None = None) -> Job:
    """The job once it has ended, or as it stands after `timeout` seconds."""
    deadline = math.inf if timeout is None else time.monotonic() + timeout
    for pause in _pauses():
        job = load(job.folder)
        left = deadline - time.monotonic()
        if job.state.ended or left <= 0:
            break
        time.sleep(min(pause, left))
    return job


def remove(job: Job) -> None:
    """Remove what is kept of a job that has ended: its log and its record of what it did.

    Its run stays, and so does whatever the run uploaded. Raises ReproError for a job that
    is under way or that has yet to end a run in the store, and where files withstand.
    """
    job = load(job.folder)
    if not job.state.ended:
        raise ReproError(f"The job {job.job_id} is {job.state}.", "Cancel it first.")
    if jobfolder.unended(job.folder).exists():
        raise ReproError(
            f"The job {job.job_id} has yet to end its run in the store.",
            "Try again once the store can be reached.",
        )
    # Gone at once for everybody who lists jobs, however long the files take.
    hidden = job.folder.with_name(f".{job.folder.name}")
    job.folder.rename(hidden)
    checkout.remove(hidden)
    if hidden.exists():
        raise ReproError(f"Not all of the job {job.job_id} could be removed.", f"Remove {hidden}.")


def _pauses() -> Iterator[float]:
    """Seconds to wait from one look to the next: ever longer while nothing happens."""
    pause = _POLL
    while True:
        yield pause
        pause = min(pause * 1.25, _LONGEST_POLL)


def _launcher(job: Job) -> Launcher | None:
    if job.launcher_pid is None or job.launcher_start is None:
        return None
    return Launcher(job.launcher_pid, job.launcher_start, job.launcher_boot)


def _abandoned(job: Job) -> bool:
    """Whether the job goes on without anybody who would end it."""
    if job.state.ended:
        return False
    launcher = _launcher(job)
    if launcher is not None and processes.alive(launcher):
        return False
    if job.slurm_id is not None:
        moment = int(time.monotonic() / _SLURM_PAUSE)
        return _slurm_standing(job.slurm_id, moment) is slurm.Standing.GONE
    if launcher is None or job.plan.backend == Backend.SLURM:
        return time.time() * 1000 - job.created > _LAUNCH_TIME
    return True


@functools.lru_cache(maxsize=256)
def _slurm_standing(slurm_id: str, _moment: int) -> slurm.Standing:
    """Asked once a moment for each job: the controller serves a whole cluster."""
    return slurm.standing(slurm_id)


def _left_running(job: Job) -> bool:
    """Whether the job has ended, its runs have not, and it is time to try once more."""
    if not job.state.ended or not jobfolder.unended(job.folder).exists():
        return False
    launcher, lock = _launcher(job), _lock(job.folder)
    tried = lock.stat().st_mtime if lock.exists() and lock.stat().st_size else 0
    return (launcher is None or not processes.alive(launcher)) and time.time() - tried > _PAUSE


def _lock(folder: Path) -> Path:
    return folder / "lock"


def _recover(folder: Path) -> Job:
    # The lock keeps other programs from replacing the same dead launcher; each try
    # leaves a byte in it.
    with _lock(folder).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        job = jobfolder.read(folder)
        abandoned = _abandoned(job)
        if abandoned or _left_running(job):
            if not abandoned or lock.tell() < _RECOVERIES:
                lock.write(".")
                spawn.here(job, "--end")
            else:
                message = "Its launcher died, and what it left could not be cleared up."
                now = round(time.time() * 1000)
                jobfolder.write_state(replace(job, state=JobState.LOST, ended=now, message=message))
    return jobfolder.read(folder)
