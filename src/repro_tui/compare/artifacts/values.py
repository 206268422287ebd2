"""Single values inside files: names for their places, and one finding for each pair."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np

from repro_tui.compare.artifacts import asides
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.numbers import distance
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import INT64, Scalar, known, same, types_note
from repro_tui.evidence.model import Key, Known, SectionName

T = TypeVar("T")


def compare_scalars(
    key: Key, left: Scalar, right: Scalar, policy: Policy, paths: tuple[str, str]
) -> Finding:
    """One finding. `paths` are the names of the two files, the sources of the facts."""
    facts = known(left, paths[0]), known(right, paths[1])
    if same(left, right):
        return Finding(key, Kind.EQUAL, *facts)
    if _number(left) and _number(right):
        return _compare_numbers(key, left, right, policy, facts)
    if isinstance(left, str) and isinstance(right, str):
        # The key goes along: below `md5`, 32 digits are no run id.
        name = "/".join(key)
        used = asides.incidental(f"{name}: {left}", f"{name}: {right}")
        if used:
            rule, why = (", ".join(parts) for parts in zip(*used, strict=True))
            return Finding(key, Kind.SET_ASIDE, *facts, note=why, rule=rule)
    return Finding(key, Kind.CHANGED, *facts, note=types_note(left, right))


def unique(names: Iterable[str]) -> Iterator[str]:
    """The names in order; one that comes again is numbered: `a`, `b`, `a #2`.

    No two that come out are equal, also where a stranger's names look like numbered ones.
    """
    counts: dict[str, int] = {}
    given: set[str] = set()
    for name in names:
        own = name
        while own in given:
            counts[name] = counts.get(name, 1) + 1
            own = f"{name} #{counts[name]}"
        given.add(own)
        yield own


def pair(left: Mapping[str, T], right: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """Every name once, in the left's order, then what only the right has."""
    for name in dict.fromkeys((*left, *right)):
        yield name, left.get(name), right.get(name)


def _number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compare_numbers(
    key: Key, left: Scalar, right: Scalar, policy: Policy, facts: tuple[Known, Known]
) -> Finding:
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    if left == right and math.copysign(1, left) == math.copysign(1, right):
        return asides.SAME_NUMBER.finding(key, *facts)
    if isinstance(left, int) and isinstance(right, int) and not (left in INT64 and right in INT64):
        return Finding(key, Kind.CHANGED, *facts)
    dtype = np.int64 if isinstance(left, int) and isinstance(right, int) else np.float64
    tolerance = policy.tolerance(SectionName.ARTIFACTS, key, np.dtype(dtype).name)
    apart = distance(np.array([left], dtype), np.array([right], dtype), tolerance)
    if not apart.differing:  # an integer and a float, unequal and yet the same float64
        return Finding(key, Kind.CHANGED, *facts)
    note = f"{apart.max_abs:g} apart"
    if apart.beyond_tolerance:
        return Finding(key, Kind.CHANGED, *facts, note=note)
    return Finding(key, Kind.WITHIN_TOLERANCE, *facts, note=note, rule=tolerance.name)
