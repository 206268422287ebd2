"""The points of one metric in both runs, step by step."""

from collections.abc import Hashable

import numpy as np
from textual.content import Content

from repro_tui.compare.metrics import Indices, aligned
from repro_tui.evidence.model import History
from repro_tui.text import number
from repro_tui.tui.spelling import MUTED
from repro_tui.tui.widgets.rows import Rows

_NONE = History(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))


class PointList(Rows[int]):
    """One row a step. Rows are numbers: a million points cost what is in view."""

    _left: History = _NONE
    _right: History = _NONE
    _in_left: Indices = _NONE.steps
    _in_right: Indices = _NONE.steps
    _start: int = 0

    def load(self, left: History | None, right: History | None, first_step: int | None) -> None:
        """Take two histories; the cursor starts where they part."""
        self._left, self._right = left or _NONE, right or _NONE
        self._in_left, self._in_right = aligned(self._left, self._right)
        self.rows = range(len(self._in_left))
        if first_step is not None:
            before = (history.steps < first_step for history in (self._left, self._right))
            self._start = max(int(np.count_nonzero(steps)) for steps in before)

    def on_mount(self) -> None:
        self.call_after_refresh(self._go_to_start)

    def _go_to_start(self) -> None:
        self.cursor = self._start
        self.scroll_to(y=max(self._start - self.size.height // 3, 0), animate=False)

    def _step(self, row: int) -> int:
        index = self._in_left[row]
        steps = self._left.steps if index >= 0 else self._right.steps
        return int(steps[index if index >= 0 else self._in_right[row]])

    def identity(self, row: int) -> Hashable:
        return row

    def head(self, width: int) -> Content:
        del width
        return Content(f"   {'step':>12}   {'left':<26}{'right':<26}")

    def draw(self, row: int, width: int) -> Content:
        del width
        left, right = (
            None if index[row] < 0 else history.values[index[row]]
            for index, history in ((self._in_left, self._left), (self._in_right, self._right))
        )
        same = left is not None and right is not None and left.tobytes() == right.tobytes()
        style = MUTED if same else "$diff-changed"
        values = ("no point" if v is None else number(float(v)) for v in (left, right))
        texts = "".join(f"{value:<26}" for value in values)
        return Content.styled(f" {'=' if same else '≠'} {self._step(row):>12,}   {texts}", style)
