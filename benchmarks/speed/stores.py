"""MLflow stores of any size, filled by SQL in a schema that MLflow itself made.

What MlflowClient would take hours to log is there in seconds. A store that is there
already is kept: its name says what is in it.
"""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.speed.ground import Ground

STARTED = 1_790_000_000_000
"""When the first run started, in milliseconds since the epoch."""

_SCHEMA = (
    "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments()"
)
_RUNS = """
    INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,
                      status, start_time, end_time, source_version, lifecycle_stage,
                      artifact_uri, experiment_id)
    SELECT id, printf('run-%06d', number), 'UNKNOWN', '', '', 'bench', 'FINISHED',
           :started + number * 1000, :started + number * 1000 + 60000, '', 'active',
           :artifacts || id, 0
    FROM made ORDER BY number
"""
_PARAMS = """
    INSERT INTO params (key, value, run_uuid)
    SELECT 'param_' || i, CAST(number * (i + 1) % 997 AS TEXT), id
    FROM five JOIN made ORDER BY i, id
"""
_LATEST_METRICS = """
    INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
    SELECT 'metric_' || i, (number * 7919 + i * 104729) % 1000003 / 1000003.0,
           :started + number * 1000, 0, 0, id
    FROM five JOIN made ORDER BY i, id
"""
_METRICS = """
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    SELECT key, value, timestamp, run_uuid, step, is_nan FROM latest_metrics ORDER BY key, timestamp
"""
_TAGS = """
    INSERT INTO tags (key, value, run_uuid)
    SELECT key, CASE key WHEN 'mlflow.runName' THEN printf('run-%06d', number) ELSE tag END, id
    FROM (SELECT 'mlflow.runName' AS key, '' AS tag
          UNION ALL SELECT 'mlflow.source.git.commit', '0123456789abcdef0123456789abcdef01234567'
          UNION ALL SELECT 'mlflow.source.name', 'train.py'
          UNION ALL SELECT 'mlflow.source.type', 'LOCAL'
          UNION ALL SELECT 'mlflow.user', 'bench') JOIN made ORDER BY key, id
"""
_HISTORY = """
    WITH RECURSIVE steps(step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step < ? - 1)
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    SELECT 'loss', 1.0 / (step + 1) + CASE WHEN step > ? THEN 1e-9 ELSE 0 END,
           ? + step * 10, ?, step, 0 FROM steps
"""


def uri(path: Path) -> str:
    return f"sqlite:///{path}"


def name(number: int) -> str:
    """What the run of that number is called; the newest has the highest."""
    return f"run-{number:06}"


def run_id(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def of_runs(ground: Ground, count: int) -> Path:
    """A store with `count` runs of five params, five metrics and five tags."""
    return made(ground, f"runs-{count}", lambda store: add_runs(store, count, ground.folder))


def of_histories(ground: Ground) -> Path:
    """A store with two runs whose metric `loss` has a long history, different from its half on."""
    steps = ground.size.steps

    def fill(store: sqlite3.Connection) -> None:
        add_runs(store, 2, ground.folder / "artifacts" / f"{ground.size.files}")
        for number, differs_after in enumerate((steps, steps // 2)):
            store.execute(_HISTORY, (steps, differs_after, STARTED, run_id(number)))

    return made(ground, f"histories-{steps}", fill)


def made(ground: Ground, title: str, fill: Callable[[sqlite3.Connection], None]) -> Path:
    """The store of that title, filled unless it is there."""
    path = ground.folder / f"{title}.db"
    if not path.exists():
        partial = path.with_suffix(".partial")
        shutil.copyfile(_schema(ground), partial)
        with _writing(partial) as store:
            fill(store)
        partial.rename(path)
    return path


def add_runs(store: sqlite3.Connection, count: int, artifacts: Path) -> None:
    """Add runs; the artifacts of each lie in the folder of its id below `artifacts`."""
    store.execute("CREATE TEMP TABLE made (number INTEGER PRIMARY KEY, id TEXT)")
    store.execute("CREATE TEMP TABLE five AS SELECT value AS i FROM json_each('[0, 1, 2, 3, 4]')")
    store.executemany("INSERT INTO made VALUES (?, ?)", ((n, run_id(n)) for n in range(count)))
    values = {"started": STARTED, "artifacts": f"{artifacts}/"}
    for statement in (_RUNS, _PARAMS, _LATEST_METRICS, _METRICS, _TAGS):
        store.execute(statement, values)


def _schema(ground: Ground) -> Path:
    """An empty store, as MLflow makes it."""
    path = ground.folder / "schema.db"
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        command = [sys.executable, "-c", _SCHEMA, uri(partial)]
        subprocess.run(command, check=True, capture_output=True, env=ground.variables())
        partial.rename(path)
    return path


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as store:
        # Nobody else reads it yet, and what breaks is made anew.
        store.execute("PRAGMA journal_mode = OFF")
        store.execute("PRAGMA synchronous = OFF")
        yield store
        store.commit()
