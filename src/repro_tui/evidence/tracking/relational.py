"""A tracking database read straight, with SQL that is the same for every database.

MLflow takes seconds to be imported and would migrate an older database in place as
soon as it opened it. This takes neither. Listing runs does without NumPy, too: what answers
in arrays imports it.
"""

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import schema
from repro_tui.evidence.tracking.artifacts import list_folder, local_path
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
from repro_tui.evidence.tracking.sql import Dialect, Statement, search_runs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from repro_tui.evidence.tracking.client import MlflowProcess
    from repro_tui.evidence.tracking.downloads import Downloads
    from repro_tui.evidence.tracking.outline import Outline

    Points = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
    """Steps, timestamps and values, NaN among them."""

T = TypeVar("T")
Row = tuple[Any, ...]

_EXPERIMENTS = "SELECT experiment_id, name, lifecycle_stage FROM experiments"
_RUNS = """
    SELECT r.run_uuid, r.name, r.experiment_id, e.name, r.status, r.start_time, r.end_time,
           r.artifact_uri, r.lifecycle_stage, r.user_id
    FROM {wanted}
    JOIN runs r ON r.run_uuid = wanted.value
    JOIN experiments e ON e.experiment_id = r.experiment_id
    ORDER BY wanted.key
"""
_PARAMS = """
    SELECT run_uuid, key, value FROM params
    WHERE run_uuid IN (SELECT value FROM {wanted})
"""
_TAGS = """
    SELECT run_uuid, key, coalesce(value, '') FROM tags
    WHERE run_uuid IN (SELECT value FROM {wanted})
"""
_LAST_METRICS = """
    SELECT run_uuid, key, CASE WHEN is_nan THEN NULL ELSE value END FROM latest_metrics
    WHERE run_uuid IN (SELECT value FROM {wanted})
"""
_PARENTS = f"SELECT run_uuid, value FROM tags WHERE key = '{Tag.PARENT_RUN_ID}' AND value != ''"  # noqa: S608
_VERDICTS = f"""
    SELECT v.run_uuid, coalesce(o.value, ''), v.value
    FROM tags v
    JOIN runs r ON r.run_uuid = v.run_uuid AND (? OR r.lifecycle_stage = 'active')
    LEFT JOIN tags o ON o.run_uuid = v.run_uuid AND o.key = '{Tag.REEXECUTES}'
    WHERE v.key = '{Tag.VERDICT}' AND v.value != ''
    ORDER BY r.start_time DESC, r.run_uuid
"""  # noqa: S608
_EVERY = 2**62
"""More runs than any store has."""
_HISTORY_LENGTHS = "SELECT key, count(*) FROM metrics WHERE run_uuid = ? GROUP BY key ORDER BY key"
_POINTS = (
    "SELECT step, timestamp, CASE WHEN is_nan THEN {nan} ELSE value END FROM metrics"
    " WHERE run_uuid = ? ORDER BY key, step"
)
_DATASETS = """
    SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source,
           coalesce(d.dataset_schema, ''), coalesce(d.dataset_profile, ''), coalesce(c.value, '')
    FROM inputs i
    JOIN datasets d ON d.dataset_uuid = i.source_id
    LEFT JOIN input_tags c ON c.input_uuid = i.input_uuid AND c.name = 'mlflow.data.context'
    WHERE i.destination_type = 'RUN' AND i.destination_id = ?
"""
_LOGGED_MODELS = """
    SELECT model_id, name, artifact_location, status, creation_timestamp_ms FROM logged_models
    WHERE source_run_id = ? AND lifecycle_stage = 'active'
"""
_MODEL_STATUS = {0: "UNSPECIFIED", 1: "PENDING", 2: "READY", 3: "FAILED"}
"""`LoggedModelStatus.from_int` of MLflow."""


class Transaction(Protocol):
    """A tracking database inside one transaction that can only read: it is of one moment."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def revision(self) -> str:
        """Alembic's, known or not."""
        ...

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """What a query finds; question marks stand for `values`."""
        ...

    def chunks(self, sql: str, values: Sequence[object] = ()) -> Iterator[list[Row]]:
        """`rows`, in chunks: where there may be very many."""
        ...

    def points(self, sql: str, values: Sequence[object]) -> "Points":
        """What a query for steps, timestamps and values finds.

        Raises ReproError where these are no numbers.
        """
        ...


class DatabaseReader(Reader):
    """A store of a known revision. Every call is one transaction."""

    def __init__(self, uri: str, process: "MlflowProcess") -> None:
        """`process` downloads the artifacts that do not lie on this machine."""
        self.uri = uri
        self._process = process

    @abstractmethod
    def _transaction(self, reading: Callable[[Transaction], T]) -> T:
        """What `reading` finds, all of it at one moment. Raises ReproError."""
        ...

    def experiments(self) -> tuple[Experiment, ...]:
        def reading(store: Transaction) -> tuple[Experiment, ...]:
            rows = sorted(store.rows(_EXPERIMENTS), key=lambda row: (row[2], row[0]))
            return tuple(Experiment(str(number), name, stage) for number, name, stage in rows)

        return self._read(reading)

    def runs(self, query: RunQuery) -> RunPage:
        offset = _offset(query.page_token)

        def reading(store: Transaction) -> RunPage:
            most = query.max_results + 1
            first = _search(store, query, most, offset, having=True)
            whole = _search(store, query, most, offset)
            found = store.rows(*first)
            if len(found) < most and first != whole:
                found = store.rows(*whole)
            more = len(found) > query.max_results
            return RunPage(
                runs=_runs(store, [run_id for (run_id,) in found[: query.max_results]]),
                next_page_token=str(offset + query.max_results) if more else "",
            )

        return self._read(reading)

    def outline(self, query: RunQuery) -> "Outline":
        from repro_tui.evidence.tracking.outline import outlined

        def reading(store: Transaction) -> "Outline":
            return outlined(
                store.chunks(*_search(store, query, _EVERY, 0)),
                store.chunks(_PARENTS),
                store.rows(_VERDICTS, (query.include_deleted,)),
            )

        return self._read(reading)

    def runs_of(self, run_ids: Sequence[str]) -> tuple[Run, ...]:
        return self._read(lambda store: _runs(store, list(run_ids)))

    def run(self, run_id: str) -> Run:
        def reading(store: Transaction) -> Run:
            _require(store, run_id)
            (run,) = _runs(store, [run_id])
            return run

        return self._read(reading)

    def histories(self, run_id: str) -> dict[str, History]:
        from repro_tui.evidence.tracking.history import sorted_history

        def reading(store: Transaction) -> dict[str, History]:
            _require(store, run_id)
            lengths = store.rows(_HISTORY_LENGTHS, (run_id,))
            nan = store.dialect.nan
            steps, timestamps, values = store.points(_POINTS.format(nan=nan), (run_id,))
            ends = accumulate((length for _, length in lengths), initial=0)
            # Databases may order names by the rules of a language.
            return {
                name: sorted_history(steps[start:end], timestamps[start:end], values[start:end])
                for (name, _), (start, end) in sorted(zip(lengths, pairwise(ends), strict=True))
            }

        return self._read(reading)

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        def reading(store: Transaction) -> tuple[Dataset, ...]:
            _require(store, run_id)
            if store.revision not in schema.WITH_DATASETS:
                return ()
            found = [Dataset(*row) for row in store.rows(_DATASETS, (run_id,))]
            return tuple(sorted(found, key=lambda data: (data.name, data.digest, data.context)))

        return self._read(reading)

    def logged_models(self, run_id: str) -> tuple[LoggedModel, ...]:
        def reading(store: Transaction) -> tuple[LoggedModel, ...]:
            _require(store, run_id)
            if store.revision not in schema.WITH_LOGGED_MODELS:
                return ()
            rows = store.rows(_LOGGED_MODELS, (run_id,))
            return tuple(
                LoggedModel(model_id, name, location, _MODEL_STATUS.get(status, "UNSPECIFIED"))
                for model_id, name, location, status, _ in sorted(
                    rows, key=lambda row: (row[4], row[0])
                )
            )

        return self._read(reading)

    def fetch(
        self, artifact_uri: str, into: "Downloads", progress: Progress = silent
    ) -> Fetched | None:
        folder = local_path(artifact_uri, Path.cwd())
        if folder is not None:
            return Fetched(folder) if folder.is_dir() else None
        return self._process.download(artifact_uri, into, _server_of(artifact_uri), progress)

    def listing(self, artifact_uri: str, most: int) -> Listing | None:
        folder = local_path(artifact_uri, Path.cwd())
        if folder is not None:
            return list_folder(folder, most) if folder.is_dir() else None
        return self._process.listing(artifact_uri, most, _server_of(artifact_uri))

    def close(self) -> None:
        self._process.close()

    def _read(self, reading: Callable[[Transaction], T]) -> T:
        def known(store: Transaction) -> T:
            if store.revision not in schema.REVISIONS:
                raise ReproError(
                    f"The store has the schema {store.revision} now, which is not known here.",
                    "Open it again: it is then read through MLflow.",
                )
            return reading(store)

        return self._transaction(known)


def _server_of(artifact_uri: str) -> str:
    """The tracking server that hands out the artifacts, where one has to."""
    server = os.environ.get("MLFLOW_TRACKING_URI", "")
    if artifact_uri.startswith("mlflow-artifacts:/") and not server.startswith("http"):
        raise ReproError(
            "The artifacts are kept by the tracking server that this database belongs to.",
            "Set MLFLOW_TRACKING_URI to the server's address; --tracking-uri may still name"
            " the database.",
        )
    return server


def _offset(page_token: str) -> int:
    if page_token and not (page_token.isascii() and page_token.isdigit() and len(page_token) < 16):
        raise ReproError(f"{page_token} is no page token.", "Start from the first page again.")
    return int(page_token or 0)


def _search(
    store: Transaction, query: RunQuery, most: int, offset: int, *, having: bool = False
) -> Statement:
    has_datasets = store.revision in schema.WITH_DATASETS
    sql, values = search_runs(query, store.dialect, has_datasets=has_datasets, having=having)
    return sql, (*values, most, offset)


def _require(store: Transaction, run_id: str) -> None:
    if not store.rows("SELECT 1 FROM runs WHERE run_uuid = ?", (run_id,)):
        raise no_such_run(run_id)


def _runs(store: Transaction, run_ids: list[str]) -> tuple[Run, ...]:
    """Whole runs, in the order of their ids, with one query for each kind of content."""
    wanted = msgspec.json.encode(run_ids).decode()

    def rows(sql: str) -> list[Row]:
        return store.rows(sql.format(wanted=store.dialect.wanted), (wanted,))

    params, tags = _by_run(rows(_PARAMS)), _by_run(rows(_TAGS))
    metrics = _by_run(
        (run_id, key, float("nan") if value is None else value)
        for run_id, key, value in rows(_LAST_METRICS)
    )
    return tuple(
        Run(
            run_id=row[0],
            name=row[1] or tags.get(row[0], {}).get(Tag.RUN_NAME, ""),
            experiment_id=str(row[2]),
            experiment_name=row[3],
            status=row[4],
            start_time=row[5],
            end_time=row[6],
            artifact_uri=row[7] or "",
            lifecycle_stage=row[8],
            user=row[9] or "",
            params=params.get(row[0], {}),
            tags=tags.get(row[0], {}),
            metrics=metrics.get(row[0], {}),
        )
        for row in rows(_RUNS)
    )


def _by_run(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """What each run has, sorted by key."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for run_id, key, value in rows:
        found.setdefault(run_id, []).append((key, value))
    return {run_id: dict(sorted(pairs)) for run_id, pairs in found.items()}
