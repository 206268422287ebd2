"""A dialog that chooses, orders and sizes the columns of a table."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from repro_tui.tui.spelling import shown
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Chosen
from repro_tui.tui.widgets.tick_list import Tick, TickList

_STEP, _LEAST, _MOST, _FIRST = 2, 3, 200, 16
"""Cells by which a column is sized, and within what; what it starts from."""


class ColumnOffer(Struct, frozen=True):
    """A column that there can be."""

    name: str
    about: str


class ColumnChoice(Struct, frozen=True):
    """What was chosen; no names: columns are to be chosen by themselves."""

    names: tuple[str, ...]
    widths: Mapping[str, int]
    """In cells, of the columns that were sized by hand."""


class ColumnsScreen(ModalScreen[ColumnChoice | None]):
    """Dismissed with the choice, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,ctrl+s", "take", "Take", id="columns.take"),
        Binding("shift+up,ctrl+up,K", "shift(-1)", "Up", key_display="K", id="columns.earlier"),
        Binding("shift+down,ctrl+down,J", "shift(1)", "Down", key_display="J", id="columns.later"),
        Binding(
            "greater_than_sign,shift+right,ctrl+right",
            "size(1)",
            "Wider",
            key_display=">",
            id="columns.wider",
        ),
        Binding(
            "less_than_sign,shift+left,ctrl+left",
            "size(-1)",
            "Narrower",
            key_display="<",
            id="columns.narrower",
        ),
        Binding("a", "automatic", "Auto", id="columns.automatic"),
        Binding("escape,q", "leave", "Close", key_display="esc", id="columns.back"),
        Binding(
            "question_mark,f1", "app.help", "Help", key_display="?", show=False, id="columns.help"
        ),
    ]
    HELP = (
        "Space ticks a column, K and J (or shift with an arrow) move it, < and > size it.\n"
        "Ticked columns are shown from the top of this list to its end, left to right. "
        "Automatic lets the program choose columns and widths again."
    )

    def __init__(
        self,
        offers: Sequence[ColumnOffer],
        now: Sequence[str],
        widths: Mapping[str, int],
    ) -> None:
        """`now`: the columns that are shown, in their order; they come first in the list."""
        super().__init__()
        about = {offer.name: offer.about for offer in offers}
        names = dict.fromkeys((*now, *about))
        self._about = {name: about.get(name, "") for name in names}
        self._shown = set(now)
        self._widths = dict(widths)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Columns"
            dialog.border_subtitle = "space shows or hides"
            yield TickList(
                [
                    Tick(name, shown(name), self._told(name), name in self._shown)
                    for name in self._about
                ]
            )
        yield Keys(palette=False)

    def on_mount(self) -> None:
        self._list.rows.focus()

    @property
    def _list(self) -> "TickList[str]":
        return self.query_one(TickList)

    def _told(self, name: str) -> Content:
        width = self._widths.get(name)
        sized = Content(f"{width:>3} cells  ") if width else Content("   fitted  ")
        return sized + shown(self._about[name], limit=100)

    @on(Chosen)
    def _clicked(self, event: Chosen[Tick[str]]) -> None:
        self._list.toggle(event.row.value)

    def on_tick_list_toggled(self, event: TickList.Toggled) -> None:
        self._list.toggle(event.value)

    def action_shift(self, by: int) -> None:
        self._list.move(by)

    def action_size(self, direction: int) -> None:
        name = self._list.current
        if name is not None:
            width = self._widths.get(name, _FIRST) + direction * _STEP
            self._widths[name] = max(_LEAST, min(width, _MOST))
            self._list.change(
                [
                    replace(tick, about=self._told(name)) if tick.value == name else tick
                    for tick in self._list.ticks
                ]
            )

    def action_take(self) -> None:
        listed = self._list
        if listed.searching:
            listed.end_search(clear=False)
        elif not listed.changed:
            self.dismiss(None)
        else:
            self.dismiss(ColumnChoice(listed.ticked, self._widths))

    def action_automatic(self) -> None:
        self.dismiss(ColumnChoice((), {}))

    def action_leave(self) -> None:
        if self._list.searching:
            self._list.end_search(clear=True)
        else:
            self.dismiss(None)
