"""How runs and times read in a terminal: pure functions that give `Content`.

Everything a stranger may have written passes `shown` before it is drawn.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from textual.content import Content

from repro_tui.evidence.gauge import Gauge, Level
from repro_tui.evidence.model import Run
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.compare.model import Kind

MUTED = "$muted"
"""The style of what explains and does not matter by itself."""

_STATUS = {
    "FINISHED": ("✓", "$text-success"),
    "FAILED": ("✗", "$text-error"),
    "KILLED": ("■", "$text-error"),
    "RUNNING": ("▶", "$text-accent"),
    "SCHEDULED": ("…", "$text-accent"),
}
LEVEL_STYLES = {
    Level.KNOWN: "$text-success",
    Level.PARTLY: "$text-warning",
    Level.MISSING: "$text-error",
    Level.NOT_LOOKED_AT: MUTED,
}
LEGEND = "  ".join(f"{level.symbol} {level}" for level in reversed(Level))
"""What the cells of a gauge mean."""


def shown(text: str, style: str = "", limit: int | None = None) -> Content:
    """A stranger's text, safe for a terminal and free of markup."""
    return Content.styled(visible(text, limit), style) if style else Content(visible(text, limit))


def name(called: str, room: int) -> str:
    """What a run is called in so many characters; the id that tells it from others stays.

    >>> name("a very long name (1a2b3c4d)", 16)
    'a ve… (1a2b3c4d)'
    """
    head, paren, run_id = called.rpartition(" (")
    kept = room - len(paren + run_id) - 1
    if len(called) <= room or not paren or kept < 1:
        return visible(called, room)
    return visible(f"{head[:kept]}…{paren}{run_id}")


def styled(text: str, spans: Sequence[tuple[int, int, str]]) -> Content:
    """A stranger's text with styles on stretches of it, later ones over earlier ones.

    Characters that are spelled out for safety take more than one cell: so each stretch is
    spelled out by itself.
    """
    edges = sorted({0, len(text), *(at for span in spans for at in span[:2] if at < len(text))})
    parts = []
    for first, last in pairwise(edges):
        over = " ".join(style for start, end, style in spans if start <= first < end)
        parts.append(shown(text[first:last], over))
    return Content("").join(parts)


def fitted(text: Content, width: int) -> Content:
    """Exactly so many cells: cut with an ellipsis, or filled up."""
    cut = text.truncate(width, ellipsis=True)
    return cut.pad_right(width - cut.cell_length)


def colour(kind: "Kind") -> str:
    """The style of a kind of finding, from the theme."""
    return f"$diff-{str(kind).replace(' ', '-')}"


def status(run: Run) -> Content:
    symbol, style = _STATUS.get(run.status, ("?", "$text-warning"))
    return Content.styled(f"{symbol} {visible(run.status.lower(), 12)}", style)


def cells(measured: Gauge) -> Content:
    """A gauge in five cells: their shapes tell the levels, colours only repeat them."""
    return _cells(tuple(grade.level for grade in measured.grades))


@lru_cache
def _cells(levels: tuple[Level, ...]) -> Content:
    return Content("").join(Content.styled(level.symbol, LEVEL_STYLES[level]) for level in levels)


def moment(time: int | None, now: int) -> str:
    """A time (ms since the epoch) in local time: today's by the clock, others by date."""
    if time is None:
        return ""
    try:
        then, today = (datetime.fromtimestamp(ms / 1000).astimezone() for ms in (time, now))
    except (ValueError, OverflowError, OSError):
        return "?"
    if then.date() == today.date():
        return f"{then:%H:%M:%S}"
    return f"{then:%-d %b %H:%M}" if then.year == today.year else f"{then:%-d %b %Y}"


def metric(value: float | None) -> str:
    """A metric for a column: six significant digits. Whole values are in the details."""
    return "" if value is None else f"{value:.6g}"
