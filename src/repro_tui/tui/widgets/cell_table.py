"""The cells in which two tables differ, one row a cell."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from repro_tui.compare import inline
from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.tables import Cell, Cells, differing_cells
from repro_tui.errors import ReproError
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import FileRef
from repro_tui.text import plural, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.spelling import MUTED, fitted, shown, styled
from repro_tui.tui.widgets.rows import Rows

_LEAD = 12
"""Cells for the number of the row."""
_LONGEST = 500
"""Characters of a cell that are looked at for what differs in it."""


@dataclass
class _Read(Message):
    cells: Cells


class CellTable(Rows[Cell]):
    """Reads both tables once it is seen; `say` is told how much differs, or why nothing is
    listed."""

    SEARCHES: ClassVar[str] = "go to a row, or to a column by its name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "sort", "Sort", id="cells.sort")]

    def __init__(
        self, comparer: str, left: FileRef, right: FileRef, say: Callable[[str], object]
    ) -> None:
        super().__init__()
        self._say = say
        self._comparer = comparer
        self._files = left, right
        self._asked = False
        self._by_column = False
        self._cells: Sequence[Cell] = ()

    def on_show(self) -> None:
        if not self._asked:
            self._asked = True
            comparer, files = self._comparer, self._files
            start(self, "cells", lambda _: _Read(_read(comparer, *files)))

    def on__read(self, message: _Read) -> None:
        message.stop()
        self._cells = message.cells.cells
        self._say(said(message.cells))
        self.show(self._cells)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self._say(f"✗ {message.error.message} {message.error.hint}")

    def identity(self, row: Cell) -> Hashable:
        return row.row, row.column

    def _widths(self, width: int) -> tuple[int, int]:
        name = max(min(width // 4, 30), 8)
        return name, max((width - _LEAD - name - 5) // 2, 4)

    def head(self, width: int) -> Content:
        name, value = self._widths(width)
        titles = f"{'row':>{_LEAD - 2}}  {'column':<{name}}  "
        return Content(titles + f"{'left':<{value}}   {'right':<{value}}")

    def draw(self, row: Cell, width: int) -> Content:
        name, value = self._widths(width)
        texts = row.left[:_LONGEST], row.right[:_LONGEST]
        marks = inline.spans(*texts)
        left, right = (
            fitted(styled(text, [(*span, "bold underline") for span in spans]), value)
            for text, spans in zip(texts, marks, strict=True)
        )
        line = Content.styled(f"{row.row:>{_LEAD - 2},}  ", MUTED)
        line += fitted(shown(row.column), name) + Content("  ")
        both = left + Content.styled(" │ ", MUTED) + right
        return line + both.stylize_before("$diff-changed")

    def action_sort(self) -> None:
        """By row, or by column."""
        self._by_column = not self._by_column
        cells = self._cells
        if self._by_column:
            places = {name: n for n, name in enumerate(dict.fromkeys(c.column for c in cells))}
            cells = sorted(cells, key=lambda cell: (places[cell.column], cell.row))
        self.show(cells)

    def seek(self, text: str) -> str:
        wanted = text.strip().replace(",", "")
        if not wanted:
            return ""
        if wanted.isdecimal():
            there = self.go_on(1, lambda cell: str(cell.row) == wanted, around=True)
            return "" if there else f"No cell differs in row {wanted}."
        low = wanted.casefold()
        there = self.go_on(1, lambda cell: low in cell.column.casefold(), around=True)
        return "" if there else "No cell differs in a column of that name."

    def copied(self) -> str:
        cell = self.current
        return "" if cell is None else f"{cell.row}\t{cell.column}\t{cell.left}\t{cell.right}"


def said(found: Cells) -> str:
    """How much differs, in a sentence."""
    parts = [f"{plural(found.count, 'cell')} differ" + ("s" if found.count == 1 else "")]
    if found.count > len(found.cells):
        parts.append(f"the first {len(found.cells):,} are listed")
    if found.rows[0] != found.rows[1]:
        parts.append(f"{found.rows[0]:,} rows against {found.rows[1]:,}")
    for side, names in zip(("left", "right"), found.only, strict=True):
        if names:
            parts.append(f"only {side}: {', '.join(visible(name, 30) for name in names[:5])}")
    return "  ·  ".join(parts)


def _read(comparer: str, left: FileRef, right: FileRef) -> Cells:
    """Raises ReproError where a file cannot be read."""
    with open_file(left) as a, open_file(right) as b:
        sides = [OpenFile(ref.path, ref.size, f) for ref, f in ((left, a), (right, b))]
        try:
            return differing_cells(comparer, sides[0], sides[1])
        except Unsuited as error:
            raise ReproError(f"The cells are not shown: {error}.") from error
