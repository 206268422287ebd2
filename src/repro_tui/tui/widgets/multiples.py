"""Metrics in a grid of small plots, of which only those in view are drawn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from repro_tui.compare.model import Finding
from repro_tui.tui.curves import Window, undrawn
from repro_tui.tui.multiples import Multiple, columns
from repro_tui.tui.plot_layout import Look, laid, place_of
from repro_tui.tui.plot_text import MARKS
from repro_tui.tui.spelling import shown
from repro_tui.tui.widgets.plot_area import Line, PlotArea, Upright, Wheeled
from repro_tui.tui.widgets.rows import MOVE

_LOWEST, _HIGHEST = 10, 20
"""Lines of a plot, with the one over it: few of them share the whole height."""
_PARTS = "left", "right", "first"
"""What has a style of its own: both lines, and where they part."""
Styles = tuple[str, str, str]
"""One a part."""


@dataclass
class Walked(Message):
    """The cursor stands on another plot."""


@dataclass
class MetricChosen(Message):
    """A plot was chosen, with the enter key or by a second click."""

    finding: Finding


@dataclass
class Laid(Message):
    """A plot has got another size."""


class _Area(PlotArea):
    """Tells when it can be drawn."""

    def on_resize(self) -> None:
        self.post_message(Laid())


class MetricPlot(Vertical):
    """One metric under a line that tells of it. It is empty until it is first drawn."""

    DEFAULT_CSS = """
    MetricPlot {
        height: 100%;
        border-top: solid $foreground 25%;
        border-title-color: $foreground;
        border-title-background: $background;
        &.-at {
            border-top: heavy $primary;
            border-title-style: bold;
            border-title-background: $ground-row;
        }
        & > Static { padding: 1 2; color: $muted; }
        & PlotWidget > .plot--axis { color: $foreground 25%; }
        & PlotWidget > .plot--tick { color: $muted; text-style: none; }
    }
    """

    def __init__(self, multiple: Multiple) -> None:
        super().__init__()
        self.multiple = multiple
        self._wanted: tuple[Look, Styles] | None = None
        """How it is to be drawn; None: it was not in view yet."""
        self._drawn: object = None
        """What it was drawn for: it is not drawn again for the same."""
        self._undrawn = ""

    def on_resize(self) -> None:
        self._tell()

    def point(self, *, here: bool) -> None:
        """Show whether the cursor is here."""
        if here is not self.has_class("-at"):
            self.set_class(here, "-at")
            self._tell()

    def _tell(self) -> None:
        """Say on the line above what the metric is."""
        head = self.multiple.head(max(self.size.width - 8, 8), self._undrawn)
        mark = Content("▸ " if self.has_class("-at") else "")
        self.border_title = (mark + head).markup

    async def draw(self, look: Look, styles: Styles) -> bool:
        """Draw both runs' curves and where they part; the first time as soon as there is room.

        Whether there was anything to do.
        """
        if self._wanted == (look, styles):
            return False
        self._wanted = look, styles
        if not self.children:
            instead = self.multiple.instead
            await self.mount(Static(shown(instead)) if instead else _Area("values", labels=1))
        self._redraw()
        return True

    @on(Laid)
    def _laid(self, event: Laid) -> None:
        event.stop()
        # Its parts are laid out after it.
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        area = self.children[0]
        if self._wanted is None or not isinstance(area, PlotArea) or not area.columns:
            return
        look, styles = self._wanted
        if (look, styles, area.size) == self._drawn:
            return
        self._drawn = look, styles, area.size
        left, right = self.multiple.histories
        scale, curves = laid(left, right, look)
        lines = [Line(*line) for line in zip(curves, styles[:2], MARKS, strict=True)]
        uprights = []
        if self.multiple.first_step is not None:
            place = place_of(self.multiple.first_step, left, right, look, scale)
            uprights.append(Upright.parting(place, styles[2]))
        area.draw(lines, uprights, Window(), scale, log=look.log_values)
        values = np.concatenate([left.values, right.values])
        self._undrawn = undrawn(values, log=look.log_values)
        self._tell()


class MetricGrid(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Small plots in columns, as many as there is width for, and a cursor on one of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "row(1)", "Down", show=False, group=MOVE, id="metrics.down"),
        Binding("up,k", "row(-1)", "Up", show=False, group=MOVE, id="metrics.up"),
        Binding("right,l", "move(1)", "Right", show=False, group=MOVE, id="metrics.right"),
        Binding("left,h", "move(-1)", "Left", show=False, group=MOVE, id="metrics.left"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, group=MOVE,
                id="metrics.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, group=MOVE,
                id="metrics.page-up"),
        Binding("home,g", "end(-1)", "First", show=False, group=MOVE, id="metrics.first"),
        Binding("end,G", "end(1)", "Last", show=False, group=MOVE, id="metrics.last"),
    ]  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plots--left", "plots--right", "plots--first"}
    DEFAULT_CSS = """
    MetricGrid {
        layout: grid;
        grid-size: 1;
        grid-gutter: 0 1;
        height: 1fr;
        & > .plots--left { color: $primary; }
        & > .plots--right { color: $accent; }
        & > .plots--first { color: $text-error; }
    }
    """

    cursor: reactive[int] = reactive(0)

    def __init__(self, multiples: Sequence[Multiple], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._plots = tuple(map(MetricPlot, multiples))
        self._listed: tuple[MetricPlot, ...] = ()
        self._look = Look()

    def compose(self) -> ComposeResult:
        yield from self._plots

    def show(self, multiples: Collection[Multiple]) -> None:
        """Show these alone; the cursor stays on its plot where that is still there."""
        kept = self._at
        self._listed = tuple(plot for plot in self._plots if plot.multiple in multiples)
        for plot in self._plots:
            plot.display = plot.multiple in multiples
        self.set_reactive(
            MetricGrid.cursor, self._listed.index(kept) if kept in self._listed else 0
        )
        self._arrange()
        self._point()
        self.call_after_refresh(self._draw)

    def look(self, look: Look) -> None:
        """Draw all plots that way."""
        self._look = look
        self.call_after_refresh(self._draw)

    # --- Drawing -----------------------------------------------------------------------

    async def _draw(self) -> None:
        """Draw the plots in view, one after the other: keys that are pressed come in between."""
        across = self._across
        first = int(self.scroll_offset.y) // self._height
        last = (int(self.scroll_offset.y) + self.size.height) // self._height
        styles = [self.get_component_rich_style(f"plots--{each}") for each in _PARTS]
        for plot in self._listed[first * across : (last + 1) * across]:
            if await plot.draw(self._look, (str(styles[0]), str(styles[1]), str(styles[2]))):
                self.call_after_refresh(self._draw)
                return

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self._arrange()
        self.call_after_refresh(self._point)
        self.call_after_refresh(self._draw)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.call_after_refresh(self._draw)

    # --- The cursor --------------------------------------------------------------------

    @property
    def _across(self) -> int:
        return columns(self.size.width)

    @property
    def _height(self) -> int:
        """Lines of a plot."""
        rows = -(-len(self._listed) // self._across)
        return min(max(self.size.height // max(rows, 1), _LOWEST), _HIGHEST)

    def _arrange(self) -> None:
        self.styles.grid_size_columns = self._across
        self.styles.grid_rows = str(self._height)

    @property
    def _at(self) -> MetricPlot | None:
        return self._listed[self.cursor] if self._listed else None

    @property
    def current(self) -> Finding | None:
        """The metric under the cursor."""
        return None if self._at is None else self._at.multiple.finding

    @property
    def count(self) -> int:
        """How many plots are shown."""
        return len(self._listed)

    def go_to(self, finding: Finding) -> None:
        """Set the cursor on a metric, if it is shown."""
        places = (i for i, plot in enumerate(self._listed) if plot.multiple.finding is finding)
        self.cursor = next(places, self.cursor)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._listed) - 1))

    def watch_cursor(self) -> None:
        self._point()

    def _point(self) -> None:
        """Show where the cursor is, and scroll it into view."""
        for plot in self._plots:
            plot.point(here=plot is self._at)
        if self._at is not None:
            height, seen = self._height, self.size.height
            top = self.cursor // self._across * height
            y = min(max(self.scroll_offset.y, top + height - seen), top)
            self.scroll_to(y=y, animate=False, force=True)
        self.post_message(Walked())

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_row(self, by: int) -> None:
        """The plot above or below; from the last but one row to the last plot."""
        across = self._across
        row = self.cursor // across + by
        if 0 <= row <= (len(self._listed) - 1) // across:
            self.cursor += by * across

    def action_page(self, direction: int) -> None:
        self.cursor += direction * max(self.size.height // self._height, 1) * self._across

    def action_end(self, direction: int) -> None:
        self.cursor = len(self._listed) - 1 if direction > 0 else 0

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(MetricChosen(self.current))

    # --- The mouse ---------------------------------------------------------------------

    @on(Wheeled)
    def _wheeled(self, event: Wheeled) -> None:
        event.stop()
        self.scroll_relative(y=3 if event.factor > 1 else -3, animate=False)

    def on_click(self, event: events.Click) -> None:
        around = () if event.widget is None else event.widget.ancestors_with_self
        place = next((i for i, plot in enumerate(self._listed) if plot in around), None)
        if place is None:
            return
        again = place == self.cursor
        self.cursor = place
        if again and event.chain == 2:
            self.action_open()
