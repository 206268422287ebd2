"""Two whole metric histories, read and compared."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from benchmarks.speed import stores
from benchmarks.speed.ground import Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.timed import timed

_SQL = (
    "SELECT step, timestamp, value FROM metrics WHERE run_uuid = ? AND key = 'loss' ORDER BY step"
)
_POINT = np.dtype([("step", np.int64), ("timestamp", np.int64), ("value", np.float64)])


@contextmanager
def read_and_compared(ground: Ground) -> Iterator[Row]:
    path = str(stores.of_histories(ground))
    here = "measurements.histories"
    with (
        timed(ground, f"{here}:ours", path) as ours,
        timed(ground, f"{here}:sql_to_numpy", path) as sql,
        timed(ground, f"{here}:through_mlflow", path) as client,
    ):
        rivals = [Rival("SQL to NumPy", sql, 1.3)]
        if not ground.short:
            rivals.append(Rival("MlflowClient", client, 1 / 25))
        yield Row(
            f"two full histories of {ground.size.steps:,} points, read and compared",
            ours,
            tuple(rivals),
        )


def ours(path: str) -> Callable[[], object]:
    from repro_tui.compare.metrics import compare_histories
    from repro_tui.compare.policy import Policy
    from repro_tui.evidence.model import Known
    from repro_tui.evidence.tracking import open_reader

    reader = open_reader(stores.uri(Path(path)), Path(path).parent / "cache")

    def work() -> object:
        left, right = (Known(reader.histories(stores.run_id(n))["loss"], "") for n in (0, 1))
        return compare_histories(("loss",), left, right, Policy())

    return work


def sql_to_numpy(path: str) -> Callable[[], object]:
    def work() -> object:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            left, right = (
                np.fromiter(store.execute(_SQL, (stores.run_id(n),)), _POINT) for n in (0, 1)
            )
        return np.flatnonzero(left["value"] != right["value"])

    return work


def through_mlflow(path: str) -> Callable[[], object]:
    from mlflow import MlflowClient

    client = MlflowClient(stores.uri(Path(path)))

    def work() -> object:
        left, right = (client.get_metric_history(stores.run_id(n), "loss") for n in (0, 1))
        return [a.step for a, b in zip(left, right, strict=True) if a.value != b.value]

    return work
