"""Jobs on a Slurm cluster of one node, its daemons real: submitted, watched, ended, collected."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, footprint
from tests.rerun.conftest import Store
from tests.rerun.slurm.conftest import Cluster
from tests.rerun.waiting import until

from repro_tui import settings as configuration
from repro_tui.errors import ReproError
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import jobs, processes, slurm
from repro_tui.rerun.model import Backend, Device, Job, JobState, Plan, Request
from repro_tui.rerun.plan import plan
from repro_tui.rerun.survey import survey
from repro_tui.settings import Settings

pytestmark = [pytest.mark.e2e, pytest.mark.slurm]

TRAIN = """
import os, random, sys
import mlflow

with mlflow.start_run():
    for step in range(3):
        mlflow.log_metric("draw", random.random(), step=step)
    mlflow.log_dict({"slurm": os.environ.get("SLURM_JOB_ID", "")}, "where.json")
    if len(sys.argv) > 1:
        import time
        time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(configuration.load(), state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    commit(folder, {"train.py": TRAIN, "MLproject": PROJECT})
    return folder


PROJECT = """
name: small
entry_points:
  main:
    command: python train.py
  hang:
    command: python train.py forever
"""


def planned(store: Store, repository: Path, entry_point: str = "main", **options: str) -> Plan:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.strip()
    tags = {
        Tag.SOURCE_NAME: repository.as_uri(),
        Tag.SOURCE_TYPE: "PROJECT",
        Tag.GIT_COMMIT: head,
        Tag.ENTRY_POINT: entry_point,
    }
    request = Request(
        store.add(tags), seed=5, backend=Backend.SLURM, backend_config=json.dumps(options)
    )
    situation = survey(request, store.reader, configuration.load(), (Device("cpu", "A CPU"),))
    made = plan(request, situation)
    assert isinstance(made, Plan), made
    return made


def running_runs(store: Store, job: Job) -> list[str]:
    found = store.client.search_runs([store.experiment_id], f"tags.`{Tag.JOB}` = '{job.job_id}'")
    return [run.info.status for run in found if run.info.status == "RUNNING"]


def test_a_run_is_reexecuted_on_a_node_twice_and_alike(
    cluster: Cluster, store: Store, repository: Path, settings: Settings
) -> None:
    before = footprint(repository)
    made = planned(store, repository, partition="main")
    done = [jobs.wait(jobs.submit(made, settings), timeout=180) for _ in range(2)]
    assert [job.state for job in done] == [JobState.FINISHED] * 2, done[0].log.read_text()
    drawn = []
    for job in done:
        assert job.run_id is not None
        run = store.reader.run(job.run_id)
        folder = Path(urlsplit(run.artifact_uri).path)
        assert json.loads((folder / "where.json").read_text()) == {"slurm": job.slurm_id}
        record = read_record(folder)
        assert isinstance(record, Record)
        assert record.inactive == ""
        assert run.tags[Tag.REEXECUTES] == made.reexecutes
        drawn.append(store.reader.histories(job.run_id)["draw"].values.tolist())
    assert drawn[0] == drawn[1]
    assert footprint(repository) == before


def known(job: Job) -> str:
    assert job.slurm_id is not None
    return job.slurm_id


def test_a_job_is_cancelled_on_its_node_and_a_deaf_controller_decides_nothing(
    cluster: Cluster,
    store: Store,
    repository: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = jobs.submit(planned(store, repository, "hang"), settings)
    until(lambda: jobs.load(job.folder).state is JobState.RUNNING)
    with monkeypatch.context() as patched:
        # Nobody listens there: as if the controller's machine were off.
        elsewhere = cluster.folder / "elsewhere.conf"
        text = cluster.configuration.read_text()
        port = next(line for line in text.splitlines() if line.startswith("SlurmctldPort="))
        elsewhere.write_text(text.replace(port, "SlurmctldPort=1\nMessageTimeout=5"))
        patched.setenv("SLURM_CONF", str(elsewhere))
        assert slurm.standing(known(job)) is slurm.Standing.UNKNOWN
        assert jobs.load(job.folder).state is JobState.RUNNING
    jobs.cancel(job)
    job = jobs.wait(job, timeout=60)
    assert job.state is JobState.CANCELLED
    assert running_runs(store, job) == []
    until(lambda: slurm.standing(known(job)) is slurm.Standing.GONE)


def test_a_launcher_that_dies_on_its_node_is_cleared_up_after(
    cluster: Cluster, store: Store, repository: Path, settings: Settings
) -> None:
    job = jobs.submit(planned(store, repository, "hang"), settings)
    until(lambda: jobs.load(job.folder).state is JobState.RUNNING)
    launcher = jobs.load(job.folder).launcher_pid
    assert launcher is not None
    os.kill(launcher, signal.SIGKILL)
    job = jobs.wait(job, timeout=90)
    assert job.state is JobState.LOST
    assert running_runs(store, job) == []
    until(lambda: not list(processes.of_job(job.job_id)))


@contextmanager
def busy(cluster: Cluster) -> Iterator[None]:
    """The node taken by somebody else."""
    command = ["sbatch", "--parsable", "--exclusive", "--output=/dev/null"]
    other = subprocess.run(
        command, input="#!/bin/sh\nexec sleep 600\n", capture_output=True, text=True, check=True
    ).stdout.strip()
    until(lambda: slurm.standing(other) is slurm.Standing.RUNNING)
    yield
    subprocess.run(["scancel", other], check=True)
    until(lambda: slurm.standing(other) is slurm.Standing.GONE)


def test_a_job_that_waits_is_shown_waiting_and_can_be_taken_back(
    cluster: Cluster, store: Store, repository: Path, settings: Settings
) -> None:
    with busy(cluster):
        job = jobs.submit(planned(store, repository), settings)
        assert job.state is JobState.QUEUED
        assert slurm.standing(known(job)) is slurm.Standing.PENDING
        jobs.cancel(job)
        job = jobs.wait(job, timeout=30)
    assert job.state is JobState.CANCELLED
    assert job.run_id is None


def test_slurms_refusal_is_told_and_leaves_no_job(
    cluster: Cluster, store: Store, repository: Path, settings: Settings
) -> None:
    with pytest.raises(ReproError, match="invalid partition"):
        jobs.submit(planned(store, repository, partition="nowhere"), settings)
    assert jobs.jobs(settings) == ()
