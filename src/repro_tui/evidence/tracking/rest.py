"""A tracking server read over its public REST API, without importing MLflow.

https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.client import ClientReader
from repro_tui.evidence.tracking.downloads import Downloads, download
from repro_tui.evidence.tracking.history import ordered_history
from repro_tui.evidence.tracking.http import RefusedError, Server
from repro_tui.evidence.tracking.reader import (
    Fetched,
    Listing,
    Progress,
    Reader,
    RunPage,
    RunQuery,
    no_such_run,
    silent,
)
from repro_tui.evidence.tracking.storage import Entry, list_storage

Json = dict[str, Any]

_MOST_EXPERIMENTS = 1000
_MOST_POINTS = 25_000
_PARALLEL = 8
_MODEL_STATUS = {
    "LOGGED_MODEL_PENDING": "PENDING",
    "LOGGED_MODEL_READY": "READY",
    "LOGGED_MODEL_UPLOAD_FAILED": "FAILED",
}
"""`LoggedModelStatus.from_proto` of MLflow; UNSPECIFIED where it is none of these."""


class RestReader(Reader):
    """`http:` and `https:` stores that `http.served` says can be."""

    def __init__(self, uri: str, client: ClientReader) -> None:
        """`client` fetches artifacts: those can lie in any storage that MLflow knows."""
        self.uri = uri
        self._server = Server(uri)
        self._client = client

    def experiments(self) -> tuple[Experiment, ...]:
        with _understood():
            found = [
                Experiment(row["experiment_id"], row["name"], row["lifecycle_stage"])
                for row in self._all(
                    "experiments/search",
                    "experiments",
                    view_type="ALL",
                    max_results=_MOST_EXPERIMENTS,
                )
            ]
        return tuple(
            sorted(found, key=lambda e: (e.lifecycle_stage, len(e.experiment_id), e.experiment_id))
        )

    def runs(self, query: RunQuery) -> RunPage:
        experiments = self.experiments()
        names = {experiment.experiment_id: experiment.name for experiment in experiments}
        chosen = query.experiment_ids or [
            experiment.experiment_id
            for experiment in experiments
            if experiment.lifecycle_stage == "active"
        ]
        answer = self._server.post(
            "runs/search",
            experiment_ids=list(chosen),
            filter=query.filter,
            order_by=list(query.order_by),
            max_results=query.max_results,
            run_view_type="ALL" if query.include_deleted else "ACTIVE_ONLY",
            page_token=query.page_token,
        )
        with _understood():
            return RunPage(
                runs=tuple(
                    _run(found, names.get(found["info"]["experiment_id"], ""))
                    for found in answer.get("runs", ())
                ),
                next_page_token=answer.get("next_page_token", ""),
            )

    def run(self, run_id: str) -> Run:
        found = self._get(run_id)
        with _understood():
            experiment_id = found["info"]["experiment_id"]
            answer = self._server.get("experiments/get", experiment_id=experiment_id)
            return _run(found, answer["experiment"]["name"])

    def histories(self, run_id: str) -> dict[str, History]:
        with _understood():
            names = sorted(
                metric["key"] for metric in self._get(run_id).get("data", {}).get("metrics", ())
            )
            with ThreadPoolExecutor(_PARALLEL) as threads:
                found = threads.map(lambda name: self._history(run_id, name), names)
                return dict(zip(names, found, strict=True))

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        with _understood():
            inputs = self._get(run_id).get("inputs", {}).get("dataset_inputs", ())
            found = [_dataset(logged) for logged in inputs]
        return tuple(sorted(found, key=lambda data: (data.name, data.digest, data.context)))

    def logged_models(self, run_id: str) -> tuple[LoggedModel, ...]:
        with _understood():
            run = self._get(run_id)["info"]
            try:
                models = list(
                    self._all(
                        "logged-models/search",
                        "models",
                        experiment_ids=[run["experiment_id"]],
                        filter=f"source_run_id = '{run['run_id']}'",
                    )
                )
            except RefusedError as refusal:
                if refusal.status == 404:  # A server older than MLflow 3.
                    return ()
                raise
            infos = [model["info"] for model in models]
            infos.sort(key=lambda info: (int(info["creation_timestamp_ms"]), info["model_id"]))
            return tuple(
                LoggedModel(
                    model_id=info["model_id"],
                    name=info["name"],
                    artifact_location=info["artifact_uri"],
                    status=_MODEL_STATUS.get(info.get("status", ""), "UNSPECIFIED"),
                )
                for info in infos
            )

    def fetch(
        self, artifact_uri: str, into: Downloads, progress: Progress = silent
    ) -> Fetched | None:
        parts = urlsplit(artifact_uri)
        if parts.scheme != "mlflow-artifacts" or parts.netloc:
            return self._client.fetch(artifact_uri, into, progress)
        return download(self._storage(parts), into.place(artifact_uri), into.most, progress)

    def listing(self, artifact_uri: str, most: int) -> Listing | None:
        parts = urlsplit(artifact_uri)
        if parts.scheme != "mlflow-artifacts" or parts.netloc:
            return self._client.listing(artifact_uri, most)
        return list_storage(self._storage(parts), most)

    def _storage(self, parts: SplitResult) -> "_Served":
        return _Served(self._server, unquote(parts.path).strip("/"))

    def close(self) -> None:
        self._server.close()
        self._client.close()

    def _get(self, run_id: str) -> Json:
        try:
            answer = self._server.get("runs/get", run_id=run_id)
        except RefusedError as refusal:
            if refusal.code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise no_such_run(run_id) from refusal
            raise
        with _understood():
            run: Json = answer["run"]
            return run

    def _history(self, run_id: str, name: str) -> History:
        points: list[Json] = []
        token = ""
        while True:
            page = self._server.get(
                "metrics/get-history",
                run_id=run_id,
                metric_key=name,
                max_results=_MOST_POINTS,
                page_token=token,
            )
            points += page.get("metrics", ())
            token = page.get("next_page_token", "")
            if not token:
                break
        return ordered_history(
            (int(point.get("step", 0)), int(point["timestamp"]), float(point.get("value", 0)))
            for point in points
        )

    def _all(self, endpoint: str, what: str, **body: object) -> Iterator[Json]:
        """The rows of all pages of a search."""
        token = ""
        while True:
            page = self._server.post(endpoint, **body, **({"page_token": token} if token else {}))
            yield from page.get(what, ())
            token = page.get("next_page_token", "")
            if not token:
                return


class _Served(Struct, frozen=True):
    """Artifacts that the tracking server gives out itself, below the folder `top`."""

    server: Server
    top: str

    def entries(self, folder: str) -> list[Entry]:
        with _understood():
            rows = self.server.artifacts(self._at(folder)).get("files", ())
            return [
                Entry(
                    path=f"{folder}/{row['path']}".lstrip("/"),
                    is_dir=row["is_dir"],
                    size=int(row["file_size"]) if "file_size" in row else None,
                )
                for row in rows
            ]

    def get(self, path: str, target: Path) -> None:
        with target.open("xb") as file:
            file.writelines(self.server.artifact(self._at(path)))

    def _at(self, path: str) -> str:
        return f"{self.top}/{path}".strip("/")


@contextmanager
def _understood() -> Iterator[None]:
    """ReproError where an answer has not the shape that MLflow gives it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ReproError(
            f"The tracking server gives an answer that MLflow would not give: {error!r}.",
            "Check the address of the server, and its version.",
        ) from error


def _run(found: Json, experiment_name: str) -> Run:
    info, data = found["info"], found.get("data", {})
    tags = _pairs(data, "tags")
    return Run(
        run_id=info["run_id"],
        name=info.get("run_name") or tags.get(Tag.RUN_NAME, ""),
        experiment_id=info["experiment_id"],
        experiment_name=experiment_name,
        status=info["status"],
        start_time=int(info.get("start_time", 0)),
        # Protocol buffers leave 0 out: MLflow reads it as a run that has not ended.
        end_time=int(info.get("end_time", 0)) or None,
        artifact_uri=info.get("artifact_uri", ""),
        lifecycle_stage=info["lifecycle_stage"],
        user=info.get("user_id", ""),
        params=_pairs(data, "params"),
        tags=tags,
        metrics={
            metric["key"]: float(metric.get("value", 0))
            for metric in sorted(data.get("metrics", ()), key=lambda metric: str(metric["key"]))
        },
    )


def _pairs(data: Json, kind: str) -> dict[str, str]:
    return dict(sorted((row["key"], row.get("value", "")) for row in data.get(kind, ())))


def _dataset(logged: Json) -> Dataset:
    data = logged["dataset"]
    tags = _pairs(logged, "tags")
    return Dataset(
        name=data["name"],
        digest=data["digest"],
        source_type=data["source_type"],
        source=data["source"],
        schema=data.get("schema", ""),
        profile=data.get("profile", ""),
        context=tags.get("mlflow.data.context", ""),
    )
