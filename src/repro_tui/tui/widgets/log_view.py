"""What a job writes: line by line with a cursor, followed while it grows, searched."""

import re

from textual.content import Content

from repro_tui.tui.log_lines import LogLines
from repro_tui.tui.widgets.rows import Rows


class LogView(Rows[str]):
    """The lines of a log. Whoever stands on the last one is taken along as it grows."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.log_lines = LogLines()
        self.follows = True
        """Whether the cursor goes along from the last line to a new last one."""

    def clear(self) -> None:
        self.log_lines.clear()
        self._lay(0)

    def feed(self, text: str) -> None:
        """Take what was written since the last time."""
        at_end = self.cursor >= len(self.rows) - 1
        dropped = self.log_lines.feed(text)
        last = len(self.log_lines.lines) - 1
        self._lay(last if self.follows and at_end else max(self.cursor - dropped, 0))

    def _lay(self, cursor: int) -> None:
        # Not by `show`, which looks for the row under the cursor among all.
        self.rows = self.log_lines.lines
        self._measure()
        self.set_reactive(Rows.cursor, cursor)
        self.follow()
        self._tell()
        self.refresh()

    def draw(self, row: str, width: int) -> Content:
        del width
        line = Content(f" {row}")
        if self.log_lines.searched:
            wanted = re.compile(re.escape(self.log_lines.searched), re.IGNORECASE)
            for found in wanted.finditer(row):
                line = line.stylize("reverse bold", found.start() + 1, found.end() + 1)
        return line

    def full_width(self, width: int) -> int:
        del width
        # Characters of two cells are rare in logs; their lines end a little early.
        return self.log_lines.widest + 2

    def search(self, text: str) -> None:
        """Search for a text from now on, and go to the nearest line that holds it."""
        lines = self.log_lines
        lines.search(text)
        if lines.matches and lines.number(self.cursor) is None:
            later = lines.next_match(self.cursor, 1)
            self.cursor = lines.matches[-1] if later is None else later
        self.refresh()

    def go_to_match(self, direction: int) -> None:
        """Go to the next line that holds what is searched for, or to the one before."""
        place = self.log_lines.next_match(self.cursor, direction)
        if place is not None:
            self.cursor = place
