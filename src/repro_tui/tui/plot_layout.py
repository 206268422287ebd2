"""Two histories on the axes of a plot: where their points stand, and the way between them. Pure."""

import numpy as np
from msgspec import Struct

from repro_tui.evidence.model import History
from repro_tui.reports.axes import Floats
from repro_tui.tui.curves import Curve, Pairs, Scale, undrawn

_END = np.iinfo(np.int64).max


class Look(Struct, frozen=True):
    """How a plot is looked at: its axes, and the unit of its distances."""

    log_values: bool = False
    log_steps: bool = False
    by_time: bool = False
    """By seconds since each history's first point, not by steps."""
    in_ulp: bool = False


class Layout(Struct, frozen=True, eq=False):
    """Worked out once for points and look, not for every drawing."""

    look: Look
    scale: Scale
    """The horizontal axis."""
    curves: tuple[Curve, Curve]
    apart: Curve
    """The distances of the pairs."""
    x: Floats
    """Where the pairs stand, a row each: at steps or seconds."""
    places: Floats
    """The same as places on the axis; NaN: it has none."""
    undrawn_values: str
    """What has no place on its axis, in words; empty: everything has."""
    undrawn_distances: str
    undrawn_steps: str

    @classmethod
    def of(cls, left: History, right: History, pairs: Pairs, look: Look) -> "Layout":
        scale, curves = laid(left, right, look)
        in_left, in_right = _x(left, look), _x(right, look)
        there = pairs.in_left >= 0
        x = np.empty(len(pairs))
        x[there] = in_left[pairs.in_left[there]]
        x[~there] = in_right[pairs.in_right[~there]]
        distances = pairs.ulp if look.in_ulp else pairs.absolute
        values = np.concatenate([left.values, right.values])
        return cls(
            look,
            scale,
            curves,
            Curve.on(scale, x, distances),
            x,
            scale.place(x),
            undrawn(values, log=look.log_values),
            undrawn(distances, log=True) if look.log_values else "",
            undrawn(np.concatenate([in_left, in_right]), log=look.log_steps),
        )

    def place(self, row: int) -> float:
        """A row's place on the axis; NaN where it has none."""
        return float(self.places[row]) if len(self.places) else float("nan")

    def nearest(self, place: float) -> int | None:
        """The row that stands nearest to a place; None where no row has one."""
        if not np.isfinite(self.places).any():
            return None
        return int(np.nanargmin(np.abs(self.places - place)))

    def beside(self, row: int, by: float) -> int:
        """The row that stands nearest to so far from a row, the next one at least."""
        beyond = self.places[row + 1 :] if by > 0 else self.places[:row]
        if not (np.isfinite(self.place(row)) and np.isfinite(beyond).any()):
            return row + (1 if by > 0 else -1)
        near = int(np.nanargmin(np.abs(beyond - (self.place(row) + by))))
        return row + 1 + near if by > 0 else near


def laid(left: History, right: History, look: Look) -> tuple[Scale, tuple[Curve, Curve]]:
    """The horizontal axis of two histories, and their curves on it."""
    in_left, in_right = _x(left, look), _x(right, look)
    scale = Scale.over(np.concatenate([in_left, in_right]), log=look.log_steps)
    return scale, (
        Curve.on(scale, in_left, left.values),
        Curve.on(scale, in_right, right.values),
    )


def place_of(step: int, left: History, right: History, look: Look, scale: Scale) -> float:
    """Where a step stands on that axis, by the left history's point if it has one there.

    NaN where neither has a point there, or the axis no place for it.
    """
    for history in (left, right):
        at = int(np.searchsorted(history.steps, step))
        if at < len(history) and history.steps[at] == step:
            return float(scale.place(_x(history, look)[at : at + 1])[0])
    return float("nan")


def _x(history: History, look: Look) -> Floats:
    """Where the points of a history stand: steps, or seconds since its first."""
    if not look.by_time:
        return history.steps.astype(np.float64)
    times: Floats = (history.timestamps - history.timestamps.min(initial=_END)) / 1000
    return times
