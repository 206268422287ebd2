"""Metric points, in whatever order a store gives them, as a `History`. Pure."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from repro_tui.evidence.model import History


def ordered_history(points: Iterable[tuple[int, int, float]]) -> History:
    """The history of points (step, timestamp, value)."""
    rows = list(points)
    return sorted_history(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


def sorted_history(
    steps: npt.NDArray[np.int64],
    timestamps: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
) -> History:
    """The history of these points: by step, timestamp, value, NaN last among equals."""
    if np.all(steps[1:] > steps[:-1]):
        return History(steps.copy(), timestamps.copy(), values.copy())
    order = np.lexsort((values, np.isnan(values), timestamps, steps))
    return History(steps[order], timestamps[order], values[order])
