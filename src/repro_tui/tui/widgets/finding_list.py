"""The list of what a comparison found."""

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive

from repro_tui.tui import finding_lines
from repro_tui.tui.finding_lines import Columns, columns, lay
from repro_tui.tui.finding_rows import (
    FindingRow,
    FolderRow,
    Row,
    SectionRow,
    ValueRow,
    entry,
    identity,
    places,
)
from repro_tui.tui.widgets.rows import MOVE, Chosen, Moved, Rows

_ARROW = 6
"""Cells in which a click on the row of a section folds it; of a folder, it is indented."""


class FindingList(Rows[Row]):
    """Keys, each with its values: a column a run, as many as there is room for.

    The cursor is in a column, too; column 0 is the key. A row whose values stand one above
    the other is three rows, and the cursor's column is that of the row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="findings.open"),
        Binding(
            "right,l", "side(1)", "To the right", show=False, group=MOVE, id="findings.right"
        ),
        Binding("left,h", "side(-1)", "To the left", show=False, group=MOVE, id="findings.left"),
    ]  # fmt: skip

    names: Sequence[str] = ("", "")
    """What stands over the values of each run, the base first."""
    column: reactive[int] = reactive(2)
    _first: int = 1

    @property
    def room(self) -> int:
        """Cells of a line, beside the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def at(self) -> Columns:
        return columns(self.room, len(self.names), self._first)

    @property
    def here(self) -> int:
        """The column that the cursor is in."""
        row = self.current
        if isinstance(row, ValueRow):
            return row.column
        return 0 if isinstance(row, FindingRow) and row.stacked else self.column

    def show(self, rows: Sequence[Row]) -> None:
        held = self.current
        super().show(lay(rows, self.room))
        if held is None or (self.current and identity(self.current) == identity(held)):
            return
        # Rows of values come and go with the width, others are folded away: what they
        # belong to stays.
        key = entry(held)
        around = [*places(held), *([identity(key)] if key is not None else [])]
        listed = {identity(row) for row in self.rows}
        wanted = next((each for each in reversed(around) if each in listed), None)
        if wanted is not None:
            self.go_to(wanted)

    def on_resize(self) -> None:
        self.show(self.rows)

    def head(self, width: int) -> Content:
        del width
        return finding_lines.head(self.names, self.at, self.column)

    def draw(self, row: Row, width: int) -> Content:
        del width
        here = self.here if row is self.current else None
        return finding_lines.draw(row, self.at, self.room, here)

    def identity(self, row: Row) -> Hashable:
        return identity(row)

    # --- The cursor ------------------------------------------------------------------------

    def go(self, fits: Callable[[Row], bool], direction: int) -> bool:
        """Move to the next row in that direction that fits, if there is one."""
        place = self.cursor + direction
        while 0 <= place < len(self.rows):
            if fits(self.rows[place]):
                self.cursor = place
                return True
            place += direction
        return False

    def go_to(self, wanted: Hashable) -> bool:
        """Move to the row of that identity, if it is listed; whether it is."""
        places = (place for place, row in enumerate(self.rows) if identity(row) == wanted)
        place = next(places, None)
        if place is not None:
            self.cursor = place
        return place is not None

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.names)))

    def watch_column(self) -> None:
        """Keep the column in view; the key stays where it is."""
        self._first = self.at.with_in_view(max(self.column - 1, 0))
        self.refresh()
        if self.current is not None and self.is_attached:
            self.post_message(Moved(self, self.current))

    def action_side(self, by: int) -> None:
        row = self.current
        if isinstance(row, ValueRow) or (isinstance(row, FindingRow) and row.stacked):
            column = max(0, min(self.here + by, 2))
            self.cursor += column - self.here
        else:
            column = self.column + by
        self.column = column

    def action_choose(self) -> None:
        """A value and a part of one are opened with what they belong to."""
        row = entry(self.current) or self.current
        if row is not None:
            self.post_message(Chosen(self, row))

    def on_click(self, event: events.Click) -> None:
        """A click in a column goes there; one on the arrow of a fold folds, at once."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        self.column, index = self.at.at(offset.x), self.row_at(event)
        if index is not None:
            row = self.rows[index]
            reach = _ARROW + 2 * row.depth if isinstance(row, FolderRow) else _ARROW
            if isinstance(row, SectionRow | FolderRow) and offset.x < reach:
                event.prevent_default()
                self.cursor = index
                self.post_message(Chosen(self, row))
