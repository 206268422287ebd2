"""What repro-tui writes to a tracking store: the new run of a job, and records.

No function here is ever given the original's run id.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Param
from mlflow.tracking.context.default_context import DefaultRunContext

from repro_tui.evidence import address
from repro_tui.evidence.record import FOLDER
from repro_tui.evidence.tags import Tag
from repro_tui.rerun.model import Plan

_BATCH = 100
"""Params that MLflow takes at once."""


class NewRun:
    """The run of one job, and those that its process starts beside it."""

    def __init__(self, plan: Plan, job_id: str, run_id: str | None, checkout: Path) -> None:
        """Open the store. `run_id` is None as long as there is no run."""
        self._client = _client(plan.tracking_uri)
        self._plan = plan
        self._job_id = job_id
        self._run_id = run_id
        self._checkout = checkout

    def create(self) -> str:
        """Make the run that the job's process will log to; return its id.

        It is made beforehand because MLflow Projects would quote params for the shell
        that the original does not have quoted, and would note the throw-away checkout
        as its source.
        """
        plan = self._plan
        own = {**DefaultRunContext().tags(), **plan.tags, Tag.JOB: self._job_id}
        tags = {name: value for name, value in own.items() if value}
        run = self._client.create_run(plan.experiment_id, tags=tags, run_name=plan.run_name)
        run_id: str = run.info.run_id
        self._run_id = run_id
        params = [Param(name, value) for name, value in plan.params.items()]
        for start in range(0, len(params), _BATCH):
            self._client.log_batch(run_id, params=params[start : start + _BATCH])
        return run_id

    def adopt(self, run_id: str) -> str:
        """Take the run that a backend of MLflow Projects made for the job's; return its id."""
        self._run_id = run_id
        for name, value in {**self._plan.tags, Tag.JOB: self._job_id}.items():
            self._client.set_tag(run_id, name, value)
        return run_id

    def upload(self, record: Path) -> None:
        """Keep the record with the run."""
        if self._run_id is not None:
            _upload(self._client, record, self._run_id)

    def set_verdict(self, verdict: str, tolerance: str) -> None:
        """Tag the run with its verdict, and with the tolerance that it holds under, if any."""
        if self._run_id is not None:
            for tag, value in ((Tag.VERDICT, verdict), (Tag.TOLERANCE, tolerance)):
                if value:
                    self._client.set_tag(self._run_id, tag, value)

    def end(self, status: str, end_time: int) -> tuple[str, ...]:
        """Give every run of the job that has not ended `status`: FINISHED, FAILED or KILLED.

        Each is tagged with the job, and none names the throw-away checkout as its source
        any more. Returns the ids of those beside the job's own. Time: milliseconds since
        the epoch.
        """
        found = self._runs()
        for run_id, run in found.items():
            if run.data.tags.get(Tag.JOB) != self._job_id:
                self._client.set_tag(run_id, Tag.JOB, self._job_id)
            source = run.data.tags.get(Tag.SOURCE_NAME, "")
            if str(self._checkout) in source:
                self._client.set_tag(run_id, Tag.SOURCE_NAME, self._kept_place(source))
            if run.info.status in ("RUNNING", "SCHEDULED"):
                self._client.set_terminated(run_id, status, end_time)
        return tuple(run_id for run_id in found if run_id != self._run_id)

    def _runs(self) -> dict[str, Any]:
        """Every run of the job, by id, in whichever experiment.

        Those that `mlflow.start_run` made carry the job's tag: that finds a run whose id
        nobody could note any more, too. The steps of a project that runs projects
        (`mlflow.projects.run`) carry none; their source is the checkout, or one of the
        others is their parent.
        """
        experiments = [each.experiment_id for each in _all(self._client.search_experiments)]
        found: dict[str, Any] = {}
        wanted = [
            f"tags.`{Tag.JOB}` = '{self._job_id}'",
            f"tags.`{Tag.SOURCE_NAME}` LIKE '%{self._checkout.name}%'",
        ]
        while wanted:
            for run in _all(partial(self._client.search_runs, experiments, wanted.pop())):
                if run.info.run_id not in found:
                    found[run.info.run_id] = run
                    wanted.append(f"tags.`{Tag.PARENT_RUN_ID}` = '{run.info.run_id}'")
        return found

    def _kept_place(self, source: str) -> str:
        """A source in the checkout, as a place in the repository that it was made from."""
        repository = self._plan.repository
        if address.is_remote(repository):
            source = source.replace(f"file://{self._checkout}", repository)
        return source.replace(str(self._checkout), repository)


def upload(record: Path, tracking_uri: str, run_id: str) -> None:
    """Keep the record of a command with a run that the command started."""
    _upload(_client(tracking_uri), record, run_id)


def _all(search: Callable[..., Any]) -> Iterator[Any]:
    """What an MLflow search finds, page after page: by itself it gives the first alone."""
    token = None
    while page := search(page_token=token):
        yield from page
        token = page.token
        if not token:
            return


def _client(tracking_uri: str) -> mlflow.MlflowClient:
    if "://" not in tracking_uri or tracking_uri.startswith("file:"):
        # Since MLflow 3 a store of files must be asked for; the run lies in one.
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    # For MLflow Projects and for artifacts, which use the store of the process.
    mlflow.set_tracking_uri(tracking_uri)
    return mlflow.MlflowClient(tracking_uri)


def _upload(client: mlflow.MlflowClient, record: Path, run_id: str) -> None:
    client.log_artifacts(run_id, str(record), FOLDER)
