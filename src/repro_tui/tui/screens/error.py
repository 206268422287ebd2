"""What is shown when the store cannot be opened: what is wrong, and what to do."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Static

from repro_tui.errors import ReproError
from repro_tui.tui.house import house
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.store_list import StoreChosen, StoreList, StoresRead

RETRY_SECONDS = 5.0


class ErrorScreen(Screen[str | None]):
    """Dismissed with the store to open instead, or with None to try again."""

    TITLE = "No store"
    HELP = (
        "The store that repro-tui was started with cannot be opened. Put right what is said "
        "here and try again, or open another one."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,enter,ctrl+r,f5", "retry", "Try again", key_display="r", id="error.retry"),
        Binding("q", "app.quit", "Quit", id="error.back"),
    ]

    def __init__(self, error: ReproError) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "The store cannot be opened"
            yield Static(id="error", classes="note")
            yield Static(id="hint", classes="note")
            yield Static(Content.styled("Opened before; enter opens one:", MUTED), id="before")
            yield StoreList()
            with Horizontal(classes="buttons"):
                yield Button("Try again", variant="primary", action="screen.retry")
                yield Button("Another store", action="app.stores")
        yield Keys()

    def on_mount(self) -> None:
        self.tell(self._error)
        self.set_interval(RETRY_SECONDS, self._try_again)

    def tell(self, error: ReproError) -> None:
        """Say what is wrong now."""
        self.query_one("#error", Static).update(shown(error.message, "$text-error"))
        patience = Content.styled("\nIt is tried again every few seconds.", MUTED)
        self.query_one("#hint", Static).update(shown(error.hint) + patience)

    def _try_again(self) -> None:
        if self.is_current:
            house(self).open_again()

    @on(StoresRead)
    def _read(self, message: StoresRead) -> None:
        self.query_one("#before").display = bool(message.uris)
        if message.uris:
            self.query_one(StoreList).focus()

    @on(StoreChosen)
    def _chosen(self, message: StoreChosen) -> None:
        self.dismiss(message.uri)

    def action_retry(self) -> None:
        self.dismiss(None)
