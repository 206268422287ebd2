"""Another store, out of those that were opened before or by its name."""

import os
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from repro_tui.errors import ReproError
from repro_tui.tui.house import house
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.store_list import StoreChosen, StoreList, StoresRead


class StoresScreen(ModalScreen[None]):
    """Stays until the store is open: the application then starts over with it."""

    TITLE = "Store"
    HELP = (
        "Another tracking store: one that was opened before, or one that you name. The present "
        "one stays open until the other one is."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="stores.open"),
        Binding("tab", "app.focus_next", "List or name", id="stores.other-part"),
        Binding("escape,q", "dismiss", "Close", key_display="esc", id="stores.back"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="stores.help"),
    ]

    def __init__(self, current: str = "") -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Open another store"
            if self._current:
                yield Static(Content.styled("open: ", MUTED) + shown(self._current))
            yield Static(Content.styled("Its tracking URI, or the path of its folder", MUTED))
            yield Input(
                placeholder="http://host:5000, ~/project, sqlite:///mlflow.db", compact=True
            )
            yield StoreList(but=self._current)
            yield Static(id="said")
        yield Keys(palette=False)

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        if event.value.strip():
            # A path as in a shell, but no shell has read it.
            self._open(os.path.expanduser(event.value.strip()))  # noqa: PTH111

    @on(StoresRead)
    def _read(self, message: StoresRead) -> None:
        if message.uris and not self.query_one(Input).value:
            self.query_one(StoreList).focus()

    @on(StoreChosen)
    def _chosen(self, event: StoreChosen) -> None:
        self._open(event.uri)

    def _open(self, uri: str) -> None:
        self.query_one("#said", Static).update(shown(f"⋯ opening {uri}", "$accent"))
        house(self).open_store(uri)

    def tell(self, error: ReproError) -> None:
        """The store cannot be opened."""
        told = shown(f"✗ {error.message}", "$text-error") + Content("\n") + shown(error.hint)
        self.query_one("#said", Static).update(told)

    async def action_open(self) -> None:
        """What is typed where one types, else what is chosen in the list."""
        box = self.query_one(Input)
        if box.has_focus:
            await box.action_submit()
        else:
            self.query_one(StoreList).action_select()
