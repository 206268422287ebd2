"""The stores that were opened before, to be opened again."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from repro_tui.evidence.tracking import is_gone
from repro_tui.remembered import recall
from repro_tui.tui.background import start
from repro_tui.tui.house import house
from repro_tui.tui.spelling import shown


@dataclass
class StoresRead(Message):
    """Tracking URIs, the one opened last first."""

    uris: tuple[str, ...]


@dataclass
class StoreChosen(Message):
    uri: str


class StoreList(OptionList):
    """Reads what is remembered by itself; hidden where there is nothing. `but` is left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="stores.down"),
        Binding("k", "cursor_up", "Up", show=False, id="stores.up"),
        Binding("home,g", "first", "First", show=False, id="stores.first"),
        Binding("end,G", "last", "Last", show=False, id="stores.last"),
    ]

    def __init__(self, but: str = "") -> None:
        super().__init__()
        self._but = but
        self._uris: tuple[str, ...] = ()
        self.display = False

    def on_mount(self) -> None:
        state, but = house(self).settings.state, self._but
        start(self, "stores", lambda _: StoresRead(tuple(u for u in known(state) if u != but)))

    def on_stores_read(self, message: StoresRead) -> None:
        self._uris = message.uris
        self.display = bool(message.uris)
        self.add_options(Option(shown(uri)) for uri in message.uris)
        if message.uris:
            self.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(StoreChosen(self._uris[event.option_index]))


def known(state: Path) -> list[str]:
    """Stores that were opened before, and are not gone from this machine; the last one first."""
    return [uri for uri in reversed(list(recall(state).stores)) if not is_gone(uri, Path.cwd())]
