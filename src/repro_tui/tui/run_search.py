"""A quick search through the runs that are listed, some of them at a time. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from repro_tui.tui.fuzzy import fold
from repro_tui.tui.run_reading import Found

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.outline import Outline


class Search(Struct):
    """What was found so far, and what was looked at, so that it is read only once."""

    wanted: str = ""
    looked_at: int = 0
    """How many runs, from the first one on."""
    outline: Outline | None = None
    """Of the runs that were looked at; None: nothing was found out yet."""
    _exact: list[int] = field(default_factory=list)
    _loose: list[int] = field(default_factory=list)
    _texts: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _texts_of: Outline | None = None

    def begin(self, wanted: str) -> None:
        """Search for something else, from the first run on. What was found before stays
        in view until something is found out."""
        self.wanted, self.looked_at = wanted, 0

    def forget(self) -> None:
        """The runs may hold something else now."""
        self._texts.clear()

    def end(self) -> None:
        self.begin("")
        self.outline = None
        self.forget()

    def texts(self, outline: Outline, start: int) -> tuple[str, ...] | None:
        """What was looked at from `start` on in this very list."""
        return self._texts.get(start) if self._texts_of is outline else None

    def take(self, found: Found) -> bool:
        """Keep what was found; False where something else is searched for by now."""
        if found.search != self.wanted or found.start != self.looked_at:
            return False
        if self._texts_of is not found.outline:
            self._texts_of, self._texts = found.outline, {}
        if not found.start:
            self._exact, self._loose = [], []
        self.outline = found.outline
        self._texts[found.start] = found.texts
        small = fold(found.search)
        for place in found.places:
            exact = small in fold(found.texts[place - found.start])
            (self._exact if exact else self._loose).append(place)
        self.looked_at = found.start + len(found.texts)
        return True

    @property
    def places(self) -> list[int]:
        """Where the runs stand that were found: those that hold the text as it is first."""
        return self._exact + self._loose

    @property
    def done(self) -> bool:
        return self.outline is not None and self.looked_at >= len(self.outline)
