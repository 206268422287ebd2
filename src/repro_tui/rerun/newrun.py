"""The new run of a job in the tracking store: the only thing that repro-tui writes there.

No function here is ever given the original's run id.
"""

import os
from pathlib import Path

import mlflow
from mlflow.entities import Param
from mlflow.tracking.context.default_context import DefaultRunContext

from repro_tui.evidence.model import Tag
from repro_tui.evidence.record import FOLDER
from repro_tui.rerun.model import Plan

_BATCH = 100
"""Params that MLflow takes at once."""


class NewRun:
    """The run of one job, and those that its process starts beside it."""

    def __init__(self, tracking_uri: str, job_id: str, run_id: str | None) -> None:
        """Open the store. `run_id` is None as long as there is no run."""
        if "://" not in tracking_uri or tracking_uri.startswith("file:"):
            # Since MLflow 3 a store of files must be asked for; the original lies in one.
            os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        # For MLflow Projects, which uses the store of the process.
        mlflow.set_tracking_uri(tracking_uri)
        self._client = mlflow.MlflowClient(tracking_uri)
        self._job_id = job_id
        self._run_id = run_id

    def create(self, plan: Plan) -> str:
        """Make the run that the job's process will log to; return its id.

        It is made beforehand because MLflow Projects would quote params for the shell
        that the original does not have quoted, and would note the throw-away checkout
        as its source.
        """
        own = {**DefaultRunContext().tags(), **plan.tags, Tag.JOB: self._job_id}
        tags = {name: value for name, value in own.items() if value}
        run = self._client.create_run(plan.experiment_id, tags=tags, run_name=plan.run_name)
        run_id: str = run.info.run_id
        self._run_id = run_id
        params = [Param(name, value) for name, value in plan.params.items()]
        for start in range(0, len(params), _BATCH):
            self._client.log_batch(run_id, params=params[start : start + _BATCH])
        return run_id

    def upload(self, record: Path) -> None:
        """Keep the record with the run."""
        if self._run_id is not None:
            self._client.log_artifacts(self._run_id, str(record), FOLDER)

    def set_verdict(self, verdict: str) -> None:
        if self._run_id is not None:
            self._client.set_tag(self._run_id, Tag.VERDICT, verdict)

    def end(self, status: str, end_time: int) -> None:
        """Give every run of the job that has not ended `status`: FINISHED, FAILED or KILLED.

        They are found by the job's tag, in whichever experiment: that finds a run whose
        id nobody could note any more, too. Time: milliseconds since the epoch.
        """
        experiments = [each.experiment_id for each in self._client.search_experiments()]
        for run in self._client.search_runs(experiments, f"tags.`{Tag.JOB}` = '{self._job_id}'"):
            if run.info.status in ("RUNNING", "SCHEDULED"):
                self._client.set_terminated(run.info.run_id, status, end_time)
