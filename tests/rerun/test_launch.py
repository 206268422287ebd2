"""Jobs carried out for real: MLflow Projects, a SQLite store, processes that are killed.

Each costs ten seconds or more, because each launcher imports MLflow.
"""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, footprint, git, write
from tests.rerun.conftest import Store
from tests.rerun.waiting import until

from repro_tui import settings as configuration
from repro_tui.evidence.model import Run
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import jobfolder, jobs, machine, processes, project
from repro_tui.rerun.model import (
    Determinism,
    Device,
    EnvManager,
    Fidelity,
    Job,
    JobState,
    Plan,
    Request,
)
from repro_tui.rerun.plan import first, plan
from repro_tui.rerun.survey import survey
from repro_tui.settings import Settings

pytestmark = pytest.mark.e2e

MLPROJECT = """
name: small
entry_points:
  main:
    parameters:
      text: string
      seed: {type: int, default: 3}
    command: python train.py {text} {seed}
  hang:
    command: bash hang.sh
  fail:
    command: echo about to fail && exit 3
"""

TRAIN = """
import json, os, random, sys
import mlflow

with mlflow.start_run():
    mlflow.log_param("logged_by_the_script", "x")
    for step in range(3):
        mlflow.log_metric("draw", random.random(), step=step)
    names = ("CUDA_VISIBLE_DEVICES", "PYTHONPATH", "GIT_DIR")
    told = {"argv": sys.argv, "cwd": os.getcwd(), **{name: os.environ.get(name) for name in names}}
    mlflow.log_dict(told, "told.json")
    with mlflow.start_run(nested=True):
        pass
"""

# A child that does not listen, and a grandchild in a session of its own.
HANG = """
trap '' TERM
setsid sleep 600 &
echo hanging
while true; do sleep 0.1; done
"""

HOSTILE = "it's $(touch pwned) `touch pwned`; touch pwned \"\n--seed\t* {} %s \\"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's repository, with uncommitted work in it."""
    folder = tmp_path_factory.mktemp("person") / "repository"
    commit(folder, {"MLproject": MLPROJECT, "train.py": TRAIN, "hang.sh": HANG, "plain.py": TRAIN})
    write(folder, {"train.py": "raise SystemExit('the working tree ran')\n", "new.txt": "x"})
    git(folder, "add", "new.txt")
    return folder


@pytest.fixture
def settings() -> Iterator[Settings]:
    settings = configuration.load()
    yield settings
    # A test that failed may have left its job running.
    for folder in settings.jobs.iterdir():
        processes.end_job(folder.name)


@contextmanager
def untouched(repository: Path) -> Iterator[None]:
    before = footprint(repository)
    yield
    assert footprint(repository) == before


def fresh(store: Store, repository: Path, entry_point: str, **parameters: str) -> Plan:
    return first(
        project.parse(MLPROJECT),
        entry_point,
        parameters,
        repository=str(repository),
        commit=git(repository, "rev-parse", "HEAD"),
        tracking_uri=store.uri,
        experiment_id=store.experiment_id,
        run_name="fresh",
        interpreter=sys.executable,
        seed=5,
    )


def planned(store: Store, request: Request) -> Plan:
    situation = survey(request, store.reader, configuration.load(), (Device("cpu", "A CPU"),))
    made = plan(request, situation)
    assert isinstance(made, Plan), made
    return made


def carried_out(made: Plan, settings: Settings) -> Job:
    job = jobs.wait(jobs.submit(made, settings), timeout=180)
    assert job.state.ended, job.log.read_text()
    return job


def artifacts(run: Run) -> Path:
    return Path(urlsplit(run.artifact_uri).path)


def new_run(store: Store, job: Job) -> Run:
    assert job.run_id is not None, job.log.read_text()
    return store.reader.run(job.run_id)


def recorded(run: Run) -> Record:
    record = read_record(artifacts(run))
    assert isinstance(record, Record), record
    return record


def nothing_left(store: Store, job: Job, settings: Settings) -> None:
    """No process of the job, no checkout, no run that still runs."""
    # The launcher itself needs a moment to leave, after its last word.
    until(lambda: not list(processes.of_job(job.job_id)))
    assert list((settings.cache / "checkouts").iterdir()) == []
    found = store.client.search_runs([store.experiment_id], f"tags.`{Tag.JOB}` = '{job.job_id}'")
    assert {run.info.status for run in found} <= {"FINISHED", "FAILED", "KILLED"}


# --- The main job ------------------------------------------------------------------


@pytest.fixture(scope="module")
def original(store: Store, repository: Path) -> str:
    """A run that somebody else's `mlflow run` made."""
    clone = repository.parent / "clone"
    git(repository.parent, "clone", "-q", str(repository), str(clone))
    scripts = Path(sys.executable).parent
    subprocess.run(
        [
            *(sys.executable, "-m", "mlflow", "run", str(clone), "--env-manager", "local"),
            *("--experiment-id", store.experiment_id, "--run-name", "original"),
            *("-P", f"text={HOSTILE}"),
        ],
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": store.uri,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "CUDA_VISIBLE_DEVICES": "",
        },
        check=True,
        capture_output=True,
    )
    (run,) = store.client.search_runs([store.experiment_id], "attributes.run_name = 'original'")
    run_id: str = run.info.run_id
    return run_id


@pytest.fixture(scope="module")
def rerun(
    store: Store, original: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Job, Settings]:
    """The original, re-executed once."""
    own = tmp_path_factory.mktemp("rerun")
    settings = replace(configuration.load(), state=own / "state", cache=own / "cache")
    clone = Path(urlsplit(store.reader.run(original).tags[Tag.SOURCE_NAME]).path)
    before = store.reader.run(original), footprint(clone)
    files = footprint(artifacts(before[0]))
    (own / "own.toml").write_text('[[tolerance.for]]\npattern = "loss"\nulp = 1\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPRO_TUI_CONFIG", str(own / "own.toml"))
        job = carried_out(planned(store, Request(original, seed=11)), settings)
    assert (store.reader.run(original), footprint(clone)) == before
    assert footprint(artifacts(before[0])) == files
    return job, settings


def test_a_run_of_mlflow_run_is_reexecuted(
    store: Store, original: str, rerun: tuple[Job, Settings]
) -> None:
    job, settings = rerun
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert job.plan.fidelity is Fidelity.DECLARED
    run = new_run(store, job)
    assert run.status == "FINISHED"
    assert run.name == "original (rerun)"
    assert run.tags[Tag.REEXECUTES] == original
    assert run.tags[Tag.JOB] == job.job_id
    assert run.tags[Tag.SOURCE_NAME] == store.reader.run(original).tags[Tag.SOURCE_NAME]
    assert str(settings.cache) not in json.dumps(dict(run.tags))
    assert run.tags[Tag.VERDICT] == job.verdict != ""
    assert run.tags[Tag.TOLERANCE] == "ulp 1 for loss"
    assert Tag.VERDICT not in store.reader.run(original).tags
    nothing_left(store, job, settings)


def test_hostile_values_reach_the_process_verbatim(
    store: Store, original: str, rerun: tuple[Job, Settings]
) -> None:
    job, _ = rerun
    told = {}
    for run_id in (original, job.run_id or ""):
        folder = artifacts(store.reader.run(run_id))
        told[run_id] = json.loads((folder / "told.json").read_text())
    assert told[original]["argv"][1:] == [HOSTILE, "3"]
    # The seed was chosen, and the project declares one.
    assert told[job.run_id or ""]["argv"][1:] == [HOSTILE, "11"]
    assert new_run(store, job).params["text"] == store.reader.run(original).params["text"]
    assert not list(job.folder.rglob("pwned"))


def test_runs_that_the_process_starts_are_linked(store: Store, rerun: tuple[Job, Settings]) -> None:
    job, _ = rerun
    found = store.client.search_runs([store.experiment_id], f"tags.`{Tag.JOB}` = '{job.job_id}'")
    assert len(found) == 2
    (child,) = [run for run in found if run.info.run_id != job.run_id]
    assert child.data.tags[Tag.PARENT_RUN_ID] == job.run_id


def test_the_record_tells_what_ran(store: Store, rerun: tuple[Job, Settings]) -> None:
    job, _ = rerun
    record = recorded(new_run(store, job))
    assert record.launch is not None
    assert dict(record.launch.parameters) == {"text": HOSTILE, "seed": "11"}
    assert record.launch.command == job.plan.command
    assert record.inactive == ""
    assert record.packages is not None
    assert "mlflow" in {name.lower() for name, _, _ in record.packages}


def test_a_rerun_repeats_itself(
    store: Store, rerun: tuple[Job, Settings], settings: Settings
) -> None:
    before, _ = rerun
    job = carried_out(planned(store, Request(before.run_id or "")), settings)
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert job.plan.fidelity is Fidelity.EXACT
    assert (job.plan.seed, dict(job.plan.parameters)) == (11, dict(before.plan.parameters))
    # Nothing in the script is seeded but by us.
    left, right = (store.reader.histories(each.run_id or "")["draw"] for each in (before, job))
    assert left.values.tolist() == right.values.tolist()


def test_a_plain_script_is_reexecuted(
    store: Store, repository: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    tags = {
        Tag.SOURCE_NAME: str(repository / "plain.py"),
        Tag.SOURCE_TYPE: "LOCAL",
        Tag.GIT_COMMIT: head,
    }
    request = Request(store.add(tags, {"logged": "1"}), determinism=Determinism.OFF)
    made = planned(store, request)
    with untouched(repository):
        # What would lead the process back into the person's working tree.
        monkeypatch.setenv("PYTHONPATH", f"{repository / 'src'}{os.pathsep}/elsewhere")
        monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
        job = carried_out(made, settings)
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert job.plan.fidelity is Fidelity.RECONSTRUCTED
    told = json.loads((artifacts(new_run(store, job)) / "told.json").read_text())
    place = settings.cache / "checkouts" / job.job_id
    assert told == {
        "argv": ["plain.py"],
        "cwd": str(place),
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.pathsep.join(
            (f"{job.folder / 'overlay' / 'door'}", f"{place / 'src'}", "/elsewhere")
        ),
        "GIT_DIR": None,
    }


@pytest.mark.parametrize("manager", [EnvManager.UV, EnvManager.VIRTUALENV])
def test_an_environment_is_made_and_recorded_in(
    store: Store,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    manager: EnvManager,
) -> None:
    python = platform.python_version()
    if python not in machine.pythons(manager):
        pytest.skip(f"{manager} finds no Python {python} here")
    # Nothing to install: no registry is needed.
    environment = f"python: {python}\nbuild_dependencies: []\ndependencies: []\n"
    command = 'python -c "import sys, random; print(sys.prefix, random.random())"'
    text = json.dumps({"python_env": "env.yaml", "entry_points": {"main": {"command": command}}})
    repository = tmp_path / "repository"
    head = commit(repository, {"MLproject": text, "env.yaml": environment})
    monkeypatch.setenv("MLFLOW_ENV_ROOT", str(tmp_path / "environments"))
    made = first(
        project.parse(text),
        "main",
        {},
        repository=str(repository),
        commit=head,
        tracking_uri=store.uri,
        experiment_id=store.experiment_id,
        run_name="made",
        interpreter="",
        seed=5,
        env_manager=manager,
    )
    job = carried_out(made, settings)
    assert job.state is JobState.FINISHED, job.log.read_text()
    run = new_run(store, job)
    assert run.tags[Tag.PROJECT_ENV] == manager
    record = recorded(run)
    assert record.inactive == ""
    assert record.python is not None
    assert str(record.python["prefix"]).startswith(str(tmp_path / "environments"))
    assert record.packages is not None
    assert {name for name, _, _ in record.packages} <= {"pip", "setuptools"}


TORCH = """
import mlflow, random
import numpy as np
import torch

with mlflow.start_run():
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(5):
        x = torch.randn(16, 8) + random.random() + float(np.random.default_rng().normal())
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=step)
    torch.save(model.state_dict(), "model.pt")
    mlflow.log_artifact("model.pt")
"""


def test_an_unseeded_training_repeats_itself_to_the_bit(
    store: Store, tmp_path: Path, settings: Settings
) -> None:
    repository = tmp_path / "repository"
    head = commit(repository, {"train.py": TORCH})
    before = footprint(repository)
    tags = {
        Tag.SOURCE_NAME: str(repository / "train.py"),
        Tag.SOURCE_TYPE: "LOCAL",
        Tag.GIT_COMMIT: head,
    }
    made = planned(store, Request(store.add(tags), seed=1))
    done = [carried_out(each, settings) for each in (made, made)]
    assert [job.state for job in done] == [JobState.FINISHED] * 2, done[0].log.read_text()
    left, right = (new_run(store, job) for job in done)
    losses = [store.reader.histories(run.run_id)["loss"].values.tolist() for run in (left, right)]
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == 5
    weights = [(artifacts(run) / "model.pt").read_bytes() for run in (left, right)]
    assert weights[0] == weights[1]
    assert footprint(repository) == before


# --- When it goes wrong ------------------------------------------------------------


def test_a_command_that_fails_is_a_failed_run_with_a_record(
    store: Store, repository: Path, settings: Settings
) -> None:
    original = store.client.create_run("0").info.run_id
    store.client.set_terminated(original)
    made = replace(fresh(store, repository, "fail"), reexecutes=original)
    with untouched(repository):
        job = carried_out(made, settings)
    assert job.state is JobState.FAILED
    assert job.message == "The command ended with exit code 3."
    assert job.verdict == ""
    assert "about to fail" in job.log.read_text()
    run = new_run(store, job)
    assert run.status == "FAILED"
    assert json.loads((artifacts(run) / "repro-tui" / "record.json").read_text())["exit_code"] == 3
    nothing_left(store, job, settings)


def test_a_job_that_cannot_begin_says_why(
    store: Store, repository: Path, settings: Settings
) -> None:
    made = replace(fresh(store, repository, "fail"), commit="0" * 40)
    job = carried_out(made, settings)
    assert job.state is JobState.FAILED
    assert "The checkout cannot be made" in job.message
    assert job.run_id is None


def hanging(store: Store, repository: Path, settings: Settings) -> Job:
    """A job whose command runs and does not end by itself."""
    job = jobs.submit(fresh(store, repository, "hang"), settings)
    until(lambda: "hanging" in jobs.read_log(job)[0] or jobs.load(job.folder).state.ended)
    job = jobs.load(job.folder)
    until(lambda: jobs.load(job.folder).state is JobState.RUNNING)
    job = jobs.load(job.folder)
    assert job.state is JobState.RUNNING, job.log.read_text()
    return job


def test_cancelling_ends_the_whole_tree(store: Store, repository: Path, settings: Settings) -> None:
    with untouched(repository):
        job = hanging(store, repository, settings)
        jobs.cancel(job)
        # An impatient person.
        jobs.cancel(job)
        job = jobs.wait(job, timeout=60)
    assert job.state is JobState.CANCELLED, job.log.read_text()
    run = new_run(store, job)
    assert run.status == "KILLED"
    assert recorded(run).launch is not None
    nothing_left(store, job, settings)


def test_cancelling_before_anything_runs(
    store: Store, repository: Path, settings: Settings
) -> None:
    with untouched(repository):
        job = jobs.submit(fresh(store, repository, "hang"), settings)
        until(lambda: (settings.cache / "checkouts" / job.job_id).exists())
        jobs.cancel(job)
        job = jobs.wait(job, timeout=60)
    assert job.state is JobState.CANCELLED, job.log.read_text()
    nothing_left(store, job, settings)


def test_nothing_is_left_of_a_checkout_that_is_written_to_while_it_is_removed(
    store: Store,
    repository: Path,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Git does when the signal comes while it is being started: nobody waits for it."""
    found = shutil.which("git")
    assert found is not None
    busy = "(while mkdir -p busy/busy; do :; done) >/dev/null 2>&1 & sleep 600"
    stand_in = tmp_path / "bin" / "git"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nif [ "$1" = init ]; then {busy}; fi\nexec {found} "$@"\n')
    stand_in.chmod(0o755)
    plan = fresh(store, repository, "hang")
    monkeypatch.setenv("PATH", f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}")
    job = jobs.submit(plan, settings)
    until((settings.cache / "checkouts" / job.job_id / "busy").exists)
    jobs.cancel(job)
    job = jobs.wait(job, timeout=60)
    assert job.state is JobState.CANCELLED, job.log.read_text()
    nothing_left(store, job, settings)


def test_a_killed_launcher_is_cleared_up_after(
    store: Store, repository: Path, settings: Settings
) -> None:
    with untouched(repository):
        job = hanging(store, repository, settings)
        assert job.launcher_pid is not None
        launcher = jobfolder.read_launcher(job.folder)
        assert launcher is not None
        os.kill(job.launcher_pid, signal.SIGKILL)
        until(lambda: not processes.alive(launcher))
        # Several programs notice at once; one clears up.
        with ThreadPoolExecutor(4) as pool:
            seen = list(pool.map(jobs.load, [job.folder] * 4))
        assert len({each.launcher_pid for each in seen} - {job.launcher_pid}) == 1
        job = jobs.wait(job, timeout=120)
    assert job.state is JobState.LOST, job.log.read_text()
    run = new_run(store, job)
    assert run.status == "KILLED"
    assert recorded(run).launch is not None
    until(lambda: not list((settings.cache / "checkouts").iterdir()))
    nothing_left(store, job, settings)


def test_a_killed_command_is_a_failed_run(
    store: Store, repository: Path, settings: Settings
) -> None:
    job = hanging(store, repository, settings)
    (command,) = [
        child
        for child in psutil.Process(job.launcher_pid).children()
        if child.cmdline()[:2] == ["bash", "-c"] or "hang.sh" in child.cmdline()
    ]
    command.kill()
    job = jobs.wait(job, timeout=60)
    assert job.state is JobState.FAILED, job.log.read_text()
    assert job.message == "The command was ended by signal 9 (Killed)."
    assert new_run(store, job).status == "FAILED"
    nothing_left(store, job, settings)
