"""Metric curves as geometry: what an SVG is drawn from, and nothing of its looks.

Every finite point is a vertex where there is room. Of a long history each column keeps
its first, smallest, largest and last point, so that no extreme is lost in the drawing.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from repro_tui.evidence.model import History
from repro_tui.reports import axes
from repro_tui.text import plural

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 708.0, 16.0, 208.0
"""The edges of the area that curves are drawn in, in units of the SVG."""

_COLUMNS = 480
_FEW = 60
"""Up to that many points of a run each gets a dot."""

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]


class Line(Struct, frozen=True):
    """One run's curve."""

    run: int
    """Its place among the runs, which decides how the line looks."""
    path: str
    """The `d` of an SVG path; it breaks where values are not finite."""
    dots: tuple[Point, ...]
    up: tuple[Point, ...]
    """Where values are infinite, at the upper edge …"""
    down: tuple[Point, ...]
    """… negatively so, at the lower edge …"""
    nan: tuple[Point, ...]
    """… and where they are NaN."""


class Chart(Struct, frozen=True):
    """One metric of several runs, in one picture."""

    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    first: float | None
    """Where the runs first differ, if they do."""
    notes: tuple[str, ...]
    """What the picture does not show as it is."""


def chart(histories: Sequence[History | None], first_step: int | None) -> Chart | None:
    """Draw the histories of one metric, one a run; None where there is not one point."""
    there = [(run, held) for run, held in enumerate(histories) if held is not None and len(held)]
    if not there:
        return None
    steps = np.concatenate([found.steps for _, found in there]).astype(np.float64)
    values = np.concatenate([found.values for _, found in there])
    x = _Scale.over(steps, LEFT, RIGHT)
    y = _Scale.over(values[np.isfinite(values)], BOTTOM, TOP)
    lines, thinned = [], False
    for run, found in there:
        places = x.place(found.steps.astype(np.float64))
        kept = _kept(places, found.values)
        thinned |= len(kept) < len(found)
        lines.append(_line(run, places[kept], found.values[kept], y))
    notes = []
    if thinned:
        notes.append(
            f"Drawn thinned, with every column's extremes: {plural(len(steps), 'point')} in all."
        )
    odd = int(np.count_nonzero(~np.isfinite(values)))
    if odd:
        notes.append(f"{plural(odd, 'value')} NaN (×) or infinite (triangles at the edge).")
    return Chart(
        tuple(lines),
        tuple(x.ticks(1.0)),
        tuple(y.ticks(0.0)),
        None if first_step is None else x.at([float(first_step)])[0],
        tuple(notes),
    )


class _Scale(Struct, frozen=True):
    """Values from `low` to `high` spread over the units from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Floats, start: float, end: float) -> "_Scale":
        if not len(values):
            return cls(0.0, 0.0, start, end)
        return cls(float(values.min()), float(values.max()), start, end)

    def place(self, values: Floats) -> Floats:
        """Where values stand; in the middle where all are the same."""
        # Halves: the distance of the largest floats is no float.
        span = self.high / 2 - self.low / 2
        if span == 0:
            return np.full(len(values), (self.start + self.end) / 2)
        placed: Floats = self.start + (values / 2 - self.low / 2) / span * (self.end - self.start)
        return placed

    def ticks(self, least: float) -> Iterator[tuple[float, str]]:
        """Round values with their places, at least `least` apart; the value where all are one."""
        found = axes.ticks(self.low, self.high, least=least)
        yield from zip(
            self.at([value for value, _ in found]), (text for _, text in found), strict=True
        )

    def at(self, values: list[float]) -> list[float]:
        """The same, rounded for the page."""
        placed: list[float] = np.round(self.place(np.array(values, np.float64)), 2).tolist()
        return placed


def _kept(x: Floats, values: Floats) -> npt.NDArray[np.int64]:
    """The points to draw: all, or those that no column can do without."""
    if len(x) <= 2 * _COLUMNS:
        return np.arange(len(x))
    columns = np.floor((x - LEFT) / (RIGHT - LEFT) * _COLUMNS).astype(np.int64)
    return axes.thinned(columns, values)


def _line(run: int, x: Floats, values: Floats, y: _Scale) -> Line:
    finite = np.isfinite(values)
    heights = np.round(_heights(values, y), 2)
    points: list[Point] = list(zip(np.round(x, 2).tolist(), heights.tolist(), strict=True))
    path, dots = [], []
    for place, (point, drawn) in enumerate(zip(points, finite.tolist(), strict=True)):
        if not drawn:
            continue
        begins = place == 0 or not finite[place - 1]
        ends = place == len(points) - 1 or not finite[place + 1]
        path.append(f"{'M' if begins else 'L'}{point[0]:g} {point[1]:g}")
        if len(points) <= _FEW or (begins and ends):
            dots.append(point)

    def at(which: npt.NDArray[np.bool_]) -> tuple[Point, ...]:
        return tuple(point for point, here in zip(points, which.tolist(), strict=True) if here)

    return Line(
        run,
        "".join(path),
        tuple(dots),
        up=at(np.isposinf(values)),
        down=at(np.isneginf(values)),
        nan=at(np.isnan(values)),
    )


def _heights(values: Floats, y: _Scale) -> Floats:
    """Where values stand; those that are not finite stand at an edge."""
    heights = np.where(np.isposinf(values), TOP, BOTTOM)
    finite = np.isfinite(values)
    heights[finite] = y.place(values[finite])
    return heights
