"""Metric points, in whatever order a store gives them, as a `History`. Pure."""

from collections.abc import Iterable

import numpy as np

from repro_tui.evidence.model import History


def ordered_history(points: Iterable[tuple[int, int, float]]) -> History:
    """The history of points (step, timestamp, value): sorted, NaN last among equals."""
    rows = list(points)
    step = np.array([row[0] for row in rows], dtype=np.int64)
    timestamp = np.array([row[1] for row in rows], dtype=np.int64)
    value = np.array([row[2] for row in rows], dtype=np.float64)
    order = np.lexsort((value, np.isnan(value), timestamp, step))
    return History(step[order], timestamp[order], value[order])
