"""Jobs as their watchers see them. What a launcher does is tested in test_launch.py.

The launchers here are harmless processes that a test starts itself: `sleep`, noted as
the job's launcher.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.rerun.test_plan import planned

from repro_tui import settings as configuration
from repro_tui.errors import ReproError
from repro_tui.rerun import jobfolder, jobs, processes
from repro_tui.rerun.jobfolder import Launcher
from repro_tui.rerun.model import Job, JobState, Plan
from repro_tui.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return configuration.load()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def made(settings: Settings, name: str = "1", created: int = 1, plan: Plan | None = None) -> Job:
    return jobfolder.create(settings.jobs / name, plan or planned(), created)


def noted(process: subprocess.Popen[bytes]) -> Launcher:
    launcher = processes.note(process.pid)
    assert launcher is not None
    return launcher


# --- The folder --------------------------------------------------------------------


def test_a_job_comes_back_as_it_was_written(settings: Settings) -> None:
    plan = replace(planned(), patch="--- a\n", seed=None, parameters={"a": "\ud800 'x'\n\x1b"})
    job = made(settings, plan=plan)
    assert jobfolder.read(job.folder) == job
    ended = replace(
        job, state=JobState.FINISHED, started=2, ended=3, run_id="ab", message="m", verdict="v"
    )
    jobfolder.write_state(ended)
    jobfolder.write_launcher(job.folder, Launcher(1, 2.5))
    assert jobfolder.read(job.folder) == replace(ended, launcher_pid=1, launcher_start=2.5)


def test_folders_are_closed_to_other_users(settings: Settings) -> None:
    assert made(settings).folder.stat().st_mode & 0o077 == 0


BROKEN = [
    "",
    "{",
    "[]",
    "null",
    '"text"',
    "[" * 100_000,
    '{"schema": "repro-tui.job/2"}',
    '{"schema": "repro-tui.job/1"}',
    '{"schema": "repro-tui.job/1", "state": "odd", "created": 1}',
    '{"schema": "repro-tui.job/1", "state": "running", "created": "1"}',
    '{"schema": "repro-tui.job/1", "state": "running", "created": true}',
    '{"schema": "repro-tui.job/1", "state": "running", "created": 1, "message": []}',
    '{"schema": "repro-tui.job/1", "pid": "1", "start": 2}',
]


@pytest.mark.parametrize("name", ["state.json", "plan.json", "launcher.json"])
@pytest.mark.parametrize("content", BROKEN)
def test_a_damaged_job_is_said_so_and_left_out(settings: Settings, name: str, content: str) -> None:
    whole, broken = made(settings, "whole"), made(settings, "broken")
    for job in (whole, broken):
        jobfolder.write_state(replace(job, state=JobState.FINISHED))
    (broken.folder / name).write_text(content)
    with pytest.raises(ReproError, match="The job broken is damaged"):
        jobs.load(broken.folder)
    assert [job.job_id for job in jobs.jobs(settings)] == ["whole"]


@given(
    st.dictionaries(
        st.sampled_from(["state", "created", "started", "run_id", "message", "launcher_pid"]),
        st.one_of(st.none(), st.integers(), st.text(), st.booleans(), st.lists(st.integers())),
    )
)
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_state_is_read_or_refused(settings: Settings, values: dict[str, object]) -> None:
    folder = settings.jobs / "any"
    if not folder.exists():
        made(settings, "any")
    document = {"schema": jobfolder.STATE_SCHEMA, "state": "finished", "created": 1, **values}
    (folder / "state.json").write_text(json.dumps(document))
    try:
        job = jobfolder.read(folder)
    except ReproError:
        return
    assert isinstance(job.created, int)
    assert isinstance(job.message, str)


# --- Watching ----------------------------------------------------------------------


def test_jobs_are_listed_newest_first(settings: Settings) -> None:
    assert jobs.jobs(settings) == ()
    for name, created in (("a", 2), ("b", 3), ("c", 1)):
        jobfolder.write_state(replace(made(settings, name, created), state=JobState.FAILED))
    (settings.jobs / ".draft").mkdir()
    (settings.jobs / "a file").touch()
    assert [job.job_id for job in jobs.jobs(settings)] == ["b", "a", "c"]


def test_a_job_with_a_living_launcher_is_left_alone(
    settings: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    job = made(settings)
    jobfolder.write_launcher(job.folder, noted(sleeper))
    assert jobs.load(job.folder).state is JobState.QUEUED
    assert not (job.folder / "lock").exists()


def test_waiting_ends_with_the_time_or_with_the_job(
    settings: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    job = made(settings)
    jobfolder.write_launcher(job.folder, noted(sleeper))
    assert jobs.wait(job, timeout=0.2).state is JobState.QUEUED
    end = threading.Timer(
        0.2, jobfolder.write_state, [replace(job, state=JobState.FINISHED, verdict="v")]
    )
    end.start()
    assert jobs.wait(job).verdict == "v"
    end.join()


def test_only_what_has_ended_is_removed_and_nothing_beside_it(
    settings: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    job, other = made(settings, "1"), made(settings, "2")
    jobfolder.write_launcher(job.folder, noted(sleeper))
    with pytest.raises(ReproError, match="queued"):
        jobs.remove(job)
    jobfolder.write_state(replace(job, state=JobState.FINISHED))
    jobfolder.unended(job.folder).touch()
    with pytest.raises(ReproError, match="yet to end its run"):
        jobs.remove(job)
    jobfolder.unended(job.folder).unlink()
    locked = job.folder / "written" / "locked"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    locked.chmod(0o500)
    (job.folder / "elsewhere").symlink_to(other.folder)
    jobs.remove(job)
    assert [path.name for path in settings.jobs.iterdir()] == ["2"]
    assert (other.folder / "plan.json").exists()


def test_cancelling_reaches_the_launcher(
    settings: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    job = made(settings)
    jobfolder.write_launcher(job.folder, noted(sleeper))
    jobs.cancel(job)
    assert sleeper.wait(timeout=10) == -15


def test_cancelling_never_reaches_another_process_with_the_pid(
    settings: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    job = made(settings)
    before = noted(sleeper)
    jobfolder.write_launcher(job.folder, replace(before, start=before.start - 3600))
    (job.folder / "lock").write_text("...")
    jobs.cancel(job)
    assert sleeper.poll() is None


def test_cancelling_is_in_writing_for_a_launcher_that_is_not_there_yet(
    settings: Settings,
) -> None:
    job = made(settings, created=round(time.time() * 1000))
    jobs.cancel(job)
    assert jobfolder.cancelled(job.folder).exists()
    done = replace(job, state=JobState.FINISHED)
    jobfolder.cancelled(job.folder).unlink()
    jobfolder.write_state(done)
    jobs.cancel(done)
    assert not jobfolder.cancelled(job.folder).exists()


def test_a_job_of_before_a_reboot_is_recognised(settings: Settings) -> None:
    # After a reboot the launcher's pid belongs to somebody else: here, to this very test.
    job = made(settings)
    jobfolder.write_state(replace(job, state=JobState.RUNNING))
    jobfolder.write_launcher(job.folder, replace(processes.this_process(), boot="another"))
    (job.folder / "lock").write_text("...")
    assert [each.state for each in jobs.jobs(settings)] == [JobState.LOST]


def test_what_cannot_be_cleared_up_is_lost_all_the_same(settings: Settings) -> None:
    job = made(settings)
    jobfolder.write_launcher(job.folder, Launcher(2**22 + 1, 1.0))
    (job.folder / "lock").write_text("...")
    lost = jobs.load(job.folder)
    assert lost.state is JobState.LOST
    assert lost.ended is not None
    assert "could not be cleared up" in lost.message


# --- The log -----------------------------------------------------------------------


def test_the_log_is_read_piece_by_piece(settings: Settings) -> None:
    job = made(settings)
    assert jobs.read_log(job) == ("", 0)
    job.log.write_bytes("ab€".encode()[:-1])
    assert jobs.read_log(job) == ("ab", 2)
    job.log.write_bytes("ab€\n\xff".encode("latin-1", "replace"))
    job.log.write_bytes("ab€\n".encode() + b"\xff!")
    assert jobs.read_log(job, 2) == ("€\n\ufffd!", 8)
    assert jobs.read_log(job, 8) == ("", 8)


def test_half_a_character_at_the_end_of_all_is_shown(settings: Settings) -> None:
    job = replace(made(settings), state=JobState.FAILED)
    job.log.write_bytes("€".encode()[:-1])
    assert jobs.read_log(job) == ("\ufffd", 2)


@given(st.text(max_size=40), st.integers(4, 9))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_character_is_lost_between_pieces(tmp_path: Path, text: str, limit: int) -> None:
    content = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    job = Job("1", tmp_path, planned(), JobState.FINISHED, 1)
    job.log.write_bytes(content.encode())
    pieces, offset = [], 0
    while True:
        piece, offset = jobs.read_log(job, offset, limit)
        if not piece:
            break
        pieces.append(piece)
    assert "".join(pieces) == content


def test_following_ends_when_the_job_has(settings: Settings) -> None:
    job = made(settings)
    jobfolder.write_state(replace(job, state=JobState.FINISHED))
    job.log.write_text("all of it\n")
    assert list(jobs.follow(job)) == ["all of it\n"]


# --- Processes ---------------------------------------------------------------------


def test_a_process_is_known_by_pid_and_start(sleeper: subprocess.Popen[bytes]) -> None:
    launcher = noted(sleeper)
    assert processes.alive(launcher)
    assert not processes.alive(replace(launcher, start=launcher.start - 3600))
    sleeper.kill()
    # A zombie: it has ended, and nobody has asked for its exit code yet.
    psutil.wait_procs([psutil.Process(sleeper.pid)], timeout=0.1)
    sleeper.wait()
    assert not processes.alive(launcher)
    assert processes.note(2**22 + 1) is None


HIDING = """
import subprocess, sys, psutil
from repro_tui.rerun import processes

processes.GRACE = 0.3
stubborn = subprocess.Popen(
    ["bash", "-c", "trap '' TERM; echo ready; while true; do sleep 0.1; done"],
    stdout=subprocess.PIPE,
)
assert stubborn.stdout.readline() == b"ready\\n"
# In a session of its own, and its parent has ended.
orphan = psutil.Process(int(subprocess.check_output(
    ["bash", "-c", "setsid sleep 600 >/dev/null & echo $!"]
)))
nameless = subprocess.Popen(["env", "-i", "sleep", "600"])
other = subprocess.Popen(["sleep", "600"], env={processes.JOB_VARIABLE: "other"})
processes.end_job("this-job")
# psutil has waited for them: their exit codes are gone, and so are the processes.
assert not psutil.pid_exists(stubborn.pid)
assert not psutil.pid_exists(nameless.pid)
assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
assert other.poll() is None
other.kill()
"""


def test_every_process_of_a_job_ends_however_it_hides() -> None:
    # In a process of its own: what a job's process has started belongs to the job, and
    # that would be whatever else the tests have started.
    environment = os.environ | {processes.JOB_VARIABLE: "this-job"}
    subprocess.run([sys.executable, "-c", HIDING], env=environment, check=True, timeout=120)
