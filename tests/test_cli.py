"""The command line: what every mistake comes to, and that asking for help loads nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.rerun.test_plan import planned

from repro_tui.cli import main
from repro_tui.cli.program import program
from repro_tui.compare.model import MOST_RUNS
from repro_tui.errors import ExitCode
from repro_tui.rerun import jobfolder
from repro_tui.rerun.model import MOST_TIMES, Job, JobState
from repro_tui.rerun.processes import this_process
from repro_tui.settings import load

HEAVY = ("mlflow", "torch", "pandas", "textual", "numpy", "git")


def outcome(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["diff", "--help"]])
def test_asking_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom repro_tui.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: code = end.code\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "0 []"
    assert done.stdout.startswith(("Usage", "repro-tui "))


def test_no_store_is_one_sentence_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("runs") == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "hint: " in err
    assert "--tracking-uri" in err


def test_broken_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text("theme = 3")
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(tmp_path / "mine.toml"))
    assert outcome("runs") == ExitCode.FAILED
    assert "mine.toml:1: theme has the wrong type" in capsys.readouterr().err


def test_without_a_terminal_there_is_nothing_to_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome() == ExitCode.FAILED
    assert "no terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "one"],
        ["diff", "one", "two", "--repeats"],
        ["rerun", "latest", "-P", "novalue"],
        ["runs", "--limit", "0"],
        ["nothing"],
    ],
)
def test_words_that_are_off_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(*arguments) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage" in err or "Error" in err


def test_as_many_times_as_can_be_compared_at_once() -> None:
    assert MOST_TIMES == MOST_RUNS - 1


@pytest.fixture
def job(own_folders: Path) -> Job:
    """A job that has ended, with a log that a stranger wrote."""
    running = jobfolder.create(load().jobs / "20261124-000000-abcdef", planned(), 1)
    job = replace(running, state=JobState.FAILED, message="\x1b[31mno", started=2, ended=4_002)
    jobfolder.write_state(job)
    job.log.write_text("epoch 1\n\x1b]0;owned\x07\n")
    return job


def test_jobs_are_listed_for_people_and_for_scripts(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome("jobs") == 0
    out, _ = capsys.readouterr()
    assert "\x1b" not in out
    for part in (job.job_id, "failed", "baseline (rerun)", "4.0 s", "\\x1b[31mno"):
        assert part in out
    assert outcome("jobs", "--format", "json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["schema"] == "repro-tui.jobs/1"
    (told,) = listed["jobs"]
    assert (told["job_id"], told["state"], told["message"]) == (job.job_id, "failed", job.message)
    assert told["log"] == str(job.log)


def test_no_jobs_are_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("jobs", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["jobs"] == []
    assert outcome("jobs") == 0
    assert "0 jobs" in capsys.readouterr().err
    assert outcome("jobs", "log", "latest") == ExitCode.FAILED
    assert "repro-tui jobs" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["latest", "abcdef", "20261124"])
@pytest.mark.parametrize("follow", [[], ["--follow"]])
def test_a_jobs_log_is_written_with_nothing_that_a_terminal_obeys(
    job: Job, name: str, follow: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome("jobs", "log", name, *follow) == 0
    assert capsys.readouterr().out == "epoch 1\n\\x1b]0;owned\\x07\n"


def test_a_job_is_named_by_what_it_alone_has_and_ends_once(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    other = jobfolder.create(load().jobs / "20261124-000001-fedcba", planned(), 2)
    jobfolder.write_state(replace(other, state=JobState.FINISHED))
    assert outcome("jobs", "log", "20261124") == ExitCode.FAILED
    assert "2 jobs" in capsys.readouterr().err
    assert outcome("jobs", "cancel", "abcdef") == ExitCode.FAILED
    assert "has ended already: it is failed" in capsys.readouterr().err


def test_ended_jobs_are_removed_by_name_or_all(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    other = jobfolder.create(load().jobs / "20261124-000001-fedcba", planned(), 2)
    jobfolder.write_launcher(other.folder, this_process())
    assert outcome("jobs", "remove") == ExitCode.FAILED
    assert outcome("jobs", "remove", "fedcba") == ExitCode.FAILED
    assert "hint: Cancel it first." in capsys.readouterr().err
    assert outcome("jobs", "remove", "--ended") == 0
    assert "1 job removed" in capsys.readouterr().err
    assert [path.name for path in load().jobs.iterdir()] == [other.job_id]


def test_devices_always_lists_the_processor(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("devices", "--format", "json") == 0
    devices = json.loads(capsys.readouterr().out)
    assert devices[0]["name"] == "cpu"
    assert devices[0]["memory"] > 0


def test_devices_tell_what_uses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is no GPU here: the driver's program is mocked, in the shape of what it prints.
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\ncase $1 in\n"
        "--query-gpu=*) echo 'GPU 0 is lost'; echo '1, GPU-a, NVIDIA H200, 1024, 512, 570.1';;\n"
        "*) echo 'GPU-a, 42, /usr/bin/python3';;\nesac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("repro_tui.rerun.devices.has_driver", lambda: True)
    for state in (JobState.RUNNING, JobState.QUEUED, JobState.FAILED):
        plan = replace(planned(), device="cuda:1")
        job = jobfolder.create(load().jobs / state, plan, 1)
        jobfolder.write_state(replace(job, state=state))
        jobfolder.write_launcher(job.folder, this_process())
    assert outcome("devices") == 0
    _, gpu = capsys.readouterr().out.splitlines()
    assert gpu == (
        "cuda:1  NVIDIA H200  512.0 MiB of 1.0 GiB used  driver 570.1; used by python3 (42)  "
        "used by job running"
    )
    assert outcome("devices", "--format", "json") == 0
    cpu, cuda = json.loads(capsys.readouterr().out)
    assert (cpu["jobs"], cuda["jobs"]) == ([], ["running"])


def test_a_store_uri_that_is_hostile_is_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("--tracking-uri", "sqlite:///\x1b]0;owned\x07.db", "runs") == ExitCode.FAILED
    assert "\x1b" not in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "repro_tui", "devices"],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    os.close(write)
    assert "Traceback" not in done.stderr


def every_command() -> list[str]:
    names = []
    for name, command in program.commands.items():
        names += [name, *(f"{name} {below}" for below in getattr(command, "commands", ()))]
    return names


@pytest.mark.parametrize("command", ["", *every_command()])
def test_every_help_fits_a_terminal_of_80(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert outcome(*command.split(), "--help") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("Commands:")[2], "a summary is cut"
    if " " not in command and command != "completion":
        assert "Examples:" in text
        assert "Exit codes:" in text
