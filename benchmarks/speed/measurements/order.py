"""The first page of runs in the order of a metric."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.speed import stores
from benchmarks.speed.ground import Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.timed import timed

_PAGE = 100
_FLOOR = f"""
    SELECT r.run_uuid FROM latest_metrics m JOIN runs r USING (run_uuid)
    WHERE m.key = 'metric_3' AND r.lifecycle_stage = 'active' ORDER BY m.value LIMIT {_PAGE}
"""


@contextmanager
def by_a_metric(ground: Ground) -> Iterator[Row]:
    path = str(stores.of_runs(ground, ground.size.many))
    with (
        timed(ground, "measurements.order:ours", path) as ours,
        timed(ground, "measurements.order:floor", path) as floor,
    ):
        yield Row(
            f"order by a metric over {ground.size.many:,} runs, first page",
            ours,
            (Rival("the floor in SQL", floor, 1.5),),
        )


def ours(path: str) -> Callable[[], object]:
    from repro_tui.evidence.tracking import RunQuery, open_reader

    reader = open_reader(stores.uri(Path(path)), Path(path).parent / "cache")
    query = RunQuery(order_by=("metrics.metric_3 ASC",), max_results=_PAGE)
    return lambda: reader.runs(query)


def floor(path: str) -> Callable[[], object]:
    def work() -> object:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            return store.execute(_FLOOR).fetchall()

    return work
