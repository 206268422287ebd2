"""The new run of a job in the tracking store: the only thing that repro-tui writes there.

No function here is ever given the original's run id.
"""

import os
import time
from pathlib import Path

import mlflow
from mlflow.entities import Param, Run
from mlflow.tracking.context.default_context import DefaultRunContext

from repro_tui.evidence.model import Tag
from repro_tui.evidence.record import FOLDER
from repro_tui.rerun.model import Plan

_BATCH = 100
"""Params that MLflow takes at once."""


def connect(tracking_uri: str) -> mlflow.MlflowClient:
    """A client of the store, for this process and for MLflow Projects in it."""
    if "://" not in tracking_uri or tracking_uri.startswith("file:"):
        # Since MLflow 3 a store of files must be asked for; the original run lies in one.
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    mlflow.set_tracking_uri(tracking_uri)
    return mlflow.MlflowClient(tracking_uri)


def create(client: mlflow.MlflowClient, plan: Plan, job_id: str) -> str:
    """Make the run that the job's process will log to; return its id.

    It is made beforehand because MLflow Projects would quote params for the shell that
    the original does not have quoted, and would note the throw-away checkout as its
    source.
    """
    own = {**DefaultRunContext().tags(), **plan.tags, Tag.JOB: job_id}
    tags = {name: value for name, value in own.items() if value}
    run = client.create_run(plan.experiment_id, tags=tags, run_name=plan.run_name)
    run_id: str = run.info.run_id
    params = [Param(name, value) for name, value in plan.params.items()]
    for start in range(0, len(params), _BATCH):
        client.log_batch(run_id, params=params[start : start + _BATCH])
    return run_id


def upload(client: mlflow.MlflowClient, run_id: str, folder: Path) -> None:
    """Keep the record with the run."""
    client.log_artifacts(run_id, str(folder), FOLDER)


def end(client: mlflow.MlflowClient, job_id: str, status: str, end_time: int | None = None) -> None:
    """Give every run of the job that has not ended `status`: FINISHED, FAILED or KILLED.

    Runs that the process started by itself, in whichever experiment, are among them:
    all carry the job's tag.
    """
    for run in _running(client, job_id):
        client.set_terminated(run.info.run_id, status, end_time or round(time.time() * 1000))


def set_verdict(client: mlflow.MlflowClient, run_id: str, verdict: str) -> None:
    client.set_tag(run_id, Tag.VERDICT, verdict)


def _running(client: mlflow.MlflowClient, job_id: str) -> list[Run]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`{Tag.JOB}` = '{job_id}'")
    return [run for run in found if run.info.status in ("RUNNING", "SCHEDULED")]
