"""What every drawing of a curve needs, on a page or in a terminal: which points, which ticks."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_SMALLEST = 1e-290
"""Shorter axes are labelled at their ends alone."""
_PLAIN = 1e6
"""Labels below it have no exponent."""
_LONGEST = 9
"""Digits of a label; where that is too few, labels count from the first."""


def thinned(columns: Indices, values: Floats) -> Indices:
    """Which points to draw, where several share a column: in order, no extreme lost.

    `columns` says where each point stands and never decreases. Of every column the first, the
    smallest, the largest and the last finite point are kept, and the first that is not finite.
    """
    if not len(columns):
        return np.empty(0, np.int64)
    odd = np.flatnonzero(~np.isfinite(values))
    finite = np.flatnonzero(np.isfinite(values))
    kept = [_firsts(columns, odd), _firsts(columns, finite)]
    if len(finite):
        here, known = columns[finite], values[finite]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(here)) + 1])
        counts = np.diff([*starts, len(here)])
        kept.append(finite[starts + counts - 1])
        for extreme in (np.minimum, np.maximum):
            reached = known == np.repeat(extreme.reduceat(known, starts), counts)
            kept.append(_firsts(columns, finite[reached]))
    return np.unique(np.concatenate(kept))


def _firsts(columns: Indices, points: Indices) -> Indices:
    """Of these points the first of every column."""
    here = columns[points]
    begins = np.ones(len(points), np.bool_)
    begins[1:] = here[1:] != here[:-1]
    return points[begins]


def ticks(
    low: float, high: float, *, least: float = 0.0, about: int = 5
) -> list[tuple[float, str]]:
    """Round values from `low` to `high` with their labels, at least `least` apart.

    About so many; the value where both ends are one, the ends where the axis is too short or
    too long to be divided.
    """
    span = high - low
    if not _SMALLEST < span < math.inf:
        return [(end, f"{end:.6g}") for end in dict.fromkeys((low, high))]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(next(m * power for m in (1, 2, 5, 10) if m * power >= rough), least)
    most = max(abs(low), abs(high))
    digits = min(max(math.ceil(math.log10(most / step)) + 1, 1), 17)
    if most < _PLAIN:
        digits = max(digits, math.ceil(math.log10(_PLAIN)))
    first, last = math.ceil(low / step), math.floor(high / step)
    values = list(dict.fromkeys(number * step for number in range(first, last + 1)))
    # Adding 0 takes the sign off a negative zero.
    texts = [f"{value + 0.0:.{digits}g}" for value in values]
    if digits > _LONGEST and values:
        texts = [f"{values[0]:.6g}", *(f"+{value - values[0]:.2g}" for value in values[1:])]
    return list(zip(values, texts, strict=True))
