"""The runs that a query finds, in a table: read as they come into view, searched, folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from repro_tui.evidence.model import Experiment, Run
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.text import visible
from repro_tui.tui import run_reading
from repro_tui.tui.background import start
from repro_tui.tui.house import house
from repro_tui.tui.run_bar import Bar, why_empty
from repro_tui.tui.run_columns import columns, common_metrics, usual_columns
from repro_tui.tui.run_orders import NEWEST_FIRST, Order, order_of
from repro_tui.tui.run_reading import PAGE, Found
from repro_tui.tui.run_rows import UNFOLDED, Folding, RunList, RunRow
from repro_tui.tui.run_search import Search
from repro_tui.tui.spelling import moment
from repro_tui.tui.widgets.rows import Moved
from repro_tui.tui.widgets.run_feed import RunFeed
from repro_tui.tui.widgets.run_table import RunTable, Scrolled, ToTheEnd
from repro_tui.tui.widgets.store_memory import StoreMemory

if TYPE_CHECKING:
    # The first frame, which lists nothing, does not wait for them.
    from repro_tui.evidence.tracking.outline import Outline
    from repro_tui.tui.run_arrangement import Arrangement

_AHEAD = 40
"""Rows below the view at which the next page is fetched."""


class RunListing(Container):
    """Shows the runs as `memory` says they are looked at, or why there are none.

    `quiet` tells whether nobody outside of the list would be disturbed by reading again.
    """

    @dataclass
    class Changed(Message):
        """Other runs are shown, or there is something else to tell of them."""

    def __init__(self, memory: StoreMemory, quiet: Callable[[], bool]) -> None:
        super().__init__(classes="-empty")
        self.feed = RunFeed(self._seen, self._quiet)
        self.table = RunTable(id="list")
        self._memory = memory
        self._quiet_outside = quiet
        self._experiments: dict[str, str] = {}
        """Names by id, as far as they were told."""
        self._metrics: tuple[str, ...] = ()
        """Those that are columns while nobody chose any."""
        self._search = Search()
        self._folded = UNFOLDED
        self._arranged: tuple[Outline, Folding, Arrangement] | None = None
        self._near = (0, 0)
        """The rows whose runs were looked for last."""

    def compose(self) -> ComposeResult:
        yield self.table
        yield Static("Opening the store…", id="empty", classes="note")
        yield self.feed

    def begin(self) -> None:
        """List the runs of a store as it was looked at last."""
        view = self._memory.view
        self.table.sized = view.widths
        self._search.end()
        order = view.order_by or NEWEST_FIRST.order_by
        self.feed.begin(RunQuery(view.experiment_ids, order_by=(order,), max_results=PAGE))

    # --- What is listed ------------------------------------------------------------------

    @property
    def current(self) -> Run | None:
        """The run under the cursor, where it was read."""
        row = self.table.current
        return None if row is None else row.known

    @property
    def order(self) -> Order:
        return order_of(self.feed.query_now.order_by[0]) or NEWEST_FIRST

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are shown: those chosen, or the usual ones."""
        if self._memory.view.columns:
            return self._memory.view.columns
        several = len({run.experiment_id for run in self.feed.cache}) > 1
        return usual_columns(self._metrics, experiments=several)

    @property
    def _where(self) -> str:
        """The experiments that were chosen; empty: all."""
        ids = self.feed.query_now.experiment_ids
        self._experiments |= {run.experiment_id: run.experiment_name for run in self.feed.cache}
        if len(ids) > 1:
            return f"{len(ids)} experiments"
        return self._experiments.get(ids[0], f"experiment {ids[0]}") if ids else ""

    def learn(self, experiments: Iterable[Experiment]) -> None:
        """Hear the names of experiments."""
        self._experiments = {each.experiment_id: each.name for each in experiments}

    def about(self) -> Bar:
        """What there is to tell of the list."""
        feed, search, marks = self.feed, self._search, self._memory.view.marks
        return Bar(
            where=self._where,
            count=None if feed.as_of is None else len(feed.outline),
            whole=feed.whole,
            order=self.order,
            location=house(self).engine.location,
            filter=feed.query_now.filter,
            deleted=feed.query_now.include_deleted,
            marks=len(marks),
            unlisted=sum(feed.outline.run_ids.find(mark) is None for mark in marks),
            search=search.wanted,
            found=len(search.places) if search.outline is not None else 0,
            searched=None if search.done and feed.whole else search.looked_at,
            reading_on=feed.reading_on,
            stale=moment(feed.as_of, house(self).now()) if feed.trouble and feed.as_of else "",
        )

    # --- Showing -----------------------------------------------------------------------

    def _rows(self) -> RunList:
        from repro_tui.tui.run_arrangement import Arrangement, arrange

        search, marks = self._search, self._memory.view.marks
        if search.wanted and search.outline is not None:
            found = Arrangement(search.places)
            return RunList(search.outline, self.feed.cache, found, self._folded, marks)
        outline, folded = self.feed.outline, self._folded
        if self._arranged is None or self._arranged[:2] != (outline, folded):
            ids, count = outline.run_ids, len(outline)
            arrangement = arrange(outline.parents, count, lambda place: ids[place] in folded)
            self._arranged = outline, folded, arrangement
        return RunList(outline, self.feed.cache, self._arranged[2], folded, marks)

    def show(self) -> None:
        """Show what is known by now, in the columns that were chosen."""
        rows, chosen = self._rows(), bool(self._memory.view.columns)
        laid = columns(self.columns, house(self).now(), self.order, chosen=chosen)
        self.table.search = self._search.wanted
        self.table.lay(laid, rows)
        self.set_class(not rows, "-empty")
        if not rows:
            self.say(self._why_empty())
        self._look_around()
        self.post_message(self.Changed())

    def show_marks(self) -> None:
        """Show the same runs with the marks that they have now."""
        self.table.show(self._rows())
        self.post_message(self.Changed())

    def say(self, text: str) -> None:
        """Say something in the place of the table."""
        self.add_class("-empty")
        self.query_one("#empty", Static).update(Content(text))

    def _why_empty(self) -> str:
        search, query = self._search, self.feed.query_now
        if search.wanted and not search.done:
            return "Searching…"
        filtered = bool(search.wanted or query.filter)
        return why_empty(self._where, filtered=filtered, deleted=query.include_deleted)

    # --- Folding ---------------------------------------------------------------------------

    def fold(self) -> None:
        """Hide the children of the current run, or show them."""
        row = self.table.current
        if row is not None and row.children:
            self._folded = self._folded.toggled(row.run_id)
            self.show()

    def fold_all(self) -> None:
        """Hide the children of all runs, or show all that are hidden."""
        self._folded = Folding(all=not self._folded)
        self.show()

    # --- Searching ---------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Show only the runs in which the text is found; empty: all of them."""
        if text == self._search.wanted or not house(self).ready:
            return
        if text:
            self._begin_search(text)
        else:
            self._search.end()
            self.show()

    def _begin_search(self, text: str) -> None:
        self._search.begin(text)
        self._search_on()

    def _search_on(self) -> None:
        """Search in the runs that follow those that were looked at."""
        engine, outline, search = house(self).engine, self.feed.outline, self._search
        place, wanted, names = search.looked_at, search.wanted, self.columns
        texts, cached = search.texts(outline, place), tuple(self.feed.cache)
        start(
            self,
            "search",
            lambda _: run_reading.search(engine, outline, place, wanted, names, texts, cached),
        )

    def on_found(self, message: Found) -> None:
        message.stop()
        if not self._search.take(message):
            return
        self.show()
        if message.outline is not self.feed.outline:
            self._begin_search(self._search.wanted)
        elif not self._search.done:
            self._search_on()

    # --- Reading -----------------------------------------------------------------------

    def _seen(self) -> tuple[str, ...]:
        """The runs in view and near it."""
        rows = self.table.rows
        return rows.ids(*self.table.window()) if isinstance(rows, RunList) else ()

    def _quiet(self) -> bool:
        searching = bool(self._search.wanted) and not self._search.done
        return not searching and self._quiet_outside()

    def on_run_feed_changed(self, message: RunFeed.Changed) -> None:
        if message.anew or not self._metrics:
            settings = house(self).engine.settings
            self._metrics = settings.metrics or common_metrics(
                self.feed.cache, settings.metric_columns, settings.policy
            )
        if message.anew:
            query, view = self.feed.query_now, self._memory.view
            order_by, experiment_ids = query.order_by[0], query.experiment_ids
            self._memory.keep(replace(view, order_by=order_by, experiment_ids=experiment_ids))
        if self._search.wanted and self._search.outline is not self.feed.outline:
            self._begin_search(self._search.wanted)
        self.show()
        if message.to_the_end:
            self.table.cursor = len(self.table.rows) - 1
        if self.feed.reading_on:
            self.feed.go_on()
        self._come_near()
        self.call_after_refresh(self.feed.read_outline)

    def on_run_feed_filled(self, message: RunFeed.Filled) -> None:
        table, fresh = self.table, set(message.run_ids)
        rows = table.rows
        if isinstance(rows, RunList):
            first, last = table.in_view
            if not fresh.isdisjoint(rows.ids(first, last)):
                table.measure(row for row in rows[first:last] if row.known is not None)
                table.refresh()
        self.feed.fill()

    def on_run_feed_troubled(self) -> None:
        if self.feed.as_of is None and self.feed.trouble is not None:
            error = self.feed.trouble
            self.say(
                f"{visible(error.message, 500)}\n{visible(error.hint, 500)}\n\n"
                "It is tried again every few seconds; ctrl+r tries now."
            )
        self.post_message(self.Changed())

    @on(Moved, "#list")
    def _moved(self, event: Moved[RunRow]) -> None:
        if event.rows.cursor < len(event.rows.rows) - 1 and self.feed.reading_on:
            self.feed.reading_on = False
            self.post_message(self.Changed())

    @on(Scrolled)
    def _scrolled(self, event: Scrolled) -> None:
        event.stop()
        self._come_near()

    def _come_near(self) -> None:
        """Read what is in view now, and what may be soon."""
        table = self.table
        end = max(table.cursor, table.scroll_offset.y + table.size.height)
        if end >= len(table.rows) - _AHEAD and not self._search.wanted:
            self.feed.go_on()
        if table.window() != self._near:
            self._look_around()

    def _look_around(self) -> None:
        """Read what is not known of the runs in view and near it."""
        self._near = self.table.window()
        self.feed.fill()

    @on(ToTheEnd)
    def _go_to_the_end(self) -> None:
        if not self._search.wanted:
            self.feed.read_on()
            self.post_message(self.Changed())
