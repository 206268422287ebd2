"""The most memory that the interactive program holds."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.speed import stores
from benchmarks.speed.ground import BIN, Ground
from benchmarks.speed.method import Rival, Row, Unit
from benchmarks.speed.terminal import on_terminal

_PROGRAM = (str(BIN / "repro-tui"),)


@contextmanager
def of_many_runs(ground: Ground) -> Iterator[Row]:
    few, many = ground.size.few, ground.size.many
    yield Row(
        f"memory with {many:,} runs, first to last, peak RSS",
        lambda: _peak(ground, many),
        (Rival(f"with {few:,} runs", lambda: _peak(ground, few), 1.2),),
        Unit.BYTES,
    )


def _peak(ground: Ground, count: int) -> float:
    """After the newest run has been on screen, and the oldest."""
    with on_terminal(ground, _PROGRAM, stores.uri(stores.of_runs(ground, count))) as terminal:
        terminal.see(stores.name(count - 1))
        terminal.settle(0.3)
        terminal.press("G")
        terminal.see(stores.name(0))
        terminal.settle(0.3)
        return terminal.peak
