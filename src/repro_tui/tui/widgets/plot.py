"""A metric's histories over each other, and below them how far they are apart."""

import math
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from repro_tui.evidence.model import History
from repro_tui.reports.axes import Indices
from repro_tui.tui.curves import NO_POINTS, Pairs, Window, pairs
from repro_tui.tui.plot_layout import Layout, Look
from repro_tui.tui.plot_text import MARKS, legend, readout
from repro_tui.tui.spelling import MUTED
from repro_tui.tui.widgets.plot_area import Dragged, Line, PlotArea, Pressed, Upright, Wheeled


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
        self._look = Look()
        self._settle()

    def compose(self) -> ComposeResult:
        yield Static(id="legend")
        yield PlotArea("values", labels=0)
        yield Static(id="title")
        yield PlotArea("apart", labels=1)
        yield Static(id="readout")

    def show(
        self,
        left: History | None,
        right: History | None,
        names: tuple[str, str],
        first_step: int | None,
        awaited: Indices = NO_POINTS.steps,
    ) -> None:
        """Take two histories; `first_step` is where they part, as the comparison found it.

        At the steps that are `awaited` nothing is compared yet.
        """
        fresh = not len(self.pairs)
        step = None if fresh else int(self.pairs.steps[self.row])
        self._histories = left or NO_POINTS, right or NO_POINTS
        self._names = names
        self._first = first_step
        self.pairs = pairs(left, right, awaited)
        self._settle()
        self.row = self.pairs.row_of(step if step is not None else first_step or 0)
        self.draw()

    def look_as(self, other: "HistoryPlot") -> None:
        """Take the scales, axes and units of another plot."""
        self._take(other._look)

    def _take(self, look: Look) -> None:
        self._look = look
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

    def _settle(self) -> None:
        self._layout = Layout.of(*self._histories, self.pairs, self._look)

    @property
    def _cursor(self) -> float:
        """The cursor's place on the axis; NaN where it has none."""
        return self._layout.place(self.row)

    @property
    def _values(self) -> PlotArea:
        return self.query_one("#values", PlotArea)

    # --- Drawing -----------------------------------------------------------------------

    def draw(self) -> None:
        """Draw what is in view: it costs as much as there are columns."""
        if not self.is_mounted or not self._values.columns:
            return
        layout, log = self._layout, self._look.log_values
        styles = self._style("plot--left"), self._style("plot--right")
        lines = [Line(*line) for line in zip(layout.curves, styles, MARKS, strict=True)]
        uprights = [Upright(self._cursor, "│", self._style("plot--cursor"))]
        if self._first is not None and len(self.pairs):
            place = layout.place(self.pairs.row_of(self._first))
            uprights.append(Upright.parting(place, self._style("plot--first")))
        self._values.draw(lines, uprights, self.window, layout.scale, log=log)
        apart = [Line(layout.apart, self._style("plot--apart"), "")]
        below = self.query_one("#apart", PlotArea)
        below.draw(apart, uprights, self.window, layout.scale, log=log)
        unit = " in ULP" if self._look.in_ulp else ""
        told = {
            "#legend": legend(self._names, self._first, self.size.width),
            "#title": Content.styled(f"|left - right|{unit}", MUTED),
            "#readout": readout(self.pairs, self.row, layout, self.window),
        }
        for selector, text in told.items():
            self.query_one(selector, Static).update(text, layout=False)

    def _style(self, component: str) -> str:
        return str(self.get_component_rich_style(component))

    # --- The cursor --------------------------------------------------------------------

    def go(self, row: int) -> None:
        """Set the cursor on a row of the pairs; what is in view follows it."""
        self.row = max(min(row, len(self.pairs) - 1), 0)
        if math.isfinite(self._cursor):
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
        self.go(self._layout.beside(self.row, by * column))

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

    def _show_part(self, window: Window) -> None:
        self.window = window
        self.draw()

    def action_zoom(self, factor: float) -> None:
        seen = self.window.low <= self._cursor <= self.window.high
        self._show_part(
            self.window.zoomed(factor, self._cursor if seen else self.window.place(0.5))
        )

    def action_pan(self, by: float) -> None:
        self._show_part(self.window.panned(by))

    def action_whole(self) -> None:
        self._show_part(Window())

    def action_log_values(self) -> None:
        self._take(replace(self._look, log_values=not self._look.log_values))

    def action_unit(self) -> None:
        self._take(replace(self._look, in_ulp=not self._look.in_ulp))

    def action_log_steps(self) -> None:
        self.window = Window()
        self._take(replace(self._look, log_steps=not self._look.log_steps))

    def action_time(self) -> None:
        self.window = Window()
        self._take(replace(self._look, by_time=not self._look.by_time))

    # --- The mouse ---------------------------------------------------------------------

    @on(Wheeled)
    def _wheeled(self, event: Wheeled) -> None:
        event.stop()
        self._show_part(self.window.zoomed(event.factor, self.window.place(event.at)))

    @on(Dragged)
    def _dragged(self, event: Dragged) -> None:
        event.stop()
        self._show_part(self.window.panned(event.by))

    @on(Pressed)
    def _pressed(self, event: Pressed) -> None:
        event.stop()
        row = self._layout.nearest(self.window.place(event.at))
        if row is not None:
            self.go(row)
