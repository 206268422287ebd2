"""Metric histories compared point by point, joined by step.

The timestamps of points are always set aside (the rule "metric timestamps"): when a
point was logged never repeats. They only put repeated points of one step in order.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from repro_tui.compare.model import Finding, HistoryDetail, Kind
from repro_tui.compare.numbers import distance, first_beyond
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import History, Key, Known, SectionName
from repro_tui.text import plural

Indices = npt.NDArray[np.int64]


def compare_histories(key: Key, left: Known, right: Known, policy: Policy) -> Finding:
    """One finding for a metric that both runs have.

    The k-th point of a step is compared with the k-th point of that step. Points that
    one run logged at one step within one millisecond have no recorded order; where some
    order of them makes both sides equal, they are equal, and the note says so.
    """
    assert isinstance(left.value, History)
    assert isinstance(right.value, History)
    a, b = left.value, right.value
    joined, reordered = _pairs(a, b)
    tolerance = policy.tolerance(SectionName.METRICS, key, "float64")
    values = a.values[joined.left], b.values[joined.right]
    apart = distance(*values, tolerance)
    at = first_beyond(*values, tolerance)
    if apart.max_abs_at is not None:
        apart = replace(apart, max_abs_at=int(a.steps[joined.left[apart.max_abs_at]]))
    # The first step that differs, with the values there: as a pair, or on one side only.
    firsts: list[tuple[int, float | None, float | None]] = []
    if at is not None:
        step = int(a.steps[joined.left[at]])
        firsts.append((step, float(values[0][at]), float(values[1][at])))
    if len(joined.only_left):
        first = joined.only_left[0]
        firsts.append((int(a.steps[first]), float(a.values[first]), None))
    if len(joined.only_right):
        first = joined.only_right[0]
        firsts.append((int(b.steps[first]), None, float(b.values[first])))
    first_step, first_left, first_right = min(
        firsts, key=lambda found: found[0], default=(None, None, None)
    )
    detail = HistoryDetail(
        distance=apart,
        first_step=first_step,
        first_left=first_left,
        first_right=first_right,
        last_left=float(a.values[-1]) if len(a) else None,
        last_right=float(b.values[-1]) if len(b) else None,
        only_left=len(joined.only_left),
        only_right=len(joined.only_right),
    )
    kind, rule = Kind.EQUAL, ""
    if firsts:
        kind = Kind.CHANGED
    elif apart.differing:
        kind, rule = Kind.WITHIN_TOLERANCE, tolerance.name
    note = ""
    if reordered:
        note = (
            f"{plural(reordered, 'point')} logged at one step within one millisecond have no "
            "recorded order and were matched by value"
        )
    return Finding(key, kind, left, right, note, rule, detail)


def aligned(left: History, right: History) -> tuple[Indices, Indices]:
    """The points that are compared with each other, by step: indices into both histories.

    Two arrays of one length; -1 where a point has no counterpart.
    """
    joined, _ = _pairs(left, right)
    alone_left, alone_right = (
        np.full(len(points), -1) for points in (joined.only_right, joined.only_left)
    )
    steps = np.concatenate(
        [left.steps[joined.left], left.steps[joined.only_left], right.steps[joined.only_right]]
    )
    order = np.argsort(steps, kind="stable")
    in_left = np.concatenate([joined.left, joined.only_left, alone_left])
    in_right = np.concatenate([joined.right, alone_right, joined.only_right])
    return in_left[order], in_right[order]


class _Joined(Struct, frozen=True):
    """Indices into both histories: of pairs, and of points without a counterpart."""

    left: Indices
    right: Indices
    only_left: Indices
    only_right: Indices


def _join(left: Indices, right: Indices) -> _Joined:
    """Join by step, and within a step by order. Both are ascending."""
    if np.array_equal(left, right):
        every, none = np.arange(len(left)), np.empty(0, np.int64)
        return _Joined(every, every, none, none)
    _, number = np.unique(np.concatenate([left, right]), return_inverse=True)
    occurrence = np.concatenate([_occurrence(left), _occurrence(right)])
    # One integer for step and occurrence: both together are fewer than 2**63.
    points = number * (occurrence.max(initial=0) + 1) + occurrence
    a, b = points[: len(left)], points[len(left) :]
    _, in_left, in_right = np.intersect1d(a, b, assume_unique=True, return_indices=True)
    return _Joined(
        in_left,
        in_right,
        np.setdiff1d(np.arange(len(left)), in_left, assume_unique=True),
        np.setdiff1d(np.arange(len(right)), in_right, assume_unique=True),
    )


def _occurrence(steps: Indices) -> Indices:
    """For each point how many points before it have the same step."""
    return np.arange(len(steps)) - np.searchsorted(steps, steps, side="left")


def _pairs(a: History, b: History) -> tuple[_Joined, int]:
    """Which points are compared with each other, and how many were matched by value.

    Only steps are touched at which values differ, at which one side repeats a timestamp,
    and which both sides log equally often.
    """
    joined = _join(a.steps, b.steps)
    tied = np.concatenate([_tied(a), _tied(b)])
    if not len(tied):
        return joined, 0
    left, right = a.values[joined.left].view(np.int64), b.values[joined.right].view(np.int64)
    steps = a.steps[joined.left]
    in_right = joined.right.copy()
    reordered = 0
    for step in np.intersect1d(steps[left != right], tied):
        ends = [np.searchsorted(side.steps, [step, step + 1]) for side in (a, b)]
        groups = [_simultaneous(side, *end) for side, end in zip((a, b), ends, strict=True)]
        if ends[0][1] - ends[0][0] == ends[1][1] - ends[1][0] and _same_in_some_order(*groups):
            here = np.flatnonzero(steps == step)
            # Equal values stand at the same places of both orders.
            ranked = [here[np.argsort(values[here])] for values in (left, right)]
            in_right[ranked[0]] = joined.right[ranked[1]]
            reordered += len(here)
    return replace(joined, right=in_right), reordered


def _tied(history: History) -> Indices:
    """The steps at which two points have one timestamp."""
    steps = history.steps
    tied: Indices = steps[1:][(np.diff(steps) == 0) & (np.diff(history.timestamps) == 0)]
    return tied


def _simultaneous(history: History, start: int, end: int) -> Iterator[Counter[bytes]]:
    """The values of consecutive points of one timestamp, by how often each occurs."""
    times = history.timestamps[start:end]
    edges = [0, *(np.flatnonzero(np.diff(times)) + 1), end - start]
    for first, last in pairwise(edges):
        yield Counter(v.tobytes() for v in history.values[start + first : start + last])


def _same_in_some_order(left: Iterator[Counter[bytes]], right: Iterator[Counter[bytes]]) -> bool:
    """Whether both can be written in one order, each group's values in any order.

    The smaller of the two foremost groups stands before all else, so it must be a part of
    the larger one, whose rest is foremost next. Both hold equally many values.
    """
    a, b = next(left, None), next(right, None)
    while a and b:
        if a.total() > b.total():
            left, right, a, b = right, left, b, a
        if not a <= b:
            return False
        rest = b - a
        a, b = next(left, None), rest or next(right, None)
    return True
