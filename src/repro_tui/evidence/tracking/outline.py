"""Every run of a query at once, without what it holds: enough to lay out a list of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from repro_tui.evidence.model import Run, Tag

Ids = npt.NDArray[np.bytes_]
"""Run ids in UTF-8, packed: a hundred thousand take three megabytes, not ten."""
Places = npt.NDArray[np.intp]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of a re-execution with its original came to."""

    run_id: str
    original: str
    """Empty where the re-execution does not say what it re-executes."""
    headline: str


@dataclass(frozen=True, eq=False)
class Outline:
    run_ids: Ids
    """In the order of the query."""
    parent_ids: Ids
    """The run that each is a part of; empty where it is none's."""
    verdicts: tuple[Verdict, ...]

    def __len__(self) -> int:
        return len(self.run_ids)

    def ids(self, start: int, end: int) -> tuple[str, ...]:
        return tuple(run_id.decode() for run_id in self.run_ids[start:end].tolist())

    def id(self, place: int) -> str:
        return str(self.run_ids[place].decode())

    def find(self, run_id: str) -> int | None:
        """Where a run stands, if it is there."""
        (found,) = np.nonzero(self.run_ids == _packed(run_id))
        return int(found[0]) if len(found) else None

    @cached_property
    def parents(self) -> Places:
        """Where the parent of each run stands; -1: it has none, or none that is there."""
        parents = np.full(len(self), -1, np.intp)
        (children,) = np.nonzero(self.parent_ids)
        parents[children] = places(self.run_ids, self.parent_ids[children])
        return parents

    def same_as(self, other: "Outline") -> bool:
        """Whether both tell the same."""
        return (
            np.array_equal(self.run_ids, other.run_ids)
            and np.array_equal(self.parent_ids, other.parent_ids)
            and self.verdicts == other.verdicts
        )

    def begun_with(self, newer: "Outline") -> "Outline":
        """This outline after its beginning was read again, as `newer`.

        What followed the last run of `newer` follows it still. Where that run was not
        known, or one before it now stands elsewhere, nothing is known of what follows.
        """
        last = self.find(newer.run_ids[-1].decode()) if len(newer) else None
        if last is None or not np.isin(self.run_ids[:last], newer.run_ids).all():
            return newer
        rest = slice(last + 1, None)
        return newer.followed_by(Outline(self.run_ids[rest], self.parent_ids[rest], self.verdicts))

    def followed_by(self, next_page: "Outline") -> "Outline":
        """This outline and the runs of the next page that are not in it."""
        fresh = ~np.isin(next_page.run_ids, self.run_ids)
        known = {verdict.run_id for verdict in self.verdicts}
        return Outline(
            np.concatenate([self.run_ids, next_page.run_ids[fresh]]),
            np.concatenate([self.parent_ids, next_page.parent_ids[fresh]]),
            (*self.verdicts, *(each for each in next_page.verdicts if each.run_id not in known)),
        )


def packed(run_ids: Iterable[str]) -> Ids:
    return np.array([_packed(run_id) for run_id in run_ids], dtype=np.bytes_)


def _packed(run_id: str) -> bytes:
    return run_id.encode(errors="replace")


def places(run_ids: Ids, wanted: Ids) -> Places:
    """Where each of `wanted` stands among `run_ids`; -1: nowhere."""
    if not len(run_ids) or not len(wanted):
        return np.full(len(wanted), -1, np.intp)
    order = np.argsort(run_ids, kind="stable")
    near = np.searchsorted(run_ids, wanted, sorter=order)
    found = order[np.minimum(near, len(run_ids) - 1)]
    return np.where(run_ids[found] == wanted, found, -1)


def outline_of(runs: Sequence[Run]) -> Outline:
    """The outline of runs that were read whole."""
    return Outline(
        packed(run.run_id for run in runs),
        packed(run.parent_run_id or "" for run in runs),
        tuple(
            Verdict(run.run_id, run.tags.get(Tag.REEXECUTES, ""), run.tags[Tag.VERDICT])
            for run in runs
            if run.tags.get(Tag.VERDICT)
        ),
    )


def outlined(
    runs: Iterator[Rows], children: Iterator[Rows], verdicts: Iterable[tuple[str, str, str]]
) -> Outline:
    """The outline that rows of a database make.

    `runs`: ids in order; `children`: the id of each run that is part of one, and of that one.
    """
    (run_ids,) = _packed_columns(runs, 1)
    child_ids, parents = _packed_columns(children, 2)
    standing = places(run_ids, child_ids)
    parent_ids = np.zeros(len(run_ids), parents.dtype)
    parent_ids[standing[standing >= 0]] = parents[standing >= 0]
    return Outline(run_ids, parent_ids, tuple(Verdict(*row) for row in verdicts))


def _packed_columns(chunks: Iterator[Rows], count: int) -> tuple[Ids, ...]:
    """The columns of very many rows of texts, that never all stand in memory unpacked."""
    parts: list[tuple[Ids, ...]] = [(packed(()),) * count]
    parts += (tuple(packed(column) for column in zip(*chunk, strict=True)) for chunk in chunks)
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
