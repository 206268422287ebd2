"""In which order runs are listed: children under their parents, what is folded left out. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from msgspec import Struct, field


class Arrangement(Struct, frozen=True):
    """Runs in the order in which they are listed."""

    places: Sequence[int]
    """Where the run of each row stands in the outline."""
    depths: Mapping[int, int] = field(default_factory=dict)
    """How many ancestors are above a run, by its place, of those that have any."""
    children: Mapping[int, int] = field(default_factory=dict)
    """How many a run has, by its place, of those that have any."""


def arrange(
    parents: Mapping[int, int], count: int, is_folded: Callable[[int], bool] = lambda _: False
) -> Arrangement:
    """Children under their parents, in the order of their places; what is folded is left out.

    Of `count` runs `parents` holds the place of each one's parent, where it has one.
    """
    if not parents:
        return Arrangement(range(count))
    below: defaultdict[int, list[int]] = defaultdict(list)
    for child in sorted(parents):
        below[parents[child]].append(child)
    depths: dict[int, int] = {}
    listed: list[int] = []
    placed: set[int] = set()
    roots = (place for place in range(count) if place not in parents)
    # Runs that name each other as parents are reached from no root: they come last.
    for top in chain(roots, sorted(below)):
        if top not in below:
            listed.append(top)
            continue
        # A stack, not recursion: a stranger's tags may nest as deep as they like.
        waiting = [(top, 0, True)]
        while waiting:
            place, depth, shown = waiting.pop()
            if place in placed:
                continue
            placed.add(place)
            if depth:
                depths[place] = depth
            if shown:
                listed.append(place)
            inside = below.get(place, [])
            shown = shown and not is_folded(place)
            if below.keys().isdisjoint(inside):
                # The usual case, all of them at once: no child has children.
                depths |= dict.fromkeys(inside, depth + 1)
                listed += inside if shown else ()
            else:
                waiting += [(child, depth + 1, shown) for child in reversed(inside)]
    return Arrangement(listed, depths, {place: len(inside) for place, inside in below.items()})
