"""Each kind of run, made by MLflow itself and re-executed for real.

Scripts that need not log do not import MLflow, which costs seconds each time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, git, git_daemon, write
from tests.rerun.conftest import Store
from tests.rerun.test_launch import HOSTILE, artifacts, new_run, planned, recorded

from repro_tui import settings as configuration
from repro_tui.engine import Engine
from repro_tui.evidence.model import Known, Run, SectionName
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import open_reader
from repro_tui.rerun import jobs, processes
from repro_tui.rerun.model import Device, Fidelity, Job, JobState, Plan, Request
from repro_tui.rerun.plan import plan
from repro_tui.rerun.survey import survey
from repro_tui.settings import Settings

pytestmark = pytest.mark.e2e

MLPROJECT = """
entry_points:
  main:
    parameters:
      data: path
      text: {type: string, default: x}
    command: python show.py {data} {text}
  steps:
    command: python steps.py
  step:
    parameters: {n: string}
    command: echo step {n}
"""

SHOW = """
import json, sys
print("told", json.dumps(sys.argv[1:]))
"""

STEPS = """
import mlflow
with mlflow.start_run():
    for n in "12":
        mlflow.projects.run(".", "step", parameters={"n": n}, env_manager="local")
    mlflow.log_metric("steps", 2)
with open("../data/ignored.csv") as data, open("made.txt", "w") as made:
    made.write(data.read())
"""

SEVERAL = """
import mlflow
for n, name in enumerate(("several", "elsewhere")):
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name=f"run {n}"):
        mlflow.log_metric("n", n)
"""

OWN_STORE = """
import mlflow
mlflow.set_tracking_uri("own-store")
with mlflow.start_run():
    mlflow.log_metric("n", 1)
"""

# What a person would type, in one process: importing MLflow takes longer than all of it.
ORIGINALS = """
import sys, mlflow
where = dict(experiment_name="digits", env_manager="local")
url, local, data, hostile = sys.argv[1:]
mlflow.projects.run(
    f"{url}#sub", "main", run_name="from a URL", **where,
    parameters={"data": data, "text": hostile, "undeclared": "a b"},
)
mlflow.projects.run(f"{local}/sub", "steps", run_name="steps", parameters={}, **where)
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("own")
    settings = replace(configuration.load(), state=folder / "state", cache=folder / "cache")
    yield settings
    # A test that failed may have left its job running.
    for job in settings.jobs.glob("*"):
        processes.end_job(job.name)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository, `work`, and the bare one that a server gives out."""
    folder = tmp_path_factory.mktemp("projects")
    files = {"MLproject": MLPROJECT, "show.py": SHOW, "steps.py": STEPS}
    commit(
        folder / "work",
        {
            **{f"sub/{name}": content for name, content in files.items()},
            "several.py": SEVERAL,
            "own_store.py": OWN_STORE,
            ".gitignore": "data\n",
        },
    )
    write(folder, {"work/data/ignored.csv": "1,2\n"})
    git(folder, "clone", "-q", "--bare", "work", "project.git")
    (folder / "data.csv").write_text("1,2\n")
    return folder


@pytest.fixture(scope="module")
def url(project: Path) -> Iterator[str]:
    with git_daemon(project) as address:
        yield f"{address}/project.git"


@pytest.fixture(scope="module")
def originals(store: Store, project: Path, url: str) -> None:
    """What somebody ran last month."""
    scripts = Path(sys.executable).parent
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")},
        "MLFLOW_TRACKING_URI": store.uri,
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    work = project / "work"
    for name in ("several", "elsewhere"):
        store.client.create_experiment(name, (project / "artifacts").as_uri())
    commands = (
        ("-c", ORIGINALS, url, str(work), str(project / "data.csv"), HOSTILE),
        ("several.py",),
        ("own_store.py",),
    )
    started = [
        subprocess.Popen([sys.executable, *command], cwd=work, env=environment)
        for command in commands
    ]
    assert [process.wait() for process in started] == [0, 0, 0]


def named(store: Store, name: str) -> Run:
    experiments = [experiment.experiment_id for experiment in store.reader.experiments()]
    (run,) = store.client.search_runs(experiments, f"attributes.run_name = '{name}'")
    return store.reader.run(run.info.run_id)


@pytest.fixture(scope="module")
def submitted(store: Store, project: Path, originals: None, settings: Settings) -> dict[str, Job]:
    """All of them re-executed, side by side."""
    work = str(project / "work")
    plans = {
        "from a URL": planned(store, Request(named(store, "from a URL").run_id)),
        "steps": planned(store, Request(named(store, "steps").run_id, links=("data",))),
        # MLflow records a script as it was typed, and not where.
        "run 0": planned(store, Request(named(store, "run 0").run_id, repository=work)),
    }
    with closing(open_reader(f"{work}/own-store", settings.cache)) as reader:
        (run_id,) = (folder.parent.name for folder in Path(work).glob("own-store/0/*/meta.yaml"))
        request = Request(run_id, repository=work)
        situation = survey(request, reader, settings, (Device("cpu", "A CPU"),))
        made = plan(request, situation)
        assert isinstance(made, Plan), made
        plans["own store"] = made
    own = project / "own.toml"
    own.write_text(f"[jobs]\nper_device = {len(plans)}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPRO_TUI_CONFIG", str(own))
        return {name: jobs.submit(each, settings) for name, each in plans.items()}


def ended(job: Job) -> Job:
    job = jobs.wait(job, timeout=300)
    assert job.state.ended, job.log.read_text()
    return job


def of_job(store: Store, job: Job) -> dict[str, Run]:
    experiments = [experiment.experiment_id for experiment in store.reader.experiments()]
    found = store.client.search_runs(experiments, f"tags.`{Tag.JOB}` = '{job.job_id}'")
    return {run.info.run_id: store.reader.run(run.info.run_id) for run in found}


def test_a_project_from_a_git_url(
    store: Store, url: str, project: Path, submitted: dict[str, Job]
) -> None:
    job = ended(submitted["from a URL"])
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert (job.plan.repository, job.plan.subdirectory) == (url, "sub")
    told = [line for line in job.log.read_text().splitlines() if line.startswith("told ")]
    assert [json.loads(line[5:]) for line in told] == [[str(project / "data.csv"), HOSTILE]]
    assert any("not passed on: undeclared" in caveat for caveat in job.plan.caveats)
    # It logs nothing, and is a finished run with a record all the same.
    run = new_run(store, job)
    assert (run.status, run.tags[Tag.SOURCE_NAME]) == ("FINISHED", f"{url}#sub")
    launch = recorded(run).launch
    assert launch is not None
    assert launch.repository == url
    assert not list(job.folder.rglob("pwned"))


def test_what_mlproject_does_not_declare_is_passed_when_given(
    store: Store, originals: None
) -> None:
    run = named(store, "from a URL")
    made = planned(store, Request(run.run_id, overrides={"undeclared": "a b"}))
    assert made.command.endswith(" --undeclared 'a b'")
    assert made.params["undeclared"] == run.params["undeclared"]


def test_a_project_that_runs_projects(
    store: Store, project: Path, submitted: dict[str, Job]
) -> None:
    job = ended(submitted["steps"])
    assert job.state is JobState.FINISHED, job.log.read_text()
    runs = of_job(store, job)
    steps = [run for run in runs.values() if run.run_id != job.run_id]
    assert sorted(run.params["n"] for run in steps) == ["1", "2"]
    for run in steps:
        assert run.status == "FINISHED"
        assert run.tags[Tag.PARENT_RUN_ID] == job.run_id
        assert run.tags[Tag.SOURCE_NAME] == f"file://{project / 'work'}#sub"
        assert run.run_id in job.log.read_text()
    # Data that Git ignores was given to it, and what it wrote is kept.
    assert "data is copied as it is now (1 file" in " ".join(job.plan.caveats)
    assert (job.folder / "written" / "sub" / "made.txt").read_text() == "1,2\n"
    record = artifacts(new_run(store, job)) / "repro-tui"
    listed = json.loads((record / "written.json").read_text())
    assert [file["path"] for file in listed["files"]] == ["sub/made.txt"]
    # A step can be re-executed by itself.
    again = planned(store, Request(steps[0].run_id))
    assert again.command == f"echo step {steps[0].params['n']}"


def test_several_runs_of_one_process_in_experiments_of_their_own(
    store: Store, submitted: dict[str, Job], settings: Settings
) -> None:
    job = ended(submitted["run 0"])
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert job.plan.fidelity is Fidelity.RECONSTRUCTED
    runs = of_job(store, job)
    assert sorted((run.experiment_name, run.status) for run in runs.values()) == [
        ("elsewhere", "FINISHED"),
        ("several", "FINISHED"),
    ]
    assert new_run(store, job).experiment_name == "several"
    (other,) = [run for run in runs if run != job.run_id]
    assert other in job.log.read_text()
    # Where it was re-executed from, a comparison finds the original's code as well.
    with closing(Engine.open(settings, store.uri, job.folder)) as engine:
        code = engine.evidence(job.plan.reexecutes or "").sections[SectionName.CODE]
    assert isinstance(code.at(("files", "several.py")), Known)


def test_a_store_that_the_code_names_beside_itself_is_the_originals(
    submitted: dict[str, Job],
) -> None:
    """In the checkout `set_tracking_uri("own-store")` would name another one, an empty one."""
    job = ended(submitted["own store"])
    assert "own_store.py sets a tracking URI of its own" in " ".join(job.plan.caveats)
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert job.run_id is not None
    with closing(open_reader(job.plan.tracking_uri, job.folder)) as reader:
        run = reader.run(job.run_id)
    assert (run.status, run.metrics) == ("FINISHED", {"n": 1})
