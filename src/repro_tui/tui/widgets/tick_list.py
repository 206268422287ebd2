"""A list of things to tick, narrowed by a quick search."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from repro_tui.tui.fuzzy import best_first, emphasised
from repro_tui.tui.spelling import MUTED
from repro_tui.tui.widgets.rows import Rows

T = TypeVar("T", bound=Hashable)

_MARK = 3
"""Cells at the beginning of a row that its mark stands in."""


class Tick(Struct, Generic[T], frozen=True):
    """One thing that can be ticked."""

    value: T
    label: Content
    about: Content = Content("")
    ticked: bool = False


class _Ticks(Rows[Tick[T]]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Tick", id="ticks.tick"),
    ]
    search = ""
    label_width = 10

    def identity(self, row: Tick[T]) -> Hashable:
        return row.value

    def draw(self, row: Tick[T], width: int) -> Content:
        mark = Content.styled("✓ ", "$text-success bold") if row.ticked else Content("· ")
        label = emphasised(row.label, self.search, loosely=True)
        cut = label.truncate(self.label_width, ellipsis=True)
        gap = self.label_width - cut.cell_length
        line = Content(" ") + mark + cut.pad_right(gap) + Content("  ")
        return (line + row.about.stylize(MUTED)).truncate(width, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        """A click on the mark ticks at once."""
        offset, index = event.get_content_offset(self), self.row_at(event)
        if offset is not None and offset.x < _MARK and index is not None:
            event.prevent_default()  # Rows would choose the row.
            self.cursor = index
            self.action_tick()

    def action_tick(self) -> None:
        if self.current is not None:
            self.post_message(TickList.Toggled(self.current.value))


class TickList(Vertical, Generic[T]):
    """Holds the ticks; the dialog around it says what they mean, and what a toggle does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="ticks.search"),
    ]
    DEFAULT_CSS = """
    TickList { height: auto; max-height: 100%; }
    TickList Input { height: 1; border: none; padding: 0 1; display: none; }
    TickList Input.-open { display: block; }
    TickList _Ticks { height: auto; max-height: 16; background: $surface; }
    """

    @dataclass
    class Toggled(Message):
        """The space key asks that a thing be ticked, or not any more."""

        value: Hashable

    def __init__(self, ticks: Sequence[Tick[T]]) -> None:
        super().__init__()
        self.ticks = tuple(ticks)
        self.changed = False
        """Whether anything was ticked, unticked or moved."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="search", compact=True)
        yield _Ticks[T]()

    def on_mount(self) -> None:
        self._show()

    @property
    def rows(self) -> "_Ticks[T]":
        return self.query_one(_Ticks)

    @property
    def ticked(self) -> tuple[T, ...]:
        return tuple(tick.value for tick in self.ticks if tick.ticked)

    @property
    def current(self) -> T | None:
        row = self.rows.current
        return None if row is None else row.value

    def go_to(self, value: T) -> None:
        self.rows.cursor = self.rows.place(value) or 0

    def change(self, ticks: Sequence[Tick[T]]) -> None:
        """Show these ticks from now on; the cursor stays on its thing."""
        self.changed = True
        self.ticks = tuple(ticks)
        self._show()

    def toggle(self, value: Hashable) -> None:
        self.change(
            [
                replace(tick, ticked=not tick.ticked) if tick.value == value else tick
                for tick in self.ticks
            ]
        )

    def move(self, by: int) -> None:
        """Move the current thing before or behind its neighbour."""
        places = {tick.value: place for place, tick in enumerate(self.ticks)}
        here = places.get(self.current) if self.current is not None else None
        if here is not None and 0 <= here + by < len(self.ticks):
            ticks = list(self.ticks)
            ticks[here], ticks[here + by] = ticks[here + by], ticks[here]
            self.change(ticks)

    def _show(self) -> None:
        search = self.query_one(Input).value.strip()
        found = best_first(search, [tick.label.plain for tick in self.ticks])
        rows = self.rows
        rows.search = search
        widest = max((tick.label.cell_length for tick in self.ticks), default=10)
        rows.label_width = min(widest, 40)
        rows.show([self.ticks[place] for place in found])

    def action_search(self) -> None:
        box = self.query_one(Input)
        box.add_class("-open")
        box.focus()

    @property
    def searching(self) -> bool:
        return self.query_one(Input).has_focus

    def end_search(self, *, clear: bool) -> None:
        """Go back to the list, with what was found or with everything."""
        box = self.query_one(Input)
        if clear:
            box.value = ""
        box.set_class(bool(box.value), "-open")
        self.rows.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.end_search(clear=False)
