"""The list of runs: the one widget that would be replaced for another kind of list."""

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType

from repro_tui.tui.run_rows import RunRow
from repro_tui.tui.widgets.table import Table


class RunTable(Table[RunRow]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Compare, or details", show=False, id="runs.open")
    ]

    def identity(self, row: RunRow) -> Hashable:
        return row.run.run_id
