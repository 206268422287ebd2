"""A bare Textual application that scrolls lines which are all made before it starts.

The least that a list costs on Textual's own ScrollView, with a title and a footer:
`python scrolled.py ROWS`.
"""

import sys

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Footer, Static

WIDTH = 150


class Lines(ScrollView, can_focus=True):
    BINDINGS = [  # noqa: RUF012 (as Textual has it)
        Binding("g", "first", "First"),
        Binding("pagedown", "page", "Page down"),
        *(Binding(key, "bell", f"Key {key}") for key in "bcdehr"),
    ]

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._cursor = 0
        self._lines = [
            [Strip([Segment(f" run-{n:06} ".ljust(WIDTH, "x"), style)], WIDTH) for style in _STYLES]
            for n in range(rows)
        ]
        self.virtual_size = Size(WIDTH, rows)

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        return self._lines[row][row == self._cursor].crop(0, self.size.width)

    def action_first(self) -> None:
        self._go(0)

    def action_page(self) -> None:
        self._go(min(self._cursor + self.size.height, len(self._lines) - 1))

    def _go(self, row: int) -> None:
        self._cursor = row
        self.scroll_to(y=max(row - self.size.height + 1, 0), animate=False, immediate=True)
        self.refresh()


_STYLES = (Style(), Style(reverse=True))


class Scrolled(App[None]):
    CSS = "Static { dock: top; height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("A list")
        yield Lines(int(sys.argv[1]))
        yield Footer()


if __name__ == "__main__":
    Scrolled().run()
