"""Metric curves as geometry: what an SVG is drawn from, and nothing of its looks.

Every finite point is a vertex where there is room. Of a long history each column keeps
its first, smallest, largest and last point, so that no extreme is lost in the drawing.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from repro_tui.evidence.model import History
from repro_tui.text import plural

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 708.0, 16.0, 208.0
"""The edges of the area that curves are drawn in, in units of the SVG."""

_COLUMNS = 480
_SMALLEST = 1e-290
"""Shorter axes are labelled at their ends alone."""
_PLAIN = 1e6
"""Labels below it have no exponent."""
_LONGEST = 9
"""Digits of a label; where that is too few, labels count from the first."""
_FEW = 60
"""Up to that many points of a run each gets a dot."""

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
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


@dataclass(frozen=True, slots=True)
class Chart:
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


@dataclass(frozen=True, slots=True)
class _Scale:
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
        span = self.high - self.low
        if not _SMALLEST < span < math.inf:
            ends = list(dict.fromkeys((self.low, self.high)))
            yield from zip(self.at(ends), (f"{end:.6g}" for end in ends), strict=True)
            return
        rough = span / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = max(next(m * power for m in (1, 2, 5, 10) if m * power >= rough), least)
        most = max(abs(self.low), abs(self.high))
        digits = min(max(math.ceil(math.log10(most / step)) + 1, 1), 17)
        if most < _PLAIN:
            digits = max(digits, math.ceil(math.log10(_PLAIN)))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        values = list(dict.fromkeys(number * step for number in range(first, last + 1)))
        # Adding 0 takes the sign off a negative zero.
        texts = [f"{value + 0.0:.{digits}g}" for value in values]
        if digits > _LONGEST:
            texts = [f"{values[0]:.6g}", *(f"+{value - values[0]:.2g}" for value in values[1:])]
        yield from zip(self.at(values), texts, strict=True)

    def at(self, values: list[float]) -> list[float]:
        """The same, rounded for the page."""
        placed: list[float] = np.round(self.place(np.array(values, np.float64)), 2).tolist()
        return placed


def _kept(x: Floats, values: Floats) -> npt.NDArray[np.int64]:
    """The points to draw: all, or of each column the first, the extremes, the last, one odd."""
    if len(x) <= 2 * _COLUMNS:
        return np.arange(len(x))
    column = np.floor((x - LEFT) / (RIGHT - LEFT) * _COLUMNS)
    edges = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(x)]
    kept: set[int] = set()
    for start, end in pairwise(edges):
        here = values[start:end]
        finite = np.flatnonzero(np.isfinite(here))
        odd = np.flatnonzero(~np.isfinite(here))[:1]
        kept.update((start + odd).tolist())
        if len(finite):
            extremes = np.array([0, here[finite].argmin(), here[finite].argmax(), -1])
            kept.update((start + finite[extremes]).tolist())
    return np.array(sorted(kept), dtype=np.int64)


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
