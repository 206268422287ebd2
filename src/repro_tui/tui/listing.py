"""What of a comparison is listed, what is folded away, and where n goes from here. Pure."""

from collections.abc import Hashable, Iterable

from msgspec import Struct, field
from textual.content import Content

from repro_tui.compare.model import Comparison, Kind
from repro_tui.compare.several import Several
from repro_tui.evidence.model import SectionName
from repro_tui.text import plural, visible
from repro_tui.tui.comparison_rows import fold, rows
from repro_tui.tui.finding_rows import (
    Entry,
    Place,
    Row,
    differs,
    entry,
    identity,
    places,
    searched,
)

_ALL = frozenset[Place]((name, ()) for name in SectionName)


class Listing(Struct):
    """The rows of a comparison, none while there is none."""

    everything: bool = False
    """Whether what is equal or set aside is listed, too."""
    search: str = ""
    rows: tuple[Row, ...] = ()
    """All that is listed, also what is folded away."""
    _folded: frozenset[Place] = frozenset()
    _order: dict[Hashable, int] = field(default_factory=dict)
    """By identity, the place in `rows`."""
    _differing: dict[Hashable, int] = field(default_factory=dict)
    """By identity, the number among all that differ, from 1; …"""
    _unknown: dict[Hashable, int] = field(default_factory=dict)
    """… and among what could not be compared, where nothing differs."""
    _found: dict[Hashable, int] = field(default_factory=dict)
    """The same of what matches the search."""

    def load(self, compared: Comparison | Several) -> None:
        """List that comparison; what was folded stays so."""
        self.rows = rows(compared, everything=self.everything)
        self._order = {identity(row): place for place, row in enumerate(self.rows)}
        self._differing = _numbered(row for row in self.rows if differs(row))
        self._unknown = _numbered(
            row
            for row in (() if self._differing else self.rows)
            if isinstance(row, Entry) and Kind.UNKNOWN in row.kinds
        )
        self.look_for(self.search)

    def look_for(self, text: str) -> None:
        """Search for all words of the text, in keys, values and notes."""
        self.search = text.strip()
        words = self.search.casefold().split()
        self._found = _numbered(
            row
            for row in (self.rows if words else ())
            if isinstance(row, Entry) and all(word in searched(row) for word in words)
        )

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows without those that are folded away."""
        return fold(self.rows, self._folded)

    # --- Folding ---------------------------------------------------------------------------

    def toggle(self, row: Row) -> None:
        """Fold or unfold the section or folder that the row is, or that it lies in."""
        around = [place for place in places(row) if place in self._order]
        if around:
            self._folded ^= {around[-1]}

    def toggle_all(self) -> None:
        """Fold every section, or unfold all where something is folded."""
        self._folded = frozenset() if self._folded else _ALL

    # --- Walking ---------------------------------------------------------------------------

    @property
    def _wanted(self) -> dict[Hashable, int]:
        return self._found if self.search else self._differing or self._unknown

    @property
    def matching(self) -> int:
        """How many rows match the search."""
        return len(self._found)

    def matches(self, row: Row | None) -> bool:
        """Whether a row is one of those that are searched for."""
        key = entry(row)
        return key is not None and identity(key) in self._found

    def next(self, row: Row | None, direction: int) -> Row | None:
        """The next match; while nothing is searched for the next difference, or, where there is
        none, the next that is unknown. What hides it unfolds."""
        here = entry(row) or row
        at = -1 if here is None else self._order.get(identity(here), -1)
        ahead = self.rows[at + 1 :] if direction > 0 else reversed(self.rows[: max(at, 0)])
        found = next((row for row in ahead if identity(row) in self._wanted), None)
        if found is not None:
            self._folded -= set(places(found))
        return found

    def where(self, row: Row | None) -> Content:
        """`difference 3 of 12`; while a search is on, `search: seed  ·  match 3 of 12`."""
        key, count = entry(row), len(self._wanted)
        number = None if key is None else self._wanted.get(identity(key))
        if self.search:
            told = f"match {number:,} of {count:,}" if number else f"{count:,} matches"
            asked = Content.styled(f"search: {visible(self.search, 24)}", "$accent")
            return asked + Content("  ·  ") + Content.styled(told, "$accent bold")
        if number:
            told = f"{'unknown' if self._unknown else 'difference'} {number:,} of {count:,}"
        elif self._unknown:
            told = f"no difference, {count:,} unknown"
        else:
            told = plural(count, "difference") if count else "no difference"
        return Content.styled(told, "bold")


def _numbered(rows: Iterable[Row]) -> dict[Hashable, int]:
    return {identity(row): number for number, row in enumerate(rows, 1)}
