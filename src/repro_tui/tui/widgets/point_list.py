"""The points of one metric in both runs, step by step."""

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from repro_tui.compare.numbers import ulp
from repro_tui.text import number
from repro_tui.tui.curves import Pairs, pairs
from repro_tui.tui.spelling import MUTED
from repro_tui.tui.widgets.rows import Rows

_WIDE = 110
"""Cells from which distances have columns of their own."""


class PointList(Rows[int]):
    """One row a pair of points. Rows are numbers: a million points cost what is in view."""

    SEARCHES: ClassVar[str] = "go to step"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "Next", id="points.next"),
        Binding("N", "difference(-1)", "Previous difference", show=False, id="points.previous"),
    ]

    _pairs: Pairs = pairs(None, None)
    _start: int = 0

    def load(self, points: Pairs, first_step: int | None) -> None:
        """Take the points; the cursor starts where they part."""
        self._pairs = points
        self.rows = range(len(points))
        if first_step is not None:
            self._start = points.row_of(first_step)

    def on_mount(self) -> None:
        self.go(self._start)

    def go(self, row: int) -> None:
        """Put the cursor on a row, with some of what comes before it in view."""

        def put() -> None:
            self.cursor = row
            self.scroll_to(y=max(row - self.size.height // 3, 0), animate=False)

        self.call_after_refresh(put)

    def action_difference(self, direction: int) -> None:
        row = self._pairs.next_difference(self.cursor, direction)
        if row is not None:
            self.cursor = row

    def seek(self, text: str) -> str:
        found = self._pairs.find(text)
        if isinstance(found, str):
            return found
        self.go(found)
        return ""

    def copied(self) -> str:
        return self._pairs.text(self.cursor)

    def identity(self, row: int) -> Hashable:
        return row

    def head(self, width: int) -> Content:
        apart = f"{'right - left':<26}{'ULP':>26}" if width >= _WIDE else ""
        return Content(f"   {'step':>12}   {'left':<26}{'right':<26}{apart}")

    def draw(self, row: int, width: int) -> Content:
        points = self._pairs
        left, right = points.values(row)
        differing = bool(points.differing[row])
        texts = points.spelled(row)
        if width >= _WIDE and differing and left is not None and right is not None:
            far = ulp(left, right)
            texts += ["", ""] if far is None else [number(right - left), f"{far:>26,}"]
        line = f" {'≠' if differing else '='} {int(points.steps[row]):>12,}   "
        line += "".join(f"{text:<26}" for text in texts)
        return Content.styled(line, "$diff-changed" if differing else MUTED)
