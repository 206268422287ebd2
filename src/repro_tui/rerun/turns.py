"""The queue of a device: each job waits its turn in its own launcher. Nobody is in charge.

It is a job's turn when its device holds fewer jobs than it may, those counted that were
submitted earlier and still wait. How the others stand is read off their folders: a job
whose launcher died gives its device on once it has been cleared up after.
"""

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator

from repro_tui.errors import ReproError
from repro_tui.rerun import jobfolder, jobs
from repro_tui.rerun.model import Backend, Job, JobState
from repro_tui.settings import Settings

_POLL = 0.5
"""Seconds between two looks of the job that is next; those behind it look more seldom."""
_LONGEST = 5.0


def await_turn(job: Job, settings: Settings, take: Callable[[], None]) -> None:
    """Block until it is the job's turn, then call `take`, which must end its queueing."""
    ended: set[str] = set()
    while True:
        # Between the look and the taking nobody else may take the place.
        with (settings.jobs / ".turns").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            others = list(_unended(settings, ended))
            behind = sum(_comes_first(other, job) for other in others) - settings.jobs_per_device
            if behind < 0:
                take()
                return
        time.sleep(min(_POLL * (behind + 1), _LONGEST))


def _comes_first(other: Job, job: Job) -> bool:
    if other.job_id == job.job_id or other.plan.device != job.plan.device:
        return False
    return other.state is not JobState.QUEUED or jobs.order(other) < jobs.order(job)


def _unended(settings: Settings, ended: set[str]) -> Iterator[Job]:
    """The jobs of this machine that have not ended. All others are added to `ended`, and not
    read again: how one stands in Slurm would have to be asked for."""
    for folder in jobs.folders(settings):
        if folder.name not in ended:
            with contextlib.suppress(ReproError):
                here = jobfolder.read(folder).plan.backend == Backend.LOCAL
                job = jobs.load(folder) if here else None
                if job is None or job.state.ended:
                    ended.add(folder.name)
                else:
                    yield job
