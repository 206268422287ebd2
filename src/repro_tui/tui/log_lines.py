"""The lines of a log as it grows, and those that hold what is searched for."""

import re
from bisect import bisect_left, bisect_right

from repro_tui.text import visible

MOST_LINES = 20_000
"""Lines that are kept: the last ones."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Sequences that only colour; training logs are full of them."""


def log_line(line: str) -> str:
    """One line of a log: what a progress bar left standing, without its colours."""
    return visible(_COLOUR.sub("", line.rstrip("\r")).rpartition("\r")[2])


class LogLines:
    """Lines, each safe to show; one that has no end yet is the last."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.widest = 0
        """Characters of the longest line."""
        self.searched = ""
        """What is searched for, in any case; empty: nothing."""
        self.matches: list[int] = []
        """The places of the lines that hold it, ascending."""
        self._half = ""

    def clear(self) -> None:
        """Forget the lines, and not what is searched for."""
        self.lines, self.widest, self.matches, self._half = [], 0, [], ""

    def feed(self, text: str) -> int:
        """Take what was written since the last time; return how many lines on top went."""
        if self._half:
            self.lines.pop()
        *whole, self._half = (self._half + text).split("\n")
        new = list(map(log_line, (*whole, self._half) if self._half else whole))
        first = len(self.lines)
        self.lines += new
        self.widest = max([self.widest, *map(len, new)])
        dropped = max(len(self.lines) - MOST_LINES, 0)
        del self.lines[:dropped]
        self.matches = [place - dropped for place in self.matches if dropped <= place < first]
        self.matches += self._matching(max(first - dropped, 0))
        return dropped

    def search(self, text: str) -> None:
        """Search for a text from now on; an empty one ends it."""
        self.searched = text
        self.matches = self._matching(0)

    def next_match(self, place: int, direction: int) -> int | None:
        """The place of the next match behind a line, or of the one before it."""
        if direction > 0:
            found = bisect_right(self.matches, place)
        else:
            found = bisect_left(self.matches, place) - 1
        return self.matches[found] if 0 <= found < len(self.matches) else None

    def number(self, place: int) -> int | None:
        """Which of the matches a line is, from 1; None: it is none."""
        found = bisect_left(self.matches, place)
        return found + 1 if self.matches[found : found + 1] == [place] else None

    def standing(self, place: int) -> str:
        """How a line stands among the matches: `match 3 of 12`."""
        found, number = self.matches, self.number(place)
        if number is None:
            return f"{len(found):,} match" + ("" if len(found) == 1 else "es")
        return f"match {number:,} of {len(found):,}"

    def _matching(self, first: int) -> list[int]:
        if not self.searched:
            return []
        wanted = re.compile(re.escape(self.searched), re.IGNORECASE)
        return [n for n in range(first, len(self.lines)) if wanted.search(self.lines[n])]
