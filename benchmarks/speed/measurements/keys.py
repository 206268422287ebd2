"""What a key press costs, and how long it takes to show.

The least that a page costs Textual is 2.4 ms here: a key that changes one line of a bare
application takes 1.8 ms, and a page of lines that were all drawn before 0.6 ms more. A
DataTable takes 12 to 18 ms.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.speed import artifacts, stores
from benchmarks.speed.ground import BIN, Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.terminal import Terminal, on_terminal

_PROGRAM = (str(BIN / "repro-tui"),)
_HERE = Path(__file__).parents[1]
_BARE = (sys.executable, str(_HERE / "bare.py"))
_SCROLLED = (sys.executable, str(_HERE / "scrolled.py"))
_PAGE_DOWN = "\x1b[6~"
_FIRST_ROW = "\x1b[1;5H"
"""Ctrl and home, as DataTable has it."""
_PAGES = 20
_PRESSES = 8
"""So few that the reading outlasts them."""


@contextmanager
def while_comparing(ground: Ground) -> Iterator[Row]:
    """The help is opened and closed while two runs with long histories and many files are read."""
    store = stores.of_histories(ground)
    presses = _PRESSES // 2 if ground.short else _PRESSES
    for number in range(2):
        artifacts.of_run(ground, number)

    def latency(*, loading: bool) -> float:
        with on_terminal(ground, _PROGRAM, stores.uri(store)) as terminal:
            terminal.see(stores.name(0))
            terminal.settle(0.3)
            # What was marked last time is remembered.
            terminal.press("u  c")
            terminal.see("Reading both runs")
            if not loading:
                terminal.see("diverged")
                terminal.settle(0.3)
            return _p95([_help(terminal) for _ in range(presses)])

    yield Row(
        "key latency while two runs are read, p95",
        lambda: latency(loading=True),
        (Rival("idle", lambda: latency(loading=False), 1.5),),
    )


def _help(terminal: Terminal) -> float:
    took = terminal.respond("?", "This screen")
    terminal.settle()
    terminal.press("q")
    # On a busy machine it closes late, and a key that comes before that goes to the help.
    terminal.settle(0.2)
    return took


def _p95(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=20, method="inclusive")[-1]


@contextmanager
def page_down(ground: Ground) -> Iterator[Row]:
    count = ground.size.some
    pages = _PAGES // 2 if ground.short else _PAGES
    store = stores.of_runs(ground, count)
    with (
        on_terminal(ground, _PROGRAM, stores.uri(store)) as ours,
        on_terminal(ground, (*_BARE, str(count))) as bare,
        on_terminal(ground, (*_SCROLLED, str(count))) as scrolled,
    ):
        ours.see(stores.name(count - 1))
        bare.see(stores.name(0))
        scrolled.see(stores.name(0))
        yield Row(
            f"page down in {count:,} rows, CPU time",
            lambda: _paging(ours, "g", pages),
            (
                Rival("DataTable", lambda: _paging(bare, _FIRST_ROW, pages), 0.2, held=0.4),
                Rival("ScrollView, lines ready", lambda: _paging(scrolled, "g", pages), 1.0),
            ),
        )


@contextmanager
def page_down_in_many(ground: Ground) -> Iterator[Row]:
    few, many = ground.size.few, ground.size.many
    pages = _PAGES // 2 if ground.short else _PAGES
    with (
        on_terminal(ground, _PROGRAM, stores.uri(stores.of_runs(ground, many))) as in_many,
        on_terminal(ground, _PROGRAM, stores.uri(stores.of_runs(ground, few))) as in_few,
    ):
        in_many.see(stores.name(many - 1))
        in_few.see(stores.name(few - 1))
        yield Row(
            f"page down in {many:,} rows, CPU time",
            lambda: _paging(in_many, "g", pages),
            (Rival(f"in {few:,} rows", lambda: _paging(in_few, "g", pages), 1.2),),
        )


def _paging(terminal: Terminal, first: str, pages: int) -> float:
    """Seconds of CPU time for one page, all that the program does for it included."""
    terminal.press(first)
    terminal.settle(0.3)
    before = terminal.cpu
    for _ in range(pages):
        terminal.press(_PAGE_DOWN)
        terminal.settle()
    return (terminal.cpu - before) / pages
