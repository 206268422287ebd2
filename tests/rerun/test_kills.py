"""Kill -9 at every stage of a job: of the command, of the launcher, of the program.

Each stage is held or waited for, none is guessed at by time. Afterwards, as a program that
is started next finds it: the job has ended and says why, no run is RUNNING, no process and
no checkout is left, and the person's repository is what it was, byte for byte.
"""

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, footprint, git, write
from tests.rerun.conftest import Store
from tests.rerun.waiting import until

from repro_tui import settings as configuration
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import jobfolder, jobs, processes, project
from repro_tui.rerun.model import Job, JobState, Plan
from repro_tui.rerun.plan import first
from repro_tui.settings import Settings

pytestmark = pytest.mark.e2e

MLPROJECT = """
entry_points:
  main:
    parameters: {signs: string}
    command: exec bash train.sh {signs}
"""

# It tells how far it has come by files, goes on when it is told to by one, and where
# there is a file `stubborn` it does not end when it is asked to.
TRAIN = """
trap 'touch "$1/asked"; [ -e "$1/stubborn" ] || exit 143' TERM
touch "$1/started"
while [ ! -e "$1/go" ]; do sleep 0.05; done
"""

# Git, held at the one command that makes the checkout's files.
HELD_GIT = """#!/bin/bash
if [ "$1" = checkout ]; then
    touch "{signs}/checkout"
    while [ ! -e "{signs}/go" ]; do sleep 0.05; done
fi
exec {git} "$@"
"""

# A program that submits a job and watches it.
PROGRAM = """
import pickle, sys
from repro_tui import settings
from repro_tui.rerun import jobs
with open(sys.argv[1], "rb") as file:
    job = jobs.submit(pickle.load(file), settings.load())
print(job.job_id, flush=True)
jobs.wait(job)
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's repository, with uncommitted work in it."""
    folder = tmp_path_factory.mktemp("person") / "repository"
    commit(folder, {"MLproject": MLPROJECT, "train.sh": TRAIN})
    write(folder, {"train.sh": "exit 1\n", "new.txt": "x"})
    git(folder, "add", "new.txt")
    return folder


@dataclass
class Stage:
    """Where one job is played: its plan, the signs it gives and takes, its processes."""

    plan: Plan
    signs: Path
    settings: Settings
    store: Store
    job: Job | None = None
    program: "subprocess.Popen[str] | None" = None

    def submit(self, *, by_a_program: bool) -> None:
        if not by_a_program:
            self.job = jobs.submit(self.plan, self.settings)
            return
        path = self.signs / "plan"
        path.write_bytes(pickle.dumps(self.plan))
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert self.program.stdout is not None
        job_id = self.program.stdout.readline().strip()
        self.job = jobfolder.read(self.settings.jobs / job_id)

    def told(self) -> Job:
        """How the job stands by its folder alone: reading it this way recovers nothing."""
        assert self.job is not None
        return jobfolder.read(self.job.folder)

    def sign(self, name: str) -> bool:
        return (self.signs / name).exists()

    def give(self, name: str) -> None:
        (self.signs / name).touch()


@pytest.fixture
def stage(store: Store, repository: Path, tmp_path: Path) -> Iterator[Stage]:
    settings = configuration.load()
    plan = first(
        project.parse(MLPROJECT),
        "main",
        {"signs": str(tmp_path)},
        repository=str(repository),
        commit=git(repository, "rev-parse", "HEAD"),
        tracking_uri=store.uri,
        experiment_id=store.experiment_id,
        run_name="killed",
        interpreter=sys.executable,
        seed=5,
    )
    stage = Stage(replace(plan, reexecutes=store.add({})), tmp_path, settings, store)
    yield stage
    if stage.program is not None:
        stage.program.kill()
        stage.program.communicate()
    if stage.job is not None:
        processes.end_job(stage.job.job_id)


# --- The stages --------------------------------------------------------------------


def _queued(stage: Stage) -> Callable[[], bool]:
    # Another job has the device: that of a launcher that this test is itself.
    other = jobfolder.create(stage.settings.jobs / "0", stage.plan, 1)
    jobfolder.write_state(replace(other, state=JobState.RUNNING))
    jobfolder.write_launcher(other.folder, processes.this_process())
    return lambda: (
        stage.told().launcher_pid is not None and (stage.settings.jobs / ".turns").exists()
    )


def _checkout(stage: Stage) -> Callable[[], bool]:
    scripts = stage.signs / "bin"
    scripts.mkdir()
    held = scripts / "git"
    held.write_text(HELD_GIT.format(signs=stage.signs, git=shutil.which("git")))
    held.chmod(0o755)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    return lambda: stage.sign("checkout")


def _before_the_run(stage: Stage) -> Callable[[], bool]:
    # MLflow is being loaded, for seconds.
    def loading() -> bool:
        job = stage.told()
        place = stage.settings.cache / "checkouts" / job.job_id / "train.sh"
        return place.exists() and job.run_id is None

    return loading


def _run_made(stage: Stage) -> Callable[[], bool]:
    return lambda: stage.told().run_id is not None


def _started(stage: Stage) -> Callable[[], bool]:
    return lambda: stage.sign("started")


def _training(stage: Stage) -> Callable[[], bool]:
    return lambda: stage.sign("started") and stage.told().state is JobState.RUNNING


def _uploading(stage: Stage) -> Callable[[], bool]:
    stage.give("go")
    return lambda: (stage.told().folder / "record" / "record.json").exists()


def _comparing(stage: Stage) -> Callable[[], bool]:
    stage.give("go")
    return lambda: stage.told().state is JobState.COMPARING


def _ended(stage: Stage) -> Callable[[], bool]:
    stage.give("go")
    return lambda: stage.told().state.ended


def _cancelling(stage: Stage) -> Callable[[], bool]:
    stage.give("stubborn")
    begun = False

    def asked() -> bool:
        nonlocal begun
        if not begun and _training(stage)():
            begun = True
            jobs.cancel(stage.told())
        return stage.sign("asked")

    return asked


# --- The victims -------------------------------------------------------------------


def _launcher(stage: Stage) -> list[psutil.Process]:
    pid = stage.told().launcher_pid
    return [psutil.Process(pid)] if pid is not None and psutil.pid_exists(pid) else []


def _command(stage: Stage) -> list[psutil.Process]:
    """The training process: it has replaced the shell that it was started by."""
    return [process for process in processes.of_job(stage.told().job_id) if _trains(process)]


def _trains(process: psutil.Process) -> bool:
    try:
        return "train.sh" in process.cmdline()
    except psutil.NoSuchProcess:
        # A part of the shell's pipeline that has just ended.
        return False


def _program(stage: Stage) -> list[psutil.Process]:
    assert stage.program is not None
    return [psutil.Process(stage.program.pid)]


def _all(stage: Stage) -> list[psutil.Process]:
    return [*_program(stage), *_launcher(stage), *_command(stage)]


LOST, FAILED, FINISHED, CANCELLED = (
    JobState.LOST,
    JobState.FAILED,
    JobState.FINISHED,
    JobState.CANCELLED,
)


@pytest.mark.parametrize(
    ("reached", "victims", "becomes"),
    [
        (_queued, _launcher, {LOST}),
        (_queued, _program, {FINISHED}),
        (_checkout, _launcher, {LOST}),
        (_before_the_run, _launcher, {LOST}),
        (_run_made, _launcher, {LOST}),
        (_started, _command, {FAILED}),
        (_training, _program, {FINISHED}),
        (_training, _all, {LOST}),
        # The launcher may have come further before the signal reached it.
        (_uploading, _launcher, {LOST, FINISHED}),
        (_comparing, _launcher, {LOST, FINISHED}),
        (_ended, _launcher, {FINISHED}),
        (_cancelling, _launcher, {CANCELLED}),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_nothing_is_left_whoever_is_killed_whenever(
    stage: Stage,
    repository: Path,
    reached: Callable[[Stage], Callable[[], bool]],
    victims: Callable[[Stage], list[psutil.Process]],
    becomes: set[JobState],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    before = footprint(repository)
    condition = reached(stage)
    stage.submit(by_a_program=victims in (_program, _all))
    # A stage can be short.
    until(condition, pause=0.005)
    killed = victims(stage)
    for process in killed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    # Whoever goes on without the one that was killed may go on now.
    stage.give("go")
    shutil.rmtree(stage.settings.jobs / "0", ignore_errors=True)
    for process in killed:
        until(lambda process=process: not _lives(process))  # type: ignore[misc]
    _found_in_order(stage, becomes)
    assert footprint(repository) == before


def test_a_job_ends_with_its_program_where_that_was_chosen(
    stage: Stage, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[jobs]\nend_with_program = true\n")
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(own))
    before = footprint(repository)
    stage.submit(by_a_program=True)
    until(lambda: stage.sign("started"))
    (victim,) = _program(stage)
    victim.kill()
    _found_in_order(stage, {JobState.CANCELLED})
    assert stage.sign("asked")
    assert footprint(repository) == before


def test_a_job_that_would_end_with_its_program_ends_before_it(stage: Stage) -> None:
    tied = replace(stage.settings, jobs_end_with_program=True)
    stage.job = jobs.submit(stage.plan, tied)
    stage.give("go")
    _found_in_order(stage, {FINISHED})
    assert "Fatal" not in stage.job.log.read_text()


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _found_in_order(stage: Stage, becomes: set[JobState]) -> None:
    """What a program that is started now finds, and leaves."""
    assert stage.job is not None
    job_id = stage.job.job_id

    def ended() -> bool:
        (listed,) = [job for job in jobs.jobs(stage.settings) if job.job_id == job_id]
        return listed.state.ended

    until(ended)
    job = stage.told()
    log = job.log.read_text()
    assert job.state in becomes, log
    assert job.ended is not None
    assert job.message or job.state is FINISHED
    until(lambda: not list(processes.of_job(job_id)))
    found = stage.store.client.search_runs(
        [stage.store.experiment_id], f"tags.`{Tag.JOB}` = '{job_id}'"
    )
    assert [run.info.run_id for run in found] == [job.run_id] * (job.run_id is not None), log
    ends = {FINISHED: {"FINISHED"}, FAILED: {"FAILED"}}.get(job.state, {"KILLED", "FINISHED"})
    assert {run.info.status for run in found} <= ends, log
    assert not jobfolder.unended(job.folder).exists()
    checkouts = stage.settings.cache / "checkouts"
    assert not checkouts.exists() or not list(checkouts.iterdir())


def _left_running(stage: Stage, state: JobState) -> None:
    """A job in `state` whose launcher is gone, and whose run the store shows as running."""
    job = jobfolder.create(stage.settings.jobs / "left", stage.plan, 1)
    tags = {Tag.JOB: job.job_id}
    run_id = stage.store.client.create_run(stage.store.experiment_id, tags=tags).info.run_id
    ended = 2 if state.ended else None
    message = "The store could not be reached." if state.ended else ""
    stage.job = replace(job, state=state, run_id=run_id, ended=ended, message=message)
    jobfolder.write_state(stage.job)
    jobfolder.unended(job.folder).touch()
    # After a reboot the launcher's pid is somebody else's: here, this very test's.
    jobfolder.write_launcher(job.folder, replace(processes.this_process(), boot="another"))


def test_what_ran_when_the_machine_went_down_is_ended_at_the_next_start(stage: Stage) -> None:
    _left_running(stage, JobState.RUNNING)
    _found_in_order(stage, {LOST})
    assert stage.told().run_id is not None


def test_a_run_whose_store_was_away_is_ended_later(stage: Stage) -> None:
    _left_running(stage, FAILED)
    jobs.jobs(stage.settings)
    until(lambda: stage.told().message.endswith("It was ended later."))
    job = stage.told()
    assert (job.state, job.ended) == (FAILED, 2)
    assert stage.store.reader.run(job.run_id or "").status == "FAILED"
    assert not jobfolder.unended(job.folder).exists()
