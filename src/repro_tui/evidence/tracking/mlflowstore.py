"""What is asked of a store through MLflow: in a process of its own, by `worker.py`.

`FUNCTIONS` take the tracking URI and what the reader was asked; opening a store does not
change it.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import mlflow.entities
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.db import utils as db
from mlflow.store.entities import PagedList
from mlflow.store.tracking import file_store

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import downloads
from repro_tui.evidence.tracking.artifacts import local_path
from repro_tui.evidence.tracking.discover import without_password
from repro_tui.evidence.tracking.history import ordered_history
from repro_tui.evidence.tracking.reader import (
    Fetched,
    Listing,
    Progress,
    RunPage,
    RunQuery,
    no_such_run,
)
from repro_tui.evidence.tracking.storage import Entry, list_storage

T = TypeVar("T")
_CONTEXT = "mlflow.data.context"
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


def experiments(uri: str) -> tuple[Experiment, ...]:
    found = _search_experiments(uri, ViewType.ALL)
    return tuple(
        Experiment(experiment.experiment_id, experiment.name, experiment.lifecycle_stage)
        for experiment in sorted(
            found, key=lambda e: (e.lifecycle_stage, len(e.experiment_id), e.experiment_id)
        )
    )


def runs(uri: str, query: RunQuery) -> RunPage:
    found = _search_experiments(uri, ViewType.ALL)
    names = {experiment.experiment_id: experiment.name for experiment in found}
    chosen = query.experiment_ids or tuple(
        experiment.experiment_id for experiment in found if experiment.lifecycle_stage == "active"
    )
    page = _client(uri).search_runs(
        experiment_ids=list(chosen),
        filter_string=query.filter,
        run_view_type=ViewType.ALL if query.include_deleted else ViewType.ACTIVE_ONLY,
        max_results=query.max_results,
        order_by=list(query.order_by),
        page_token=query.page_token or None,
    )
    token = page.token or ""
    return RunPage(
        runs=tuple(_run(run, names.get(run.info.experiment_id, "")) for run in page),
        next_page_token=token.decode() if isinstance(token, bytes) else token,
    )


def run(uri: str, run_id: str) -> Run:
    found = _get_run(uri, run_id)
    return _run(found, _client(uri).get_experiment(found.info.experiment_id).name)


def histories(uri: str, run_id: str) -> dict[str, History]:
    client = _client(uri)
    return {
        name: ordered_history(
            (point.step, point.timestamp, point.value)
            for point in client.get_metric_history(run_id, name)
        )
        for name in sorted(_get_run(uri, run_id).data.metrics)
    }


def datasets(uri: str, run_id: str) -> tuple[Dataset, ...]:
    inputs = _get_run(uri, run_id).inputs
    found = [
        Dataset(
            name=logged.dataset.name,
            digest=logged.dataset.digest,
            source_type=logged.dataset.source_type,
            source=logged.dataset.source,
            schema=logged.dataset.schema or "",
            profile=logged.dataset.profile or "",
            context=next((tag.value for tag in logged.tags if tag.key == _CONTEXT), ""),
        )
        for logged in (inputs.dataset_inputs if inputs else ())
    ]
    return tuple(sorted(found, key=lambda dataset: (dataset.name, dataset.digest, dataset.context)))


def logged_models(uri: str, run_id: str) -> tuple[LoggedModel, ...]:
    client = _client(uri)
    source = _get_run(uri, run_id)
    try:
        found = {
            model.model_id: model
            for model in _all(
                lambda token: client.search_logged_models(
                    [source.info.experiment_id],
                    filter_string=f"source_run_id = '{source.info.run_id}'",
                    page_token=token,
                )
            )
        }
    except MlflowException as error:
        if error.error_code == "ENDPOINT_NOT_FOUND":  # A server older than MLflow 3.
            return ()
        raise
    return tuple(
        LoggedModel(model.model_id, model.name, model.artifact_location, str(model.status))
        for model in sorted(found.values(), key=lambda m: (m.creation_timestamp, m.model_id))
    )


def download(
    tell: Progress, uri: str, artifact_uri: str, target: Path, most: int
) -> Fetched | None:
    """All files below `artifact_uri`, in the new folder `target`; `tell` hears of the progress."""
    storage = _Repository(get_artifact_repository(artifact_uri, tracking_uri=uri or None))
    return downloads.download(storage, target, most, tell)


class _Repository:
    """Any storage that MLflow has a repository for."""

    def __init__(self, repository: ArtifactRepository) -> None:
        self._repository = repository

    def entries(self, folder: str) -> Iterator[Entry]:
        for found in self._repository.list_artifacts(folder or None):
            yield Entry(found.path, found.is_dir, found.file_size)

    def get(self, path: str, target: Path) -> None:
        try:
            self._repository._download_file(path, str(target))
        except (ReproError, OSError):
            raise
        except Exception as error:  # storages' clients raise what they like
            line = str(error).strip().partition("\n")[0] or type(error).__name__
            raise ReproError(f"MLflow cannot fetch it: {without_password(line)}") from error


def listing(uri: str, artifact_uri: str, most: int) -> Listing | None:
    repository = get_artifact_repository(artifact_uri, tracking_uri=uri or None)
    return list_storage(_Repository(repository), most)


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    function.__name__: function
    for function in (experiments, runs, run, histories, datasets, logged_models, listing)
}


# --- The stores, opened without changing them ----------------------------------------


@cache
def _client(uri: str) -> MlflowClient:
    folder = local_path(uri, Path.cwd())
    if folder is not None:
        return _file_store_client(uri, folder)
    if urlsplit(uri).scheme.partition("+")[0] in _DATABASES:
        _prepare_database(uri)
    return MlflowClient(tracking_uri=uri)


def _file_store_client(uri: str, folder: Path) -> MlflowClient:
    if not folder.is_dir():
        raise ReproError(f"There is no folder {folder}.", "Name another store by --tracking-uri.")
    # FileStore makes `.trash` where there is none, as in a copied or committed store.
    vars(file_store)["mkdir"] = lambda *_: None
    client = MlflowClient(tracking_uri=uri)
    store = client._tracking_client.store
    if not Path(store.trash_folder).is_dir():
        store.trash_folder = tempfile.mkdtemp(prefix="repro-tui-no-trash-")
    return client


def _prepare_database(uri: str) -> None:
    """Migrate a SQLite database, which is our own copy; leave any other as it is.

    MLflow would migrate it at once where tables are missing.
    """
    engine = db.create_sqlalchemy_engine_with_retry(uri)
    try:
        found, known = db._get_schema_version(engine), db._get_latest_schema_revision()
        if found == known:
            return
        if engine.dialect.name != "sqlite":
            raise ReproError(
                f"The database has the schema {found}, and MLflow {mlflow.__version__} needs"
                f" {known}: opening it would migrate it for everyone.",
                "Use the MLflow version that the database belongs to.",
            )
        db._upgrade_db(engine)
    finally:
        engine.dispose()


# --- MLflow's entities as the nouns of evidence --------------------------------------


def _search_experiments(uri: str, view: int) -> list[Any]:
    return _all(lambda token: _client(uri).search_experiments(view_type=view, page_token=token))


def _all(page: Callable[[str | None], PagedList[T]]) -> list[T]:
    found: list[T] = []
    token: str | None = None
    while True:
        part = page(token)
        found += part
        token = part.token
        if not token:
            return found


def _get_run(uri: str, run_id: str) -> mlflow.entities.Run:
    try:
        return _client(uri).get_run(run_id)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise no_such_run(run_id) from error
        raise


def _run(found: mlflow.entities.Run, experiment_name: str) -> Run:
    info, data = found.info, found.data
    return Run(
        run_id=info.run_id,
        name=info.run_name or data.tags.get(Tag.RUN_NAME, ""),
        experiment_id=info.experiment_id,
        experiment_name=experiment_name,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        artifact_uri=info.artifact_uri or "",
        lifecycle_stage=info.lifecycle_stage,
        user=info.user_id or "",
        params=dict(sorted(data.params.items())),
        tags={key: value or "" for key, value in sorted(data.tags.items())},
        metrics=dict(sorted(data.metrics.items())),
    )


# --- What MLflow has against it ------------------------------------------------------


def explained(uri: str, error: Exception) -> ReproError:
    """An exception of MLflow's, or of a store's client, in words."""
    text = without_password(str(error) or type(error).__name__)
    line = text.strip().splitlines()[0]
    store = without_password(uri)
    if isinstance(error, ImportError):
        return ReproError(
            f"MLflow needs a package that is not installed: {line}.",
            "Install it beside repro-tui.",
        )
    if "Can't locate revision" in text or "out-of-date database schema" in text:
        return ReproError(
            "The store was written by an MLflow that is newer than"
            f" {mlflow.__version__}, which is installed here: {line}",
            "Upgrade MLflow beside repro-tui.",
        )
    if "Max retries exceeded" in text or "failed with exception" in text:
        return ReproError(
            f"The tracking server at {store} does not answer.",
            "Check the address, and that the server is running.",
        )
    return ReproError(f"MLflow cannot read {store or 'the store'}: {line}")
