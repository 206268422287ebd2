"""Every run of a query at once, without what it holds: enough to lay out a list of them.

Without NumPy, which takes longer to import than the first page of runs takes to read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, overload

from msgspec import Struct

from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag

Rows = list[tuple[Any, ...]]


class Verdict(Struct, frozen=True):
    """What the comparison of a re-execution with its original came to."""

    run_id: str
    original: str
    """Empty where the re-execution does not say what it re-executes."""
    headline: str


@dataclass(frozen=True, slots=True, repr=False)
class Ids(Sequence[str]):
    """Run ids in UTF-8, packed: a hundred thousand take three megabytes, not ten."""

    _bytes: bytes
    """All ids, each filled up with NUL to `_width`: that of the longest."""
    _width: int
    _count: int

    @classmethod
    def of(cls, ids: Iterable[str]) -> "Ids":
        raw = [run_id.encode(errors="replace") for run_id in ids]
        width = max(map(len, raw), default=0)
        return cls(b"".join(each.ljust(width, b"\0") for each in raw), width, len(raw))

    @classmethod
    def joined(cls, parts: Sequence["Ids"]) -> "Ids":
        """These ids, one part after another."""
        width = max((part._width for part in parts), default=0)
        packed = (
            part._bytes
            if part._width == width
            else b"".join(each.encode(errors="replace").ljust(width, b"\0") for each in part)
            for part in parts
        )
        return cls(b"".join(packed), width, sum(map(len, parts)))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        if not self._width:
            return repeat("", self._count)
        packed, width = self._bytes, self._width
        starts = range(0, len(packed), width)
        return (packed[at : at + width].rstrip(b"\0").decode() for at in starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "Ids": ...
    def __getitem__(self, place: "int | slice") -> "str | Ids":
        if isinstance(place, slice):
            return Ids.of(self[each] for each in range(*place.indices(self._count)))
        if not -self._count <= place < self._count:
            raise IndexError(place)
        start = place % self._count * self._width
        return self._bytes[start : start + self._width].rstrip(b"\0").decode()

    def __repr__(self) -> str:
        return f"Ids({list(self)})"

    def find(self, run_id: str) -> int | None:
        """Where an id stands, if it is there."""
        wanted = run_id.encode(errors="replace").ljust(self._width, b"\0")
        found = self._bytes.find(wanted) if wanted else -1
        while found >= 0:
            place, inside = divmod(found, self._width)
            if not inside and self[place] == run_id:
                return place
            found = self._bytes.find(wanted, found + 1)
        return None


class Outline(Struct, frozen=True, dict=True):
    run_ids: Ids
    """In the order of the query."""
    parent_ids: Ids
    """The run that each is a part of; empty where it is none's."""
    verdicts: tuple[Verdict, ...]

    def __len__(self) -> int:
        return len(self.run_ids)

    @cached_property
    def parents(self) -> Mapping[int, int]:
        """Where the parents stand of the runs that have one in the list, by their places."""
        children = {place: parent for place, parent in enumerate(self.parent_ids) if parent}
        if not children:
            return {}
        wanted = set(children.values())
        standing = {run_id: at for at, run_id in enumerate(self.run_ids) if run_id in wanted}
        return {child: standing[parent] for child, parent in children.items() if parent in standing}

    def begun_with(self, newer: "Outline") -> "Outline":
        """This outline after its beginning was read again, as `newer`.

        What followed the last run of `newer` follows it still. Where that run was not
        known, or one before it now stands elsewhere, nothing is known of what follows.
        """
        last = self.run_ids.find(newer.run_ids[-1]) if len(newer) else None
        if last is None or not set(newer.run_ids).issuperset(self.run_ids[:last]):
            return newer
        rest = slice(last + 1, None)
        return newer.followed_by(Outline(self.run_ids[rest], self.parent_ids[rest], self.verdicts))

    def followed_by(self, next_page: "Outline") -> "Outline":
        """This outline and the runs of the next page that are not in it."""
        listed = set(self.run_ids)
        fresh = [at for at, run_id in enumerate(next_page.run_ids) if run_id not in listed]
        known = {verdict.run_id for verdict in self.verdicts}
        return Outline(
            Ids.joined([self.run_ids, Ids.of(next_page.run_ids[at] for at in fresh)]),
            Ids.joined([self.parent_ids, Ids.of(next_page.parent_ids[at] for at in fresh)]),
            (*self.verdicts, *(each for each in next_page.verdicts if each.run_id not in known)),
        )


def outline_of(runs: Sequence[Run]) -> Outline:
    """The outline of runs that were read whole."""
    return Outline(
        Ids.of(run.run_id for run in runs),
        Ids.of(run.parent_run_id or "" for run in runs),
        tuple(
            Verdict(run.run_id, run.tags.get(Tag.REEXECUTES, ""), run.tags[Tag.VERDICT])
            for run in runs
            if run.tags.get(Tag.VERDICT)
        ),
    )


def outlined(
    runs: Iterable[Rows], children: Iterable[Rows], verdicts: Iterable[tuple[str, str, str]]
) -> Outline:
    """The outline that rows of a database make, read in chunks.

    `runs`: ids in order; `children`: the id of each run that is part of one, and of that one.
    """
    # In parts to the end: very many ids never all stand in memory unpacked.
    parts = [Ids.of(run_id for (run_id,) in chunk) for chunk in runs]
    parents = {child: parent for chunk in children for child, parent in chunk}
    parent_ids = Ids.joined([Ids.of(map(parents.get, part, repeat(""))) for part in parts])
    return Outline(Ids.joined(parts), parent_ids, tuple(Verdict(*row) for row in verdicts))
