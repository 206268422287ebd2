"""The histories of a metric as curves: scales, windows, what is drawn and what is said. Pure.

Places on an axis are parts of it, from 0 at its low to 1 at its high end: so no arithmetic
of a drawing meets the largest floats, and a logarithmic scale is a scale like the other.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from repro_tui.compare.metrics import aligned
from repro_tui.compare.numbers import differences
from repro_tui.compare.policy import Tolerance
from repro_tui.evidence.model import History
from repro_tui.reports import axes
from repro_tui.reports.axes import Floats, Indices
from repro_tui.text import number

_COARSE = 2**14
"""Columns to which a curve of very many points is thinned once, for the view of much of it."""
_MANY = 16 * _COARSE
"""Points in view from which that is drawn: several dozen of its columns make one on screen."""
_NARROWEST = 1e-12
"""Part of an axis that a window shows at least."""
NO_POINTS = History(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))


# --- Axes ----------------------------------------------------------------------------


class Scale(Struct, frozen=True):
    """Where values stand between `low` and `high`, linearly or by their logarithm."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, values: Floats, *, log: bool = False) -> "Scale":
        """The scale that just holds all of the values that can be drawn on it."""
        drawn = values[drawable(values, log=log)]
        if not len(drawn):
            return cls(1.0, 1.0, log)
        return cls(float(drawn.min()), float(drawn.max()), log)

    def place(self, values: Floats) -> Floats:
        """Where values stand; 0.5 where both ends are one, NaN where one cannot be drawn."""
        placed = np.full(len(values), np.nan)
        drawn = drawable(values, log=self.log)
        low, high, held = self.low, self.high, values[drawn]
        if self.log:
            low, high, held = math.log10(low), math.log10(high), np.log10(held)
        # Halves: the distance of the largest floats is no float.
        span = high / 2 - low / 2
        placed[drawn] = (held / 2 - low / 2) / span if span else 0.5
        return placed

    def value(self, place: float) -> float:
        """What stands there: the inverse of `place`."""
        low, high = self.low, self.high
        if self.log:
            return float(10 ** (math.log10(low) * (1 - place) + math.log10(high) * place))
        return low * (1 - place) + high * place

    def ticks(self, about: int, *, least: float = 0.0) -> list[tuple[float, str]]:
        """Places with their labels, about so many."""
        found = axes.ticks(self.low, self.high, least=least, about=about)
        if self.log and self.high > self.low:
            decades = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
            if len(decades) > 1:
                every = math.ceil(len(decades) / about)
                found = [(10.0**power, f"1e{power}") for power in decades[::every]]
        places = self.place(np.array([value for value, _ in found], np.float64)).tolist()
        return list(zip(places, (text for _, text in found), strict=True))


def drawable(values: Floats, *, log: bool) -> npt.NDArray[np.bool_]:
    """Which values have a place on an axis: finite, and above zero where it is logarithmic."""
    return np.isfinite(values) & (values > 0) if log else np.isfinite(values)


def undrawn(values: Floats, *, log: bool) -> str:
    """What of the values has no place on the axis, in words; empty where all have one."""
    counts = {
        "NaN": np.isnan(values),
        "infinite": np.isinf(values),
        "zero": log & (values == 0),
        "negative": log & np.isfinite(values) & (values < 0),
    }
    found = [(name, int(np.count_nonzero(which))) for name, which in counts.items()]
    return ", ".join(f"{count:,} {name}" for name, count in found if count)


class Window(Struct, frozen=True):
    """The part of an axis that is in view."""

    low: float = 0.0
    high: float = 1.0

    @property
    def whole(self) -> bool:
        return self == Window()

    def zoomed(self, factor: float, around: float) -> "Window":
        """`factor` times as wide, with the place `around` where it was in view."""
        width = min(max((self.high - self.low) * factor, _NARROWEST), 1.0)
        part = (around - self.low) / (self.high - self.low)
        return _within(around - part * width, width)

    def panned(self, by: float) -> "Window":
        """Moved by so many of its own widths."""
        width = self.high - self.low
        return _within(self.low + by * width, width)

    def holding(self, place: float) -> "Window":
        """Moved just so far that `place` is in view."""
        if self.low <= place <= self.high:
            return self
        width = self.high - self.low
        return _within(place - width / 2, width)

    def seen(self, places: Floats) -> Floats:
        """Places on the axis as places in the window: 0 and 1 are its edges."""
        return (places - self.low) / (self.high - self.low)

    def place(self, seen: float) -> float:
        """The place on the axis of a place in the window."""
        return self.low + seen * (self.high - self.low)


def _within(low: float, width: float) -> Window:
    low = min(max(low, 0.0), 1.0 - width)
    return Window(low, min(low + width, 1.0))


# --- Points --------------------------------------------------------------------------


class Pairs(Struct, frozen=True, eq=False):
    """The points of two histories as they were compared, one row a pair, by step.

    Arrays of one length. Where one side has no point its index is -1 and its value NaN.
    """

    steps: Indices
    in_left: Indices
    in_right: Indices
    left: Floats
    right: Floats
    differing: npt.NDArray[np.bool_]
    """Whether the two are not equal to the bit, or one of them is not there."""
    awaited: npt.NDArray[np.bool_]
    """Whether they are not compared yet: they do not differ, and are not equal."""
    absolute: Floats
    """The distance; NaN where one is not there, not finite or awaited."""
    ulp: Floats
    """The same in units in the last place."""

    def __len__(self) -> int:
        return len(self.steps)

    def values(self, row: int) -> tuple[float | None, float | None]:
        """What both runs have there; None: no point."""
        return (
            float(self.left[row]) if self.in_left[row] >= 0 else None,
            float(self.right[row]) if self.in_right[row] >= 0 else None,
        )

    def spelled(self, row: int) -> list[str]:
        """The same in words, exactly."""
        return ["no point" if value is None else number(value) for value in self.values(row)]

    def text(self, row: int) -> str:
        """Step and values, exactly, between tabs."""
        if not len(self):
            return ""
        values = ("" if value is None else number(value) for value in self.values(row))
        return "\t".join((str(int(self.steps[row])), *values))

    def row_of(self, step: int) -> int:
        """The first row at that step, or the nearest after it; the last where there is none."""
        return max(min(int(np.searchsorted(self.steps, step)), len(self) - 1), 0)

    def find(self, text: str) -> int | str:
        """The row of the step that was typed, or why there is none."""
        typed = text.strip().replace(",", "").replace("_", "")
        try:
            step = int(typed)
        except ValueError:
            return f"{text!r} is no step: type a whole number."
        if not len(self):
            return "There is no step."
        row = self.row_of(min(max(step, -(2**63)), 2**63 - 1))
        if self.steps[row] != step:
            return f"No point at step {step:,}. The nearest one is {int(self.steps[row]):,}."
        return row

    def next_difference(self, row: int, direction: int) -> int | None:
        """The next row that differs in that direction, if there is one."""
        where = np.flatnonzero(self.differing)
        place = int(np.searchsorted(where, row, side="right" if direction > 0 else "left"))
        place -= direction < 0
        return int(where[place]) if 0 <= place < len(where) else None


def pairs(left: History | None, right: History | None, awaited: Indices = NO_POINTS.steps) -> Pairs:
    """Put the points of two histories abreast, as `compare.metrics` joins them.

    `awaited` are steps that are not compared yet, since a run has still to log points there.
    """
    a, b = left or NO_POINTS, right or NO_POINTS
    in_left, in_right = aligned(a, b)
    values = _at(a, in_left), _at(b, in_right)
    there = in_left >= 0
    steps = np.empty(len(in_left), np.int64)
    steps[there], steps[~there] = a.steps[in_left[there]], b.steps[in_right[~there]]
    waiting = np.isin(steps, awaited)
    both = np.flatnonzero(there & (in_right >= 0) & ~waiting)
    differing = ~waiting
    differing[both] = False
    absolute, ulp = np.full(len(steps), np.nan), np.full(len(steps), np.nan)
    finite = both[np.isfinite(values[0][both]) & np.isfinite(values[1][both])]
    absolute[finite] = ulp[finite] = 0.0
    for chunk in differences(values[0][both], values[1][both], Tolerance()):
        at = both[chunk.positions]
        differing[at] = True
        absolute[at] = np.where(chunk.finite, chunk.absolute, np.nan)
        ulp[at] = np.where(chunk.finite, chunk.ulp.astype(np.float64), np.nan)
    return Pairs(steps, in_left, in_right, *values, differing, waiting, absolute, ulp)


def _at(history: History, index: Indices) -> Floats:
    values = np.full(len(index), np.nan)
    values[index >= 0] = history.values[index[index >= 0]]
    return values


class Curve(Struct, frozen=True, eq=False):
    """Points by their places on the axis, in the order of these; each has one."""

    places: Floats
    values: Floats
    coarse: "Curve | None" = None
    """The same with fewer points, where there are very many."""

    @classmethod
    def on(cls, scale: Scale, x: Floats, values: Floats) -> "Curve":
        """The points that have a place there. The times of steps need not be in their order."""
        places = scale.place(x)
        known = np.isfinite(places)
        if not known.all():
            places, values = places[known], values[known]
        if len(places) and (np.diff(places) < 0).any():
            order = np.argsort(places, kind="stable")
            places, values = places[order], values[order]
        whole = cls(places, values)
        return replace(whole, coarse=whole.thinned(_COARSE)) if len(places) > _MANY else whole

    def thinned(self, columns: int) -> "Curve":
        """So few points that `columns` columns from place 0 to 1 still keep their extremes."""
        if len(self.places) <= 2 * columns:
            return self
        bins = np.floor(np.clip(self.places, -1.0, 2.0) * columns).astype(np.int64)
        kept = axes.thinned(bins, self.values)
        return Curve(self.places[kept], self.values[kept])

    def seen(self, window: Window, columns: int) -> "Curve":
        """What is drawn: the points in view by their places in the window, thinned to so many
        columns, and one point on either side, where lines lead to."""
        first = max(int(np.searchsorted(self.places, window.low, side="left")) - 1, 0)
        last = int(np.searchsorted(self.places, window.high, side="right")) + 1
        if self.coarse is not None and last - first > _MANY:
            return self.coarse.seen(window, columns)
        places = window.seen(self.places[first:last])
        return Curve(places, self.values[first:last]).thinned(columns)

    def in_view(self, *, log: bool) -> Floats:
        """The values between the edges of a window that this was seen in: of its points, and
        of its line where that comes in and goes out."""
        inside = self.values[(self.places >= 0) & (self.places <= 1)]
        known = drawable(self.values, log=log)
        places, values = self.places[known], self.values[known]
        edges = [edge for edge in (0.0, 1.0) if len(places) and places[0] <= edge <= places[-1]]
        if not edges:
            return inside
        with np.errstate(over="ignore", invalid="ignore"):
            crossing = np.interp(edges, places, np.log10(values) if log else values)
            return np.concatenate([inside, 10**crossing if log else crossing])


def stretches(heights: Floats) -> Iterator[slice]:
    """Where a line runs through: it breaks where there is no height."""
    drawn = np.concatenate([[False], np.isfinite(heights), [False]])
    edges = np.flatnonzero(drawn[1:] != drawn[:-1]).tolist()
    yield from (slice(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True))
