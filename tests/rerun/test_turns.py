"""The queue of a device. Launchers are threads here: each waits its turn as a process would."""

import threading
import time

import pytest
from msgspec.structs import replace
from tests.rerun.test_jobs import made
from tests.rerun.test_plan import planned

from repro_tui import settings as configuration
from repro_tui.rerun import jobfolder, jobs, turns
from repro_tui.rerun.jobfolder import Launcher
from repro_tui.rerun.model import Job, JobState
from repro_tui.settings import Settings

NOW = round(time.time() * 1000) + 24 * 60 * 60 * 1000
"""Tomorrow: a job that no launcher has taken is given up some minutes after its submission,
and other tests may take these minutes before one of these begins."""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(turns, "_POLL", 0.01)
    return replace(configuration.load(), jobs_per_device=1)


def queued(settings: Settings, name: str, place: int, device: str = "cpu") -> Job:
    return made(settings, name, NOW + place, replace(planned(), device=device))


def note(job: Job, state: JobState) -> None:
    jobfolder.write_state(replace(job, state=state))


class Waiter:
    """Somebody who waits for a job's turn."""

    def __init__(self, job: Job, settings: Settings) -> None:
        self.job = job
        self.went = threading.Event()
        self.thread = threading.Thread(target=self._wait, args=[settings], daemon=True)
        self.thread.start()

    def _wait(self, settings: Settings) -> None:
        turns.await_turn(self.job, settings, lambda: note(self.job, JobState.PREPARING))
        self.went.set()

    def goes(self) -> bool:
        return self.went.wait(30)

    def waits(self) -> bool:
        """Whether it still waits after it has looked a few times."""
        return not self.went.wait(0.1)


def test_who_is_alone_goes_at_once(settings: Settings) -> None:
    assert Waiter(queued(settings, "a", 1), settings).goes()


@pytest.mark.parametrize("state", [JobState.PREPARING, JobState.RUNNING, JobState.COMPARING])
def test_a_second_waits_until_the_first_has_ended(settings: Settings, state: JobState) -> None:
    # In whatever order they were submitted: who is under way is not sent back.
    first, second = queued(settings, "a", 2), queued(settings, "b", 1)
    note(first, state)
    waiter = Waiter(second, settings)
    assert waiter.waits()
    assert jobs.load(second.folder).state is JobState.QUEUED
    note(first, JobState.FAILED)
    assert waiter.goes()
    assert jobs.load(second.folder).state is JobState.PREPARING


def test_they_go_in_the_order_of_submission(settings: Settings) -> None:
    in_order = [queued(settings, name, place) for place, name in enumerate("cab")]
    waiters = [Waiter(job, settings) for job in reversed(in_order)]
    for waiter in reversed(waiters):
        assert waiter.goes()
        assert not [other for other in waiters if other.job.created > waiter.job.created
                    and not other.waits()]  # fmt: skip
        note(waiter.job, JobState.FINISHED)


def test_who_is_cancelled_holds_nobody_up(settings: Settings) -> None:
    first, second = queued(settings, "a", 1), queued(settings, "b", 2)
    waiter = Waiter(second, settings)
    assert waiter.waits()
    note(first, JobState.CANCELLED)
    assert waiter.goes()


def test_whose_launcher_died_holds_nobody_up(settings: Settings) -> None:
    first, second = queued(settings, "a", 1), queued(settings, "b", 2)
    jobfolder.write_launcher(first.folder, Launcher(2**22 + 1, 1.0))
    # Clearing up has been tried often enough.
    (first.folder / "lock").write_text("...")
    assert Waiter(second, settings).goes()
    assert jobs.load(first.folder).state is JobState.LOST


def test_each_device_has_a_queue_of_its_own(settings: Settings) -> None:
    note(queued(settings, "a", 1), JobState.RUNNING)
    assert Waiter(queued(settings, "b", 2, "cuda:0"), settings).goes()
    assert Waiter(queued(settings, "c", 3, "cuda:1"), settings).goes()


def test_a_damaged_job_holds_nobody_up(settings: Settings) -> None:
    (queued(settings, "a", 1).folder / "plan.json").write_text("{")
    assert Waiter(queued(settings, "b", 2), settings).goes()


@pytest.mark.parametrize("limit", [1, 3])
def test_never_more_at_once_than_the_limit(settings: Settings, limit: int) -> None:
    settings = replace(settings, jobs_per_device=limit)
    under_way, most, lock = [0], [0], threading.Lock()

    def carry_out(job: Job) -> None:
        turns.await_turn(job, settings, lambda: note(job, JobState.PREPARING))
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.01)
        with lock:
            under_way[0] -= 1
        note(job, JobState.FINISHED)

    threads = [
        threading.Thread(target=carry_out, args=[queued(settings, f"job {n}", n % 4)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {job.state for job in jobs.jobs(settings)} == {JobState.FINISHED}
    assert 1 <= most[0] <= limit
