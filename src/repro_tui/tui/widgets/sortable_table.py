"""A table with a cursor over its titles, to sort by a column and to size it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Spacing
from textual.message import Message
from textual.reactive import reactive

from repro_tui.tui.widgets.rows import MOVE
from repro_tui.tui.widgets.table import GAP, Column, Table

T = TypeVar("T")

_LEAST, _MOST = 3, 200
"""Cells of a column that is sized by hand."""
_STEP = 2


@dataclass
class Headed(Message, Generic[T]):
    """The heading of a column was clicked."""

    table: "SortableTable[T]"
    column: Column[T]

    @property
    def control(self) -> "SortableTable[T]":
        return self.table


@dataclass
class Sized(Message, Generic[T]):
    """Columns were sized by hand."""

    table: "SortableTable[T]"
    widths: Mapping[str, int] = field(default_factory=dict)

    @property
    def control(self) -> "SortableTable[T]":
        return self.table


class SortableTable(Table[T]):
    """It tells which heading was clicked and what was sized; whoever has the rows sorts them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,l", "column(1)", "Next column", show=False, group=MOVE, id="table.next-column"
        ),
        Binding(
            "left,h",
            "column(-1)",
            "Previous column",
            show=False,
            group=MOVE,
            id="table.previous-column",
        ),
        Binding(
            "greater_than_sign",
            "size(1)",
            "Wider column",
            show=False,
            group=MOVE,
            key_display=">",
            id="table.wider",
        ),
        Binding(
            "less_than_sign",
            "size(-1)",
            "Narrower column",
            show=False,
            group=MOVE,
            key_display="<",
            id="table.narrower",
        ),
    ]

    column: reactive[int] = reactive(0)
    """The column under the column cursor, among those that are seen."""

    # --- The column cursor -------------------------------------------------------------

    def measure(self, rows: Iterable[T], *, empty: bool = False) -> None:
        """As any table; the column cursor stays on its column where that is still there."""
        under = self.under_cursor
        super().measure(rows, empty=empty)
        keys = [column.key for column in self.fitted_columns.columns]
        if under is not None and under.key in keys:
            self.set_reactive(SortableTable.column, keys.index(under.key))

    @property
    def under_cursor(self) -> Column[T] | None:
        """The column under the column cursor."""
        columns = self.fitted_columns.columns
        return columns[self.column] if self.column < len(columns) else None

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.fitted_columns.columns) - 1))

    def watch_column(self) -> None:
        layout, held = self.fitted_columns, self.held
        if self.column < len(layout.widths) and not (held and self.column < layout.staying):
            region = Region(
                layout.start(self.column) - 1,
                self.scroll_offset.y,
                layout.widths[self.column] + GAP,
                1,
            )
            self.scroll_to_region(region, spacing=Spacing(0, 0, 0, held), animate=False, force=True)
        self.refresh()

    def action_column(self, by: int) -> None:
        self.column += by

    def action_size(self, direction: int) -> None:
        column = self.under_cursor
        if column is not None:
            width = self.fitted_columns.widths[self.column] + direction * _STEP
            self.sized = {**self.sized, column.key: max(_LEAST, min(width, _MOST))}
            self.measure(())
            self.post_message(Sized(self, self.sized))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0:
            number = self.column_at(offset.x)
            if number is not None:
                event.prevent_default()  # Rows would look for a row there.
                self.column = number
                self.post_message(Headed(self, self.fitted_columns.columns[number]))

    @property
    def stressed(self) -> int | None:
        return self.column if self.has_focus else None
