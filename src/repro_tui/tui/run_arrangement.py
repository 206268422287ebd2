"""In which order runs are listed: children under their parents, what is folded left out. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repro_tui.evidence.tracking.outline import Places


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Runs in the order in which they are listed."""

    places: Places
    """Where the run of each row stands in the outline."""
    depths: npt.NDArray[np.uint16]
    """By place in the outline, as is `children`."""
    children: npt.NDArray[np.intp]


def arrange(parents: Places, is_folded: Callable[[int], bool] = lambda _: False) -> Arrangement:
    """Children under their parents, in the given order; what is folded is left out.

    `parents` holds each run's parent, by place, or -1.
    """
    children = np.bincount(parents[parents >= 0], minlength=len(parents))
    if (parents < 0).all():
        return flat(range(len(parents)), len(parents))
    if (parents[parents[parents >= 0]] < 0).all():
        return _one_deep(parents, children, is_folded)
    return _any_deep(parents, children, is_folded)


def _one_deep(parents: Places, children: Places, is_folded: Callable[[int], bool]) -> Arrangement:
    """The usual case, without a loop over all runs: no child has children."""
    depths = (parents >= 0).astype(np.uint16)
    family = np.where(parents >= 0, parents, np.arange(len(parents)))
    listed = np.argsort(2 * family + depths, kind="stable")
    folded = np.zeros(len(parents), np.bool_)
    folded[[place for place in np.nonzero(children)[0].tolist() if is_folded(place)]] = True
    hidden = (depths > 0) & folded[family]
    return Arrangement(listed[~hidden[listed]], depths, children)


def _any_deep(parents: Places, children: Places, is_folded: Callable[[int], bool]) -> Arrangement:
    depths = np.zeros(len(parents), np.uint16)
    below: dict[int, list[int]] = {}
    for child in np.nonzero(parents >= 0)[0].tolist():
        below.setdefault(int(parents[child]), []).append(child)
    placed = np.zeros(len(parents), np.bool_)
    listed: list[int] = []
    # Runs that name each other as parents are reached from no root: they come last.
    for root in (*np.nonzero(parents < 0)[0].tolist(), *range(len(parents))):
        # A stack, not recursion: a stranger's tags may nest as deep as they like.
        waiting = [(root, 0, True)]
        while waiting:
            place, depth, shown = waiting.pop()
            if placed[place]:
                continue
            placed[place] = True
            depths[place] = min(depth, np.iinfo(np.uint16).max)
            if shown:
                listed.append(place)
            if inside := below.get(place):
                shown = shown and not is_folded(place)
                waiting += [(child, depth + 1, shown) for child in reversed(inside)]
    return Arrangement(np.array(listed, np.intp), depths, children)


def flat(places: Iterable[int], count: int) -> Arrangement:
    """Some of `count` runs without the tree, as a search lists them."""
    nothing = np.zeros(count, np.intp)
    return Arrangement(np.fromiter(places, np.intp), nothing.astype(np.uint16), nothing)
