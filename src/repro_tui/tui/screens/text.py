"""A text to read at length, over the screen that it explains."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from repro_tui.tui.widgets.keys import Keys


class TextScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", key_display="esc", id="text.back"),
        Binding("j", "scroll(1)", "Down", show=False, id="text.down"),
        Binding("k", "scroll(-1)", "Up", show=False, id="text.up"),
        Binding("g,home", "end(-1)", "Top", show=False, id="text.first"),
        Binding("G,end", "end(1)", "End", show=False, id="text.last"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="text.help"),
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self.title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide") as dialog:
            dialog.border_title = self.title
            yield Static(self._text)
        yield Keys(palette=False)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_end(self, direction: int) -> None:
        place = self.query_one(VerticalScroll)
        place.scroll_to(y=place.max_scroll_y if direction > 0 else 0, animate=False)
