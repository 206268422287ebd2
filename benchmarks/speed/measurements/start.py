"""From the command to what is seen of it, on a pseudo-terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.speed import stores
from benchmarks.speed.ground import BIN, Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.terminal import on_terminal

_PROGRAM = (str(BIN / "repro-tui"),)
_HERE = Path(__file__).parents[1]
_BARE = (sys.executable, str(_HERE / "bare.py"))
_THROUGH_MLFLOW = (sys.executable, str(_HERE / "through_mlflow.py"))
_IN_THE_FIRST_FRAME = "repro-tui"


@contextmanager
def first_frame(ground: Ground) -> Iterator[Row]:
    uri = stores.uri(stores.of_runs(ground, ground.size.some))
    yield Row(
        "start to first frame",
        lambda: _until(ground, _PROGRAM, uri, _IN_THE_FIRST_FRAME),
        (
            Rival(
                "a bare Textual application with a table",
                lambda: _until(ground, _BARE, uri, "metric_0"),
                1.15,
            ),
        ),
    )


@contextmanager
def first_rows(ground: Ground) -> Iterator[Row]:
    count = ground.size.some
    uri = stores.uri(stores.of_runs(ground, count))
    newest = stores.name(count - 1)
    rivals = [
        Rival(
            "own first frame",
            lambda: _until(ground, _PROGRAM, uri, _IN_THE_FIRST_FRAME),
            1.3,
        )
    ]
    if not ground.short:
        through = lambda: _until(ground, _THROUGH_MLFLOW, uri, newest)  # noqa: E731
        rivals.append(Rival("the same, read through MLflow", through, 0.12))
    yield Row(
        f"start to first rows, SQLite, {count:,} runs",
        lambda: _until(ground, _PROGRAM, uri, newest),
        tuple(rivals),
    )


def _until(ground: Ground, command: tuple[str, ...], uri: str, text: str) -> float:
    with on_terminal(ground, command, uri) as terminal:
        return terminal.see(text)
