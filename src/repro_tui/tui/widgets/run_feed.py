"""Where the list of runs comes from: asks the store, keeps what it told, and asks again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.tui import run_reading
from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house
from repro_tui.tui.run_cache import RunCache
from repro_tui.tui.run_reading import LARGE_PAGE, PAGE, Continued, Listed, Outlined, RunsRead

if TYPE_CHECKING:
    # The first frame, which lists nothing, does not wait for it.
    from repro_tui.evidence.tracking.outline import Outline

_PATIENCE = 10
"""A list that takes long to read is read again after so many times as long."""
RETRY_SECONDS = 5.0


class RunFeed(Widget):
    """Not seen. Holds the outline of the list, and what was read of its runs.

    `seen` gives the ids of the runs in view and near it; `quiet` whether nobody would be
    disturbed by reading again.
    """

    DEFAULT_CSS = "RunFeed { display: none; }"

    @dataclass
    class Changed(Message):
        """Other runs are listed."""

        anew: bool = False
        """Whether it is the answer to another query."""
        to_the_end: bool = False
        """Whether the last one is wanted."""

    @dataclass
    class Filled(Message):
        """More is known of these runs, or something else."""

        run_ids: tuple[str, ...]

    @dataclass
    class Refused(Message):
        """Another query could not be answered; what was listed before stays."""

        query: RunQuery
        error: ReproError

    @dataclass
    class Troubled(Message):
        """What is listed could not be read again, or can be once more."""

    def __init__(self, seen: Callable[[], tuple[str, ...]], quiet: Callable[[], bool]) -> None:
        super().__init__()
        self._seen = seen
        self._quiet = quiet
        self.query_now = RunQuery(max_results=PAGE)
        self.cache = RunCache()
        self.as_of: int | None = None
        """When the list was read last, in milliseconds; None: never."""
        self.trouble: ReproError | None = None
        """Why what is listed may be out of date."""
        self.reading_on = False
        """Whether the list is being read to its end."""
        self._outline: Outline | None = None
        self._next_page = ""
        self._asked: RunQuery | None = None
        self._outlining = False
        self._outlines = True
        """Whether the store tells all runs in outline, as far as is known."""
        self._busy = False
        self._state: Hashable | None = None
        """That the store was in when the list was read."""
        self._timer: Timer | None = None

    @property
    def outline(self) -> Outline:
        """What is listed: nothing until something was read."""
        if self._outline is None:
            from repro_tui.evidence.tracking.outline import outline_of

            self._outline = outline_of(())
        return self._outline

    @property
    def whole(self) -> bool:
        """Whether all runs of the query are in the outline."""
        return not self._next_page

    # --- Asking ------------------------------------------------------------------------

    def begin(self, query: RunQuery) -> None:
        """The first query of a store: what another one held is forgotten."""
        self.query_now, self._outline, self.cache = query, None, RunCache()
        self.as_of = self.trouble = None
        self._next_page, self._busy, self._outlining, self._outlines = "", False, False, True
        self._state = None
        self.ask(query)

    def ask(self, query: RunQuery) -> None:
        """Another query: what is listed stays until it is answered."""
        engine = house(self).engine
        self._asked = query
        self.reading_on = False
        start(self, "runs", lambda _: run_reading.first(engine, query))

    def refresh_list(self) -> None:
        """Read the list again, and what is in view of it."""
        self._read_again(None)

    def _read_again(self, read_at: Hashable | None) -> None:
        """The same, unless the store is still in the state in which it was read."""
        if self.as_of is None or self._asked is not None:
            self.ask(self._asked or self.query_now)
            return
        engine, query, seen = house(self).engine, self.query_now, self._seen()
        known, token = self.outline, self._next_page
        self._busy = True
        start(
            self, "again", lambda _: run_reading.again(engine, query, known, token, seen, read_at)
        )

    def fill(self) -> None:
        """Read what is in view, or near it, and is not known."""
        wanted = self.cache.wanted(self._seen())
        if wanted and not self._busy and self.as_of is not None:
            engine = house(self).engine
            self._busy = True
            start(self, "fill", lambda _: run_reading.read(engine, wanted))

    def go_on(self) -> None:
        """Read the page that follows, where the list grows page by page."""
        if self._next_page and not self._busy and not self._outlining:
            engine, query, known = house(self).engine, self.query_now, self.outline
            token, size = self._next_page, LARGE_PAGE if self.reading_on else PAGE
            self._busy = True
            start(self, "more", lambda _: run_reading.more(engine, query, known, token, size))

    def read_outline(self) -> None:
        """Read the whole list in outline, once its first page is on the screen."""
        if self._outlining:
            engine, query = house(self).engine, self.query_now
            start(self, "outline", lambda _: run_reading.outlined(engine, query))

    def read_on(self) -> None:
        """Read the list to its end, or wait for its outline where that is on its way."""
        if not self.whole:
            self.reading_on = True
            self.go_on()

    # --- Answers -----------------------------------------------------------------------

    def on_listed(self, message: Listed) -> None:
        message.stop()
        self._busy = False
        if message.query != (self._asked or self.query_now):
            return
        anew, self._asked = self._asked is not None, None
        self.query_now, self._outline = message.query, message.outline
        self._next_page = message.next_page
        self.as_of = house(self).now()
        self._recovered()
        if message.state is None or message.state != self._state:
            self.cache.outdate()
        self._state = message.state
        self.cache.put([run.run_id for run in message.runs], message.runs)
        self._outlining = bool(self._next_page) and self._outlines
        self.post_message(self.Changed(anew=anew))
        self._plan(message.took)

    def on_outlined(self, message: Outlined) -> None:
        message.stop()
        self._outlining = False
        if message.query != self.query_now:
            return
        if message.outline is None:
            self._outlines = False
        else:
            self._outline, self._next_page = message.outline, ""
        self._read_on_so_far()

    def on_continued(self, message: Continued) -> None:
        message.stop()
        self._busy = False
        if message.query != self.query_now:
            return
        self._outline, self._next_page = message.outline, message.next_page
        self.cache.put([run.run_id for run in message.runs], message.runs)
        self._read_on_so_far()

    def _read_on_so_far(self) -> None:
        self.post_message(self.Changed(to_the_end=self.reading_on))
        self.reading_on = self.reading_on and not self.whole

    def on_runs_read(self, message: RunsRead) -> None:
        message.stop()
        self._busy = False
        self.cache.put(message.asked, message.runs)
        self._recovered()
        self.post_message(self.Filled(message.asked))

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        message.stop()
        self._busy, self.reading_on = False, False
        if message.group == "runs" and self._asked is not None and self.as_of is not None:
            asked, self._asked = self._asked, None
            self.post_message(self.Refused(asked, message.error))
            return
        if message.group == "outline":
            self._outlining = False
        first = self.trouble is None
        self.trouble = message.error
        self.post_message(self.Troubled())
        if first and self.as_of is not None:
            house(self).complain(message.error, "The store cannot be read")
        self._plan(0.0)

    def _recovered(self) -> None:
        if self.trouble is not None:
            self.trouble = None
            self.post_message(self.Troubled())

    # --- Asking again ------------------------------------------------------------------

    def _plan(self, took: float) -> None:
        """Read again after a while; sooner where the store could not be read."""
        if self._timer is not None:
            self._timer.stop()
        usual = house(self).engine.settings.refresh_seconds
        if self.trouble is not None:
            self._timer = self.set_timer(RETRY_SECONDS, partial(self._due, took))
        elif usual:
            self._timer = self.set_timer(max(usual, _PATIENCE * took), partial(self._due, took))

    def _due(self, took: float) -> None:
        if self._busy or self._outlining or self.reading_on or not self._quiet():
            self._plan(took)
        else:
            self._read_again(self._state)
