"""The processes of a job: found again whoever started them, and ended with their children."""

import contextlib
import functools
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from repro_tui.rerun.jobfolder import Launcher

JOB_VARIABLE = "REPRO_TUI_JOB"
"""Holds the job's id in every process of a job: children of children inherit it, also
when their parents have died or they have left the session."""

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

_START_TOLERANCE = 5.0
"""Seconds by which a start time may move: the clock may be set between two readings of it."""


def this_process() -> Launcher:
    """How the current process is noted."""
    return _noted(psutil.Process())


def note(pid: int) -> Launcher | None:
    """How the process of that id is noted; None: it has ended already."""
    try:
        return _noted(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return None


def alive(launcher: Launcher) -> bool:
    """Whether that very process still runs, not another one with its pid."""
    try:
        process = psutil.Process(launcher.pid)
        found = _noted(process)
        same = found.boot == launcher.boot and abs(found.start - launcher.start) < _START_TOLERANCE
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _noted(process: psutil.Process) -> Launcher:
    # psutil adds the time of boot, which moves with the clock; both are taken from one clock.
    return Launcher(process.pid, process.create_time() - psutil.boot_time(), _boot())


@functools.cache
def _boot() -> str:
    """Names the time since the machine was started; empty: the system has no name for it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def end_job(job_id: str) -> None:
    """End every process of the job but the current one: asked first, then killed.

    Looks again until none is left: what is asked to end may start others.
    """
    while processes := list(of_job(job_id)):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, left = psutil.wait_procs(processes, timeout=GRACE)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=GRACE)


def of_job(job_id: str) -> Iterator[psutil.Process]:
    """The processes of the job, except the current one.

    Those that carry its id, and, where the current process belongs to the job itself,
    its descendants that carry none: somebody emptied their environment.
    """
    here = psutil.Process()
    own = os.environ.get(JOB_VARIABLE) == job_id
    descendants = {child.pid for child in here.children(recursive=True)} if own else set()
    for process in psutil.process_iter():
        # Another person's process cannot be read, and is none of ours.
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            if process.pid == here.pid or process.status() == psutil.STATUS_ZOMBIE:
                continue
            unnamed = job_id if process.pid in descendants else ""
            if process.environ().get(JOB_VARIABLE, unnamed) == job_id:
                yield process
