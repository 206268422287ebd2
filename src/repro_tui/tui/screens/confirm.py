"""A question with yes and no, asked before something is ended or lost."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from repro_tui.tui.widgets.keys import Keys


class ConfirmScreen(ModalScreen[bool]):
    """Dismissed with the answer; the question is plain text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("n,escape,q", "answer(False)", "No", key_display="n", id="confirm.no"),
    ]
    AUTO_FOCUS = "#no"

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._question), classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Yes", variant="error", id="yes", action="screen.answer(True)")
                yield Button("No", id="no", action="screen.answer(False)")
        yield Keys(palette=False)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)
