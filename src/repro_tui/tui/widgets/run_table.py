"""The list of runs: the one widget that would be replaced for another kind of list."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.style import Style

from repro_tui.tui.fuzzy import emphasised
from repro_tui.tui.run_rows import RunList, RunRow
from repro_tui.tui.widgets.sortable_table import SortableTable
from repro_tui.tui.widgets.table import Column

_NEIGHBOURHOOD = 100
"""Rows above and below the screen that are read ahead, at least."""
_KEPT = 1000
"""Lines that are kept: some screens full."""


@dataclass
class Scrolled(Message):
    """Other rows are in view, or will be soon."""


@dataclass
class ToTheEnd(Message):
    """The last of all runs is wanted, whether it was read or not."""


class RunTable(SortableTable[RunRow]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Compare, or details", show=False, id="runs.open")
    ]

    search: str = ""
    """What to stress in the cells."""

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 (as Textual has it)
        super().__init__(id=id)
        self._drawn = LRUCache[tuple[str, int, Style], tuple[RunRow, Strip]](_KEPT)
        """Lines as they were drawn last, and the rows that they are of."""
        self._drawn_in = self.fitted_columns

    def strip(self, row: RunRow, width: int, style: Style) -> Strip:
        """The row's line, kept: a page of them is drawn at every press of a key."""
        if self.search:
            return super().strip(row, width, style)
        if self._drawn_in is not self.fitted_columns:
            self._drawn.clear()
            self._drawn_in = self.fitted_columns
        place = row.run_id, width, style
        kept = self._drawn.get(place)
        if kept is None or kept[0] != row:
            kept = self._drawn[place] = row, super().strip(row, width, style)
        return kept[1]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines that are kept, with what the terminal was told of them kept in each.

        Textual's own way makes several new strips of every line, at every press of a key.
        """
        filters, (_, background) = self.get_line_filters(), self.background_colors
        strips = []
        for strip in self.view_lines(crop.line_range):
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip.crop(*crop.column_span))
        return strips

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def identity(self, row: RunRow) -> Hashable:
        return row.run_id

    def place(self, identity: Hashable) -> int | None:
        return self.rows.place(str(identity)) if isinstance(self.rows, RunList) else None

    def sample(self, rows: Sequence[RunRow], most: int) -> Iterable[RunRow]:
        top = self.scroll_offset.y
        return (row for row in rows[top : top + most] if row.known is not None)

    def cell(self, column: Column[RunRow], row: RunRow) -> Content:
        cell = column.cell(row)
        if not self.search:
            return cell
        return emphasised(cell, self.search, loosely=column.key == "name")

    @property
    def in_view(self) -> tuple[int, int]:
        """The rows in view, from the first to behind the last."""
        top = self.scroll_offset.y
        return top, top + self.size.height

    def window(self) -> tuple[int, int]:
        """The same, with their neighbourhood: another one only every few pages."""
        first, last = (row // _NEIGHBOURHOOD for row in self.in_view)
        return max(first - 1, 0) * _NEIGHBOURHOOD, (last + 2) * _NEIGHBOURHOOD

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(Scrolled())

    def on_resize(self) -> None:
        super().on_resize()
        self.post_message(Scrolled())

    def action_end(self, direction: int) -> None:
        super().action_end(direction)
        if direction > 0:
            self.post_message(ToTheEnd())
