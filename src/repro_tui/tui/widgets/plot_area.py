"""One frame of a plot: its lines, marks and labels, and what the mouse does in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter
from textual_plot.plot_widget import Legend

from repro_tui.reports.axes import Floats
from repro_tui.tui.curves import Curve, Scale, Window, stretches

_LABELS = 11
"""Cells for the labels of the vertical axis."""
_APART = 10
"""Columns between two marks on a line, where there are too many points to mark each."""
_BOTH = "⊕"
"""Where the marks of two lines fall on one cell."""
_EDGE_X, _EDGE_Y = 0.01, 0.04
"""Parts of the axes that stay free at their ends, so that nothing is drawn on the frame."""


@dataclass
class Wheeled(Message):
    """The wheel was turned over a place in view: what is seen becomes `factor` times as wide."""

    factor: float
    at: float


@dataclass
class Dragged(Message):
    """What is in view was dragged by so many of its widths."""

    by: float


@dataclass
class Pressed(Message):
    """A place in view was clicked."""

    at: float


class Line(Struct, frozen=True):
    curve: Curve
    style: str
    mark: str
    """On the line here and there; empty: nothing."""


class Upright(Struct, frozen=True):
    """A line from top to bottom."""

    place: float
    """On the axis; NaN: it has none."""
    character: str
    style: str
    head: str = ""
    """Stands at the top end."""

    @classmethod
    def parting(cls, place: float, style: str) -> "Upright":
        """Where two runs part."""
        return cls(place, "┊", style, "◆")


class _Labels(NumericAxisFormatter):
    """Labels that were made elsewhere, for ticks that are given."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        del ticks
        return list(self._labels)


class _Canvas(Canvas):
    """One whose lines always have a style: filters, as that of NO_COLOR, rely on it."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip.blank(self.size.width, self.rich_style)


class PlotArea(PlotWidget, can_focus=False, inherit_bindings=False):
    """One frame with lines in it. Coordinates are places in view: 0 to 1 within the frame."""

    margin_top = var(0)
    margin_left = var(_LABELS)

    def __init__(self, id: str, labels: int) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id, allow_pan_and_zoom=False)
        self.set_reactive(PlotWidget.margin_bottom, labels)
        self._dragging = False

    def compose(self) -> ComposeResult:
        """What PlotWidget has, on canvases of our own."""
        with Grid():
            for part in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=part)
        yield Legend(id="legend")

    @property
    def columns(self) -> int:
        """How many cells there are from the left to the right of the frame."""
        return max(self.size.width - _LABELS - 2, 0)

    def draw(
        self,
        lines: Sequence[Line],
        uprights: Sequence[Upright],
        window: Window,
        axis: Scale,
        *,
        log: bool,
    ) -> None:
        """Draw the lines by the values in view; a dot that no line holds is marked."""
        self.clear()
        self.set_xlimits(-_EDGE_X, 1 + _EDGE_X)
        self.set_ylimits(-_EDGE_Y, 1 + _EDGE_Y)
        rows = np.linspace(0, 1, 2 * max(self.size.height, 1))
        for upright in uprights:
            at = window.seen(np.array([upright.place]))
            if 0 <= at[0] <= 1:
                self.scatter(np.repeat(at, len(rows)), rows, upright.character, upright.style)
                if upright.head:
                    top = self._cell(float(at[0]), 1.0)
                    self.scatter([top[0]], [top[1]], upright.head, upright.style)
        # Two points a cell: what the finest characters can tell apart.
        seen = [line.curve.seen(window, 2 * self.columns) for line in lines]
        scale = Scale.over(np.concatenate([drawn.in_view(log=log) for drawn in seen]), log=log)
        for line, drawn in zip(lines, seen, strict=True):
            heights = scale.place(drawn.values)
            for stretch in stretches(heights):
                x, y = drawn.places[stretch], heights[stretch]
                self.plot(x, y, line.style, HiResMode.BRAILLE)
                if len(x) == 1:
                    self.scatter(x, y, "·", line.style, HiResMode.BRAILLE)
        self._mark(lines, seen, scale)
        ends = axis.value(window.low), axis.value(window.high)
        self._label(Scale(*ends, axis.log), scale)

    def _mark(self, lines: Sequence[Line], seen: Sequence[Curve], scale: Scale) -> None:
        """Set each line's mark here and there, on points of its own."""
        taken: dict[tuple[float, float], str] = {}
        for turn, (line, drawn) in enumerate(zip(lines, seen, strict=True)):
            every = max(len(drawn.places) * _APART // max(self.columns, 1), 1)
            heights = scale.place(drawn.values)
            chosen = slice(turn * every // 2, None, every)
            for x, y in zip(drawn.places[chosen], heights[chosen], strict=True):
                if line.mark and np.isfinite(y) and 0 <= x <= 1:
                    cell = self._cell(x, y)
                    mark = _BOTH if taken.get(cell, line.mark) != line.mark else line.mark
                    taken[cell] = mark
                    self.scatter([cell[0]], [cell[1]], mark, line.style)
            for value, edge, mark in ((np.inf, 1, "▲"), (-np.inf, 0, "▼"), (np.nan, 0, "×")):
                odd = drawn.places[_same(drawn.values, value)]
                odd = odd[(odd >= 0) & (odd <= 1)]
                if line.mark:
                    self.scatter(odd, np.full(len(odd), edge), mark, line.style)

    def _cell(self, x: float, y: float) -> tuple[float, float]:
        """The middle of the cell that a point of a line falls into.

        PlotWidget rounds the heights of lines and of characters in two ways; from the middle
        of a cell both come to the same.
        """
        wide, high = 1 + 2 * _EDGE_X, 1 + 2 * _EDGE_Y
        columns, rows = self.columns, max(self.size.height - self.margin_bottom - 2, 1)
        column = min(int((x + _EDGE_X) / wide * columns), columns - 1)
        row = min(int((1 + _EDGE_Y - y) / high * rows), rows - 1)
        return (
            (column + 0.5) / columns * wide - _EDGE_X,
            1 + _EDGE_Y - (row + 0.5) / rows * high,
        )

    def _label(self, x: Scale, y: Scale) -> None:
        """Label the axes, of which the lower frame has the horizontal one for both."""
        across = x.ticks(max(self.columns // 14, 1), least=1.0 if not x.log else 0.0)
        upright = y.ticks(max(self.size.height // 3, 1))
        self.set_xticks([place for place, _ in across])
        self.set_x_formatter(_Labels([label for _, label in across]))
        self.set_yticks([place for place, _ in upright])
        self.set_y_formatter(_Labels([label for _, label in upright]))

    # --- The mouse: in place of what PlotWidget would do -------------------------------

    def _at(self, event: events.MouseEvent) -> float | None:
        """The place in view that the mouse points at; None beside the frame."""
        if not self.columns:
            return None
        # A canvas inside of this passed the event on: only the screen's offset is common.
        at = (event.screen_x - self.region.x - _LABELS - 0.5) / self.columns
        return at if 0 <= at <= 1 else None

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 0.8)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1.25)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        event.stop().prevent_default()
        if (at := self._at(event)) is not None:
            self.post_message(Wheeled(factor, at))

    def on_mouse_down(self) -> None:
        self._dragging = False

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and event.delta_x and self.columns:
            self._dragging = True
            self.post_message(Dragged(-event.delta_x / self.columns))

    def on_click(self, event: events.Click) -> None:
        # What is dragged ends in a click, too.
        if not self._dragging and (at := self._at(event)) is not None:
            self.post_message(Pressed(at))


def _same(values: Floats, value: float) -> npt.NDArray[np.bool_]:
    return np.isnan(values) if np.isnan(value) else values == value
