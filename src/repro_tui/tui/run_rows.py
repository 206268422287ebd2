"""The list of runs as it is shown: order, folding, marks, verdicts. Pure.

However many runs are listed, a row is made when it is looked at: what is held is the
outline of the list, and the few runs that are in the cache.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from msgspec import Struct

from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.tui.run_cache import RunCache

if TYPE_CHECKING:
    # The first frame, which lists nothing, does not wait for them.
    from repro_tui.evidence.tracking.outline import Outline
    from repro_tui.tui.run_arrangement import Arrangement


class RunRow(Struct, frozen=True):
    """A run in its place in the list."""

    run_id: str
    known: Run | None
    """None where it has not been read yet, or is gone."""
    depth: int = 0
    """How many of its ancestors are in the list above it."""
    children: int = 0
    folded: bool = False
    mark: int = 0
    """1, 2, 3… where it is marked for comparison: 1 is what the others are compared with."""
    verdicts: tuple[str, ...] = ()
    """Its own where it is a re-execution, and those of its re-executions."""
    gone: bool = False
    """Whether the store does not hold it any more."""

    @property
    def run(self) -> Run:
        """The run, of a row that is known."""
        assert self.known is not None
        return self.known


class Folding(Struct, frozen=True):
    """Which parents are folded: all or none of them, but for some."""

    all: bool = False
    but: frozenset[str] = frozenset()

    def __contains__(self, run_id: str) -> bool:
        return self.all is not (run_id in self.but)

    def __bool__(self) -> bool:
        return self.all or bool(self.but)

    def toggled(self, run_id: str) -> "Folding":
        return Folding(self.all, self.but ^ {run_id})


def verdicts_by_run(outline: "Outline") -> Mapping[str, tuple[str, ...]]:
    """The verdict of each re-execution, and of each original those of its re-executions."""
    verdicts: dict[str, tuple[str, ...]] = {}
    for verdict in outline.verdicts:
        for run_id in filter(None, (verdict.run_id, verdict.original)):
            verdicts[run_id] = (*verdicts.get(run_id, ()), verdict.headline)
    return verdicts


UNFOLDED = Folding()


class RunList(Sequence[RunRow]):
    """The rows of the list, each made when it is asked for."""

    def __init__(
        self,
        outline: "Outline",
        cache: RunCache,
        arrangement: "Arrangement | None" = None,
        folded: Folding = UNFOLDED,
        marks: Sequence[str] = (),
    ) -> None:
        if arrangement is None:
            from repro_tui.tui.run_arrangement import arrange

            arrangement = arrange(outline.parents, len(outline))
        self._outline = outline
        self._cache = cache
        self._arrangement = arrangement
        self._folded = folded
        self._marks = {run_id: number for number, run_id in enumerate(marks, 1)}
        self._verdicts = verdicts_by_run(outline)

    def __len__(self) -> int:
        return len(self._arrangement.places)

    @overload
    def __getitem__(self, index: int) -> RunRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RunRow]: ...
    def __getitem__(self, index: int | slice) -> RunRow | Sequence[RunRow]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        place = self._arrangement.places[index]
        run_id = self._outline.run_ids[place]
        children = self._arrangement.children.get(place, 0)
        return RunRow(
            run_id,
            self._cache.get(run_id),
            self._arrangement.depths.get(place, 0),
            children,
            children > 0 and run_id in self._folded,
            self._marks.get(run_id, 0),
            self._verdicts.get(run_id, ()),
            self._cache.gone(run_id),
        )

    def ids(self, start: int, end: int) -> tuple[str, ...]:
        """The runs of these rows; rows that are not there are left out."""
        places = self._arrangement.places[max(start, 0) : max(end, 0)]
        return tuple(map(self._outline.run_ids.__getitem__, places))

    def place(self, run_id: str) -> int | None:
        """The row that a run stands in, if it is listed."""
        place, listed = self._outline.run_ids.find(run_id), self._arrangement.places
        return listed.index(place) if place in listed else None


def pair(current: Run | None, marks: Sequence[str]) -> tuple[str, ...] | None:
    """The runs to compare, the base first: the marked ones, or what goes with the current.

    None where nothing says which are meant.
    """
    if len(marks) > 1:
        return tuple(marks)
    if current is None:
        return None
    if len(marks) == 1 and marks[0] != current.run_id:
        return marks[0], current.run_id
    original = current.tags.get(Tag.REEXECUTES)
    return (original, current.run_id) if original else None


def names_of(runs: Iterable[Run]) -> dict[str, Counter[str]]:
    """The names of metrics, params and tags, and how many of the runs have each."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in ("metrics", "params", "tags")}
    for run in runs:
        counts["metrics"].update(run.metrics.keys())
        counts["params"].update(run.params.keys())
        counts["tags"].update(run.tags.keys())
    return counts
