"""What is shown when the store cannot be opened: what is wrong, what to do, and again."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Button, Footer, Static

from repro_tui.errors import ReproError
from repro_tui.tui.spelling import shown


class ErrorScreen(Screen[None]):
    """Dismissed when the person wants to try again."""

    TITLE = "No store"
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
            yield Static(shown(self._error.message, "$text-error"), classes="note")
            yield Static(shown(self._error.hint), classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Try again", variant="primary", action="screen.retry")
        yield Footer(compact=True)

    def action_retry(self) -> None:
        self.dismiss()
