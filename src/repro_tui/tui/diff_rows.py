"""Two texts as rows of lines: what stands beside what, where the hunks are. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from repro_tui.compare import inline
from repro_tui.compare.inline import Spans
from repro_tui.compare.model import DiffLine, DiffMark

_LONGEST = 2_000
"""Characters of a line that is looked into."""

Pair = tuple[DiffLine | None, DiffLine | None]


class DiffRow(Struct, frozen=True):
    """One row on the screen. Stacked, `right` is None and `left` may be of either side."""

    left: DiffLine | None
    right: DiffLine | None
    twins: Pair = (None, None)
    """The line that was taken away and the one that came in its place, if it is one of them."""
    part: int = 0
    """Which part of wrapped lines this is."""

    @property
    def lines(self) -> tuple[DiffLine, ...]:
        """The lines on the row, each once."""
        both = (self.left, self.right)
        return tuple(dict.fromkeys(line for line in both if line is not None))

    def marks(self, line: DiffLine) -> Spans:
        """Which characters of a line of this row differ from its twin's."""
        left, right = self.twins
        if left is None or right is None or max(len(left.text), len(right.text)) > _LONGEST:
            return ()
        return inline.spans(left.text, right.text)[line is right]

    @property
    def changes(self) -> bool:
        return any(line.mark in (DiffMark.REMOVED, DiffMark.ADDED) for line in self.lines)


def side_by_side(lines: Sequence[DiffLine]) -> Iterator[Pair]:
    """Lines that were taken away beside those that came in their place."""
    removed: list[DiffLine] = []
    added: list[DiffLine] = []
    for line in [*lines, None]:
        if line is not None and line.mark is DiffMark.REMOVED and not added:
            removed.append(line)
        elif line is not None and line.mark is DiffMark.ADDED:
            added.append(line)
        else:
            for number in range(max(len(removed), len(added))):
                yield (
                    removed[number] if number < len(removed) else None,
                    added[number] if number < len(added) else None,
                )
            removed, added = [], []
            if line is not None and line.mark is DiffMark.REMOVED:
                removed.append(line)
            elif line is not None:
                yield line, line


def abreast(lines: Sequence[DiffLine]) -> list[DiffRow]:
    """The rows where both texts stand side by side."""
    return [DiffRow(*pair, twins=_twins(pair)) for pair in side_by_side(lines)]


def stacked(lines: Sequence[DiffLine]) -> list[DiffRow]:
    """One line a row, as `diff` prints it."""
    twins = {id(line): pair for pair in map(_twins, side_by_side(lines)) for line in pair}
    return [DiffRow(line, None, twins.get(id(line), (None, None))) for line in lines]


def _twins(pair: Pair) -> Pair:
    """The pair, where it is one of lines that differ."""
    left, right = pair
    return pair if left is not None and right is not None and left is not right else (None, None)


def hunks(rows: Sequence[DiffRow]) -> list[int]:
    """Where each stretch of changed rows begins."""
    return [at for at, row in enumerate(rows) if row.changes and not (at and rows[at - 1].changes)]


def matches(rows: Sequence[DiffRow], text: str) -> list[int]:
    """The rows of which a line holds the text, in whatever case."""
    wanted = text.casefold()
    return [
        at
        for at, row in enumerate(rows)
        if not row.part and any(wanted in line.text.casefold() for line in row.lines)
    ]


def found(text: str, wanted: str) -> Spans:
    """Where a text holds what is searched for."""
    spans, low, at = [], text.casefold(), -1
    wanted = wanted.casefold()
    # Casefolding can change lengths; then the places would not be those of the text.
    if wanted and len(low) == len(text):
        while (at := low.find(wanted, at + 1)) >= 0:
            spans.append((at, at + len(wanted)))
    return tuple(spans)
