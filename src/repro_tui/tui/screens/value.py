"""One value whole, however long, over the screen that shows its beginning."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from repro_tui.text import visible
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Rows


class _ValueLines(Rows[str]):
    """The text in pieces that fit the width, so that a megabyte costs what is in view."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def on_resize(self) -> None:
        self.show(pieces(self._text, max(self.size.width, 8)))
        super().on_resize()

    def draw(self, row: str, width: int) -> Content:
        del width
        return Content(row)


def pieces(text: str, width: int) -> list[str]:
    """Every line of a text, safe, cut where it is wider than `width` cells."""
    found: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        safe = visible(line)
        # A character takes two cells at most.
        step = width if safe.isascii() else max(width // 2, 1)
        found += [safe[start : start + step] for start in range(0, len(safe), step)] or [""]
    return found


class ValueScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", key_display="esc", id="value.back"),
        Binding("y", "copy", "Copy", id="value.copy"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="value.help"),
    ]

    def __init__(self, title: str, value: str) -> None:
        super().__init__()
        self.title = title
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog whole") as dialog:
            dialog.border_title = Content(visible(self.title or "", 60)).markup
            yield _ValueLines(self._value)
        yield Keys(palette=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._value)
        self.notify(f"Copied {len(self._value):,} characters.")
