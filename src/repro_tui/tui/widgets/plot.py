"""A metric's histories over each other, and below them how far they are apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widgets import Static
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter
from textual_plot.plot_widget import Legend

from repro_tui.compare.numbers import ulp
from repro_tui.evidence.model import History
from repro_tui.reports.axes import Floats
from repro_tui.text import duration, number
from repro_tui.tui.curves import (
    NO_POINTS,
    Curve,
    Pairs,
    Scale,
    Window,
    pairs,
    stretches,
    undrawn,
)
from repro_tui.tui.spelling import MUTED, name

_LABELS = 11
"""Cells for the labels of the vertical axis."""
_WIDE = 100
"""Cells from which the legend has room for whole words."""
_APART = 10
"""Columns between two marks on a line, where there are too many points to mark each."""
_MARKS = ("o", "+")
"""On the lines of the left and of the right run, so that no colour is needed to tell them."""
_BOTH = "⊕"
"""Where both marks fall on one cell."""
_END = np.iinfo(np.int64).max
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


@dataclass(frozen=True, slots=True)
class _Line:
    curve: Curve
    style: str
    mark: str
    """On the line here and there; empty: nothing."""


@dataclass(frozen=True, slots=True)
class _Upright:
    """A line from top to bottom."""

    place: float
    """On the axis; NaN: it has none."""
    character: str
    style: str
    head: str = ""
    """Stands at the top end."""


class _Labels(AxisFormatter):
    """Labels that were made elsewhere, for ticks that are given."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        raise NotImplementedError

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        del ticks
        return list(self._labels)


class _Canvas(Canvas):
    """One whose lines always have a style: filters, as that of NO_COLOR, rely on it."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip.blank(self.size.width, self.rich_style)


class _Area(PlotWidget, can_focus=False, inherit_bindings=False):
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
        lines: Sequence[_Line],
        uprights: Sequence[_Upright],
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

    def _mark(self, lines: Sequence[_Line], seen: Sequence[Curve], scale: Scale) -> None:
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


class HistoryPlot(Vertical, can_focus=True):
    """Two histories of one metric, to be walked through point by point.

    `show` may be called again with longer histories, while they still grow: the part in
    view and the cursor stay.
    """

    SEARCHES: ClassVar[str] = "go to step"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "move(1)", "Right", show=False, id="plot.right"),
        Binding("left,h", "move(-1)", "Left", show=False, id="plot.left"),
        Binding("shift+right,full_stop", "point(1)", "Next point", show=False, id="plot.point"),
        Binding("shift+left,comma", "point(-1)", "Previous point", show=False,
                id="plot.point-before"),
        Binding("n", "difference(1)", "Next", id="plot.next"),
        Binding("N", "difference(-1)", "Previous difference", show=False, id="plot.previous"),
        Binding("f", "first", "First difference", show=False, id="plot.first"),
        Binding("home,g", "end(-1)", "First point", show=False, id="plot.home"),
        Binding("end,G", "end(1)", "Last point", show=False, id="plot.end"),
        Binding("plus,equals_sign", "zoom(0.5)", "Zoom", key_display="+", id="plot.zoom-in"),
        Binding("minus", "zoom(2)", "Zoom out", show=False, key_display="-", id="plot.zoom-out"),
        Binding("0", "whole", "Everything", show=False, id="plot.whole"),
        Binding("greater_than_sign,pagedown", "pan(0.5)", "Pan right", show=False, key_display=">",
                id="plot.pan-right"),
        Binding("less_than_sign,pageup", "pan(-0.5)", "Pan left", show=False, key_display="<",
                id="plot.pan-left"),
        Binding("L", "log_values", "Log", id="plot.log-values"),
        Binding("X", "log_steps", "Log steps", show=False, id="plot.log-steps"),
        Binding("T", "time", "Steps or time", show=False, id="plot.time"),
        Binding("u", "unit", "Difference in ULP", show=False, id="plot.unit"),
    ]  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--left", "plot--right", "plot--apart", "plot--first", "plot--cursor",
    }  # fmt: skip
    DEFAULT_CSS = """
    HistoryPlot {
        height: 1fr;
        & > .plot--left { color: $primary; }
        & > .plot--right { color: $accent; }
        & > .plot--apart { color: $diff-changed; }
        & > .plot--first { color: $text-error; }
        & > .plot--cursor { color: $foreground 60%; }
        & > Static { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #readout { height: 3; }
        & PlotWidget > .plot--axis { color: $foreground 25%; }
        & PlotWidget > .plot--tick { color: $muted; text-style: none; }
        & > #values { height: 3fr; }
        & > #apart { height: 2fr; }
        &:focus PlotWidget > .plot--axis { color: $primary 60%; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._histories: tuple[History, History] = NO_POINTS, NO_POINTS
        self._names = "left", "right"
        self._first: int | None = None
        self.pairs: Pairs = pairs(None, None)
        self.row = 0
        """Where the cursor stands: a row of `pairs`."""
        self.window = Window()
        self.log_values = self.log_steps = self.by_time = self.in_ulp = False
        self._settle()

    def compose(self) -> ComposeResult:
        yield Static(id="legend")
        yield _Area("values", labels=0)
        yield Static(id="title")
        yield _Area("apart", labels=1)
        yield Static(id="readout")

    def show(
        self,
        left: History | None,
        right: History | None,
        names: tuple[str, str],
        first_step: int | None,
    ) -> None:
        """Take two histories; `first_step` is where they part, as the comparison found it."""
        fresh = not len(self.pairs)
        step = None if fresh else int(self.pairs.steps[self.row])
        self._histories = left or NO_POINTS, right or NO_POINTS
        self._names = names
        self._first = first_step
        self.pairs = pairs(left, right)
        self._settle()
        self.row = self.pairs.row_of(step if step is not None else first_step or 0)
        self.draw()

    def look_as(self, other: "HistoryPlot") -> None:
        """Take the scales, axes and units of another plot."""
        self.log_values, self.log_steps = other.log_values, other.log_steps
        self.by_time, self.in_ulp = other.by_time, other.in_ulp
        self._settle()
        self.draw()

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            # The styles of its parts come after its own.
            self.call_after_refresh(self.draw)

    # --- Where things stand ------------------------------------------------------------

    def _settle(self) -> None:
        """Work out where all points stand: once for data and axis, not for every drawing."""
        left, right = map(self._x, self._histories)
        there = self.pairs.in_left >= 0
        self._pairs_x = np.empty(len(self.pairs))
        self._pairs_x[there] = left[self.pairs.in_left[there]]
        self._pairs_x[~there] = right[self.pairs.in_right[~there]]
        scale = self._scale = Scale.over(np.concatenate([left, right]), log=self.log_steps)
        self._places = scale.place(self._pairs_x)
        self._curves = tuple(
            Curve.on(scale, x, held.values)
            for x, held in zip((left, right), self._histories, strict=True)
        )
        distances = self.pairs.ulp if self.in_ulp else self.pairs.absolute
        self._apart = Curve.on(scale, self._pairs_x, distances)
        values = np.concatenate([held.values for held in self._histories])
        self._lost = (
            undrawn(values, log=self.log_values),
            undrawn(distances, log=self.log_values) if self.log_values else "",
            undrawn(np.concatenate([left, right]), log=self.log_steps),
        )

    def _x(self, history: History) -> Floats:
        """Where the points of a history stand on the axis: steps, or seconds since its first."""
        if not self.by_time:
            return history.steps.astype(np.float64)
        times: Floats = (history.timestamps - history.timestamps.min(initial=_END)) / 1000
        return times

    @property
    def _cursor(self) -> float:
        """The cursor's place on the axis; NaN where it has none."""
        return float(self._places[self.row]) if len(self.pairs) else float("nan")

    @property
    def _values(self) -> "_Area":
        return self.query_one("#values", _Area)

    # --- Drawing -----------------------------------------------------------------------

    def draw(self) -> None:
        """Draw what is in view: it costs as much as there are columns."""
        if not self.is_mounted or not self._values.columns:
            return
        styles = self._style("plot--left"), self._style("plot--right")
        lines = [_Line(*line) for line in zip(self._curves, styles, _MARKS, strict=True)]
        uprights = [_Upright(self._cursor, "│", self._style("plot--cursor"))]
        if self._first is not None and len(self.pairs):
            place = float(self._places[self.pairs.row_of(self._first)])
            uprights.append(_Upright(place, "┊", self._style("plot--first"), "◆"))
        self._values.draw(lines, uprights, self.window, self._scale, log=self.log_values)
        below = self.query_one("#apart", _Area)
        apart = [_Line(self._apart, self._style("plot--apart"), "")]
        below.draw(apart, uprights, self.window, self._scale, log=self.log_values)
        self.query_one("#legend", Static).update(self._legend(), layout=False)
        self.query_one("#title", Static).update(
            Content.styled("|left - right|" + (" in ULP" if self.in_ulp else ""), MUTED),
            layout=False,
        )
        self.query_one("#readout", Static).update(self._readout(), layout=False)

    def _style(self, component: str) -> str:
        return str(self.get_component_rich_style(component))

    def _legend(self) -> Content:
        wide = self.size.width >= _WIDE
        room = max((self.size.width - (62 if wide else 50)) // 2, 8)
        sides = [
            Content.styled(f"{mark}──{mark} ", style) + Content(f"{side} {name(called, room)}")
            for side, called, mark, style in zip(
                ("left", "right"), self._names, _MARKS, ("$primary", "$accent"), strict=True
            )
        ]
        first = Content.styled("no step differs", MUTED)
        if self._first is not None:
            called = "first difference" if wide else "first"
            first = Content.styled(f"◆ {called}: step {self._first:,}", "$text-error")
        return Content("   ").join([*sides, first])

    def _readout(self) -> Content:
        """The values under the cursor, and what the picture does not show."""
        if not len(self.pairs):
            return Content.styled("Neither run has a point of this metric.", MUTED)
        row, held = self.row, self.pairs
        values = held.values(row)
        texts = ["no point" if value is None else number(value) for value in values]
        apart = Content.styled("= equal to the bit", MUTED)
        if held.differing[row]:
            apart = Content.styled("≠ ", "$diff-changed bold") + Content(_distance(*values))
        step = f"step {int(held.steps[row]):,}"
        if self.by_time:
            step += f" at {duration(1000 * float(self._pairs_x[row]))}"
        lines = [
            Content.styled(step, "bold") + Content(f"  left {texts[0]}  right {texts[1]}"),
            apart,
            Content.styled(self._said(), MUTED),
        ]
        return Content("\n").join(lines)

    def _said(self) -> str:
        """What is in view, and what cannot be."""
        axis = "seconds since the first point" if self.by_time else "steps"
        parts = [f"by {axis}" + (" (log)" if self.log_steps else "")]
        if not self.window.whole:
            width = self.window.high - self.window.low
            parts.append(f"{width:.3g} of the axis in view (0: all)")
        values, equal, steps = self._lost
        if values:
            parts.append(f"not on this scale: {values}")
        if equal:
            parts.append(f"nor below: {equal} distances")
        if steps:
            parts.append(f"not on the log axis: {steps}")
        return "  ·  ".join(parts)

    # --- The cursor --------------------------------------------------------------------

    def go(self, row: int) -> None:
        """Set the cursor on a row of the pairs; what is in view follows it."""
        self.row = max(min(row, len(self.pairs) - 1), 0)
        if np.isfinite(self._cursor):
            self.window = self.window.holding(self._cursor)
        self.draw()

    def seek(self, text: str) -> str:
        found = self.pairs.find(text)
        if isinstance(found, str):
            return found
        self.go(found)
        return ""

    def copied(self) -> str:
        return self.pairs.text(self.row)

    def action_point(self, by: int) -> None:
        self.go(self.row + by)

    def action_move(self, by: int) -> None:
        """One column on, or one point where points are further apart."""
        column = (self.window.high - self.window.low) / max(self._values.columns, 1)
        beyond = self._places[self.row + 1 :] if by > 0 else self._places[: self.row]
        if not (np.isfinite(self._cursor) and np.isfinite(beyond).any()):
            self.go(self.row + by)
        else:
            near = int(np.nanargmin(np.abs(beyond - (self._cursor + by * column))))
            self.go(self.row + 1 + near if by > 0 else near)

    def action_difference(self, direction: int) -> None:
        row = self.pairs.next_difference(self.row, direction)
        if row is not None:
            self.go(row)

    def action_first(self) -> None:
        if self._first is not None:
            self.go(self.pairs.row_of(self._first))

    def action_end(self, direction: int) -> None:
        self.go(len(self.pairs) - 1 if direction > 0 else 0)

    # --- What is in view ---------------------------------------------------------------

    def _look(self, window: Window) -> None:
        self.window = window
        self.draw()

    def action_zoom(self, factor: float) -> None:
        seen = self.window.low <= self._cursor <= self.window.high
        self._look(self.window.zoomed(factor, self._cursor if seen else self.window.place(0.5)))

    def action_pan(self, by: float) -> None:
        self._look(self.window.panned(by))

    def action_whole(self) -> None:
        self._look(Window())

    def _switch(self, name: str) -> None:
        setattr(self, name, not getattr(self, name))
        self._settle()
        self.draw()

    def action_log_values(self) -> None:
        self._switch("log_values")

    def action_unit(self) -> None:
        self._switch("in_ulp")

    def action_log_steps(self) -> None:
        self.window = Window()
        self._switch("log_steps")

    def action_time(self) -> None:
        self.window = Window()
        self._switch("by_time")

    # --- The mouse ---------------------------------------------------------------------

    @on(Wheeled)
    def _wheeled(self, event: Wheeled) -> None:
        event.stop()
        self._look(self.window.zoomed(event.factor, self.window.place(event.at)))

    @on(Dragged)
    def _dragged(self, event: Dragged) -> None:
        event.stop()
        self._look(self.window.panned(event.by))

    @on(Pressed)
    def _pressed(self, event: Pressed) -> None:
        event.stop()
        if np.isfinite(self._places).any():
            self.go(int(np.nanargmin(np.abs(self._places - self.window.place(event.at)))))


def _distance(left: float | None, right: float | None) -> str:
    """How far apart two points that differ are."""
    if left is None or right is None:
        return "no distance: a point is not there"
    far = ulp(left, right)
    if far is None:
        return "no distance: NaN or infinite"
    return f"right - left {number(right - left)}  {far:,} ULP"
