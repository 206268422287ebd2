"""The list of what a comparison found."""

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from repro_tui.tui import finding_rows
from repro_tui.tui.finding_rows import FindingRow, Row, SectionRow, SideRow
from repro_tui.tui.widgets.rows import Rows


class FindingList(Rows[Row]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Open", id="findings.open")]

    names: tuple[str, str] = ("", "")
    """What stands over the values of the left and of the right run."""

    def head(self, width: int) -> Content:
        return finding_rows.head(*self.names, width)

    def draw(self, row: Row, width: int) -> Content:
        return finding_rows.draw(row, width)

    def identity(self, row: Row) -> Hashable:
        match row:
            case SideRow(side):
                return side
            case SectionRow(section):
                return section.name
            case FindingRow(section, finding):
                return section, finding.key

    def go(self, kind: type[Row], direction: int, *, differing: bool = False) -> bool:
        """Move to the next row of that kind in that direction, if there is one."""
        place = self.cursor + direction
        while 0 <= place < len(self.rows):
            row = self.rows[place]
            fits = not differing or (isinstance(row, FindingRow) and row.finding.kind.differs)
            if isinstance(row, kind) and fits:
                self.cursor = place
                return True
            place += direction
        return False
