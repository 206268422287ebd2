"""A SQLite tracking store read straight from its file.

MLflow takes seconds to be imported and would migrate an older database in place as
soon as it opened it. This takes neither.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run, Tag
from repro_tui.evidence.tracking import database
from repro_tui.evidence.tracking.artifacts import list_folder, local_path
from repro_tui.evidence.tracking.client import MlflowProcess
from repro_tui.evidence.tracking.database import Database, Row
from repro_tui.evidence.tracking.outline import Ids, Outline, Verdict, packed, places
from repro_tui.evidence.tracking.reader import Listing, Reader, RunPage, RunQuery, no_such_run
from repro_tui.evidence.tracking.sql import search_runs

_RUNS = """
    SELECT r.run_uuid, r.name, r.experiment_id, e.name, r.status, r.start_time, r.end_time,
           r.artifact_uri, r.lifecycle_stage, r.user_id
    FROM json_each(?) wanted
    JOIN runs r ON r.run_uuid = wanted.value
    JOIN experiments e ON e.experiment_id = r.experiment_id
    ORDER BY wanted.key
"""
_PARAMS = """
    SELECT run_uuid, key, value FROM params
    WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY key
"""
_TAGS = """
    SELECT run_uuid, key, coalesce(value, '') FROM tags
    WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY key
"""
_LAST_METRICS = """
    SELECT run_uuid, key, CASE WHEN is_nan THEN NULL ELSE value END FROM latest_metrics
    WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY key
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
_CHUNK = 5000
"""Rows that are taken from the database at once, where there may be very many."""
_HISTORY_LENGTHS = "SELECT key, count(*) FROM metrics WHERE run_uuid = ? GROUP BY key ORDER BY key"
_HISTORIES = (
    "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ?"
    " ORDER BY key, step, timestamp, is_nan, value"
)
_POINT = np.dtype(
    [("step", np.int64), ("timestamp", np.int64), ("value", np.float64), ("is_nan", np.bool_)]
)
_DATASETS = """
    SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source,
           coalesce(d.dataset_schema, ''), coalesce(d.dataset_profile, ''), coalesce(c.value, '')
    FROM inputs i
    JOIN datasets d ON d.dataset_uuid = i.source_id
    LEFT JOIN input_tags c ON c.input_uuid = i.input_uuid AND c.name = 'mlflow.data.context'
    WHERE i.destination_type = 'RUN' AND i.destination_id = ?
    ORDER BY 1, 2, 7
"""
_LOGGED_MODELS = """
    SELECT model_id, name, artifact_location, status FROM logged_models
    WHERE source_run_id = ? AND lifecycle_stage = 'active'
    ORDER BY creation_timestamp_ms, model_id
"""
_MODEL_STATUS = {0: "UNSPECIFIED", 1: "PENDING", 2: "READY", 3: "FAILED"}
"""`LoggedModelStatus.from_int` of MLflow."""


class SqliteReader(Reader):
    """`sqlite:///` stores of a known revision.

    Every call opens the file anew, which costs about a millisecond: threads share
    nothing, and a store that was replaced or migrated meanwhile is noticed.
    """

    def __init__(self, uri: str, path: Path, process: MlflowProcess) -> None:
        """`process` downloads the artifacts that do not lie on this machine."""
        self.uri = uri
        self._path = path
        self._process = process

    def experiments(self) -> tuple[Experiment, ...]:
        def reading(store: Database) -> tuple[Experiment, ...]:
            rows = store.rows(
                "SELECT experiment_id, name, lifecycle_stage FROM experiments"
                " ORDER BY lifecycle_stage, experiment_id"
            )
            return tuple(Experiment(str(number), name, stage) for number, name, stage in rows)

        return database.read(self._path, reading)

    def runs(self, query: RunQuery) -> RunPage:
        offset = _offset(query.page_token)

        def reading(store: Database) -> RunPage:
            sql, values = search_runs(query, has_datasets=store.has_datasets)
            found = store.rows(sql, (*values, query.max_results + 1, offset))
            more = len(found) > query.max_results
            return RunPage(
                runs=_runs(store, [run_id for (run_id,) in found[: query.max_results]]),
                next_page_token=str(offset + query.max_results) if more else "",
            )

        return database.read(self._path, reading)

    def outline(self, query: RunQuery) -> Outline:
        def reading(store: Database) -> Outline:
            sql, values = search_runs(query, has_datasets=store.has_datasets)
            (run_ids,) = _packed_columns(store.connection.execute(sql, (*values, -1, 0)), 1)
            children, parents = _packed_columns(store.connection.execute(_PARENTS), 2)
            standing = places(run_ids, children)
            parent_ids = np.zeros(len(run_ids), parents.dtype)
            parent_ids[standing[standing >= 0]] = parents[standing >= 0]
            verdicts = store.rows(_VERDICTS, (query.include_deleted,))
            return Outline(run_ids, parent_ids, tuple(Verdict(*row) for row in verdicts))

        return database.read(self._path, reading)

    def runs_of(self, run_ids: Sequence[str]) -> tuple[Run, ...]:
        return database.read(self._path, lambda store: _runs(store, list(run_ids)))

    def run(self, run_id: str) -> Run:
        def reading(store: Database) -> Run:
            _require(store, run_id)
            (run,) = _runs(store, [run_id])
            return run

        return database.read(self._path, reading)

    def histories(self, run_id: str) -> dict[str, History]:
        def reading(store: Database) -> dict[str, History]:
            _require(store, run_id)
            lengths = store.rows(_HISTORY_LENGTHS, (run_id,))
            count = sum(length for _, length in lengths)
            rows = store.connection.execute(_HISTORIES, (run_id,))
            points = _points(rows, count)
            ends = np.cumsum([0, *(length for _, length in lengths)])
            return {
                key: History(
                    steps=points["step"][start:end].copy(),
                    timestamps=points["timestamp"][start:end].copy(),
                    values=points["value"][start:end].copy(),
                )
                for (key, _), (start, end) in zip(lengths, pairwise(ends), strict=True)
            }

        return database.read(self._path, reading)

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        def reading(store: Database) -> tuple[Dataset, ...]:
            _require(store, run_id)
            rows = store.rows(_DATASETS, (run_id,)) if store.has_datasets else []
            return tuple(Dataset(*row) for row in rows)

        return database.read(self._path, reading)

    def logged_models(self, run_id: str) -> tuple[LoggedModel, ...]:
        def reading(store: Database) -> tuple[LoggedModel, ...]:
            _require(store, run_id)
            rows = store.rows(_LOGGED_MODELS, (run_id,)) if store.has_logged_models else []
            return tuple(
                LoggedModel(model_id, name, location, _MODEL_STATUS.get(status, "UNSPECIFIED"))
                for model_id, name, location, status in rows
            )

        return database.read(self._path, reading)

    def fetch(self, artifact_uri: str, into: Path) -> Path | None:
        folder = local_path(artifact_uri, Path.cwd())
        if folder is not None:
            return folder if folder.is_dir() else None
        return self._process.download(artifact_uri, into, _server_of(artifact_uri))

    def listing(self, artifact_uri: str, most: int) -> Listing | None:
        folder = local_path(artifact_uri, Path.cwd())
        if folder is not None:
            return list_folder(folder, most) if folder.is_dir() else None
        return self._process.listing(artifact_uri, most, _server_of(artifact_uri))

    def close(self) -> None:
        self._process.close()


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


def _require(store: Database, run_id: str) -> None:
    if not store.rows("SELECT 1 FROM runs WHERE run_uuid = ?", (run_id,)):
        raise no_such_run(run_id)


def _runs(store: Database, run_ids: list[str]) -> tuple[Run, ...]:
    """Whole runs, in the order of their ids, with one query for each kind of content."""
    wanted = (json.dumps(run_ids),)
    params = _by_run(store.rows(_PARAMS, wanted))
    tags = _by_run(store.rows(_TAGS, wanted))
    metrics = _by_run(
        (run_id, key, float("nan") if value is None else value)
        for run_id, key, value in store.rows(_LAST_METRICS, wanted)
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
        for row in store.rows(_RUNS, wanted)
    )


def _packed_columns(rows: sqlite3.Cursor, count: int) -> tuple[Ids, ...]:
    """The columns of very many rows of texts, that never all stand in memory unpacked."""
    chunks: list[tuple[Ids, ...]] = [(packed(()),) * count]
    while chunk := rows.fetchmany(_CHUNK):
        chunks.append(tuple(packed(column) for column in zip(*chunk, strict=True)))
    return tuple(np.concatenate(parts) for parts in zip(*chunks, strict=True))


def _by_run(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run_id, key, value in rows:
        found.setdefault(run_id, {})[key] = value
    return found


def _points(rows: sqlite3.Cursor, count: int) -> npt.NDArray[np.void]:
    try:
        points = np.fromiter(rows, _POINT, count)
    except (TypeError, ValueError, OverflowError) as error:
        raise ReproError(f"A metric holds what is no number: {error}.") from error
    points["value"][points["is_nan"]] = np.nan
    return points
