"""The tensors of two files, one row a pair."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from repro_tui.compare.model import Finding
from repro_tui.reports import words
from repro_tui.tui import tensor_rows
from repro_tui.tui.tensor_rows import ORDERS, ordered
from repro_tui.tui.widgets.rows import Rows


class TensorTable(Rows[Finding]):
    """Drawn by `tensor_rows`; a tensor is opened as a finding of its own."""

    SEARCHES: ClassVar[str] = "search in the names"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="tensors.open"),
        Binding("n", "difference(1)", "Next", id="tensors.next"),
        Binding("N", "difference(-1)", "Previous difference", show=False, id="tensors.previous"),
        Binding("s", "sort", "Sort", id="tensors.sort"),
    ]

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__()
        self._findings = findings
        self._order = ""

    def on_mount(self) -> None:
        self.show(self._findings)
        if self.current is not None and not self.current.kind.differs:
            self.action_difference(1)

    def identity(self, row: Finding) -> Hashable:
        return row.key

    def head(self, width: int) -> Content:
        return tensor_rows.head(width, self._order)

    def draw(self, row: Finding, width: int) -> Content:
        return tensor_rows.draw(row, width)

    def action_difference(self, direction: int) -> None:
        self.go_on(direction, lambda finding: finding.kind.differs)

    def action_sort(self) -> None:
        """As in the file, then by what differs the most: in number, absolutely, in ULP."""
        orders = list(ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self.show(ordered(self._findings, self._order))
        self.cursor = 0

    def seek(self, text: str) -> str:
        wanted = text.casefold()
        if not wanted or self.go_on(
            1, lambda finding: wanted in words.key(finding.key).casefold(), around=True
        ):
            return ""
        return "No part has that in its name."

    def copied(self) -> str:
        if self.current is None:
            return ""
        return f"{words.key(self.current.key)}\t{words.finding_note(self.current)}"
