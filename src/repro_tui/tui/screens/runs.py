"""The runs of a store: find them, mark them, and go from them to everything else.

What the first frame does not show is imported, and made, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from repro_tui.text import visible
from repro_tui.tui.ahead import look_ahead
from repro_tui.tui.background import start
from repro_tui.tui.house import house
from repro_tui.tui.run_bar import bar
from repro_tui.tui.run_columns import common_metrics
from repro_tui.tui.run_orders import Order, first_order
from repro_tui.tui.run_rows import RunRow, pair
from repro_tui.tui.spelling import LEGEND
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.run_feed import RunFeed
from repro_tui.tui.widgets.run_listing import RunListing
from repro_tui.tui.widgets.sortable_table import Headed, Sized
from repro_tui.tui.widgets.store_memory import StoreMemory

if TYPE_CHECKING:
    from repro_tui.evidence.model import Experiment, Run
    from repro_tui.evidence.tracking.reader import RunQuery
    from repro_tui.tui.screens.columns import ColumnChoice
    from repro_tui.tui.widgets.filter_box import FilterBox
    from repro_tui.tui.widgets.run_pane import RunPane
    from repro_tui.tui.widgets.table import Column


_KEYS_AFTER = 0.3
"""Seconds after which the keys are shown, whether there are runs or not."""


@dataclass
class ExperimentsRead(Message):
    experiments: tuple[Experiment, ...]


class RunsScreen(Screen[None]):
    TITLE = "Runs"
    HELP = (
        "The runs of the store, newest first, children under their parents.\n"
        "Mark runs with space and compare them with c, the first with all others; a "
        "re-execution (↻) is compared with its original without marks. A star at a commit means "
        "uncommitted changes. / searches in what is listed, or asks the store in MLflow's syntax: "
        "metrics.loss < 0.1 and params.lr = '0.01'. h and l choose a column, S or a click on its "
        "head sorts by it, < and > size it.\n"
        f"Known: code, environment, data, randomness, outcomes. {LEGEND}; details look closer."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="runs.mark"),
        Binding("c", "compare", "Compare", id="runs.compare"),
        Binding("r", "reexecute", "Rerun", id="runs.rerun"),
        Binding("slash", "filter", "Filter", key_display="/", id="runs.filter"),
        Binding("d", "details", "Details", id="runs.details"),
        Binding("o", "columns", "Columns", show=False, id="runs.columns"),
        Binding("e", "experiments", "Experiments", show=False, id="runs.experiments"),
        Binding("s", "sort", "Sort", show=False, id="runs.sort"),
        Binding("S", "sort_column", "Sort by this column", show=False, id="runs.sort-column"),
        Binding("z", "fold", "Fold children", show=False, id="runs.fold"),
        Binding("Z", "fold_all", "Fold or unfold all", show=False, id="runs.fold-all"),
        Binding("u", "unmark", "Take marks away", show=False, id="runs.unmark"),
        Binding("D", "deleted", "Deleted runs, too, or not", show=False, id="runs.deleted"),
        Binding("ctrl+r,f5", "reload", "Refresh", show=False, id="runs.refresh"),
        Binding("escape", "clear", "Clear filter", show=False, id="runs.clear"),
        Binding("q", "app.quit", "Quit", id="runs.back"),
    ]
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._memory = StoreMemory()
        self._listing = RunListing(self._memory, self._quiet)
        # Both are made when they are opened first.
        self._pane: RunPane | None = None
        self._filter: FilterBox | None = None
        self._told: Run | None = None
        """What the details are about."""

    def compose(self) -> ComposeResult:
        yield TopBar(Content.styled("repro-tui", "bold"))
        with Container(id="both"):
            yield self._listing
        yield self._memory
        # They take as long as a page of runs, which is what is waited for.
        yield Keys(asleep=True)

    def on_mount(self) -> None:
        self.set_timer(_KEYS_AFTER, self.query_one(Keys).wake)

    # --- The store ---------------------------------------------------------------------

    def open(self) -> None:
        """The engine is there, or another one: look at the store as it was looked at last."""
        self._memory.open()

    def on_store_memory_recalled(self) -> None:
        self._listing.begin()

    def reload(self) -> None:
        """Read again what is listed."""
        if self._pane is not None:
            self._pane.forget()
        self._told = None
        self._listing.feed.refresh_list()

    def _quiet(self) -> bool:
        """Whether nobody is disturbed by reading again."""
        typing = self._filter is not None and self._filter.has_focus_within
        return self.app.screen is self and not typing

    @property
    def _query(self) -> RunQuery:
        """What the store was asked for."""
        return self._listing.feed.query_now

    def _ask(self, query: RunQuery) -> None:
        self._listing.feed.ask(query)

    def on_run_feed_refused(self, message: RunFeed.Refused) -> None:
        if message.query.filter != self._query.filter and self._filter is not None:
            self._filter.refuse(message.error)
        else:
            house(self).complain(message.error)

    # --- What is told of the list --------------------------------------------------------

    def on_run_listing_changed(self) -> None:
        self._tell()
        self.call_after_refresh(self._after_rows)

    def _after_rows(self) -> None:
        self.query_one(Keys).wake()
        self.refresh_bindings()
        self._show_details()
        look_ahead(self)
        house(self).read_later_styles()

    def _tell(self) -> None:
        """The line on top: what is listed, and which store it is from."""
        if house(self).ready:
            self.query_one(TopBar).update(bar(self._listing.about()))

    @on(Moved, "#list")
    @on(RunFeed.Filled)
    def _other_run(self, event: Message) -> None:
        event.stop()
        self._show_details()

    def _show_details(self) -> None:
        run, pane = self._current, self._pane
        if pane is not None and pane.display and run is not None and self._told != run:
            self._told = run
            pane.show(run)

    @property
    def _current(self) -> Run | None:
        return self._listing.current

    # --- Marks and folding ---------------------------------------------------------------

    @property
    def _marks(self) -> tuple[str, ...]:
        return self._memory.view.marks

    def action_mark(self) -> None:
        from repro_tui.compare.model import MOST_RUNS

        row, marks = self._listing.table.current, self._marks
        if row is None:
            return
        if row.run_id in marks:
            self._mark(tuple(mark for mark in marks if mark != row.run_id))
        elif len(marks) >= MOST_RUNS:
            self.notify(f"{MOST_RUNS} runs are marked; u takes the marks away.", severity="warning")
            return
        else:
            self._mark((*marks, row.run_id))
        self._listing.table.action_move(1)

    def action_unmark(self) -> None:
        self._mark(())

    def _mark(self, marks: tuple[str, ...]) -> None:
        self._memory.keep(replace(self._memory.view, marks=marks))
        self._listing.show_marks()

    def action_fold(self) -> None:
        self._listing.fold()

    def action_fold_all(self) -> None:
        self._listing.fold_all()

    # --- Search and filter ---------------------------------------------------------------

    async def action_filter(self) -> None:
        from repro_tui.tui.filter_completion import Vocabulary
        from repro_tui.tui.widgets.filter_box import FilterBox

        if self._filter is None:
            self._filter = FilterBox()
            await self.mount(self._filter, before="#both")
        self._filter.open(Vocabulary(self._listing.feed.cache))

    def on_filter_box_searched(self, message: FilterBox.Searched) -> None:
        self._listing.search(message.text)

    def on_filter_box_entered(self, message: FilterBox.Entered) -> None:
        if message.filter != self._query.filter:
            self._ask(replace(self._query, filter=message.filter))
        if self._filter is not None:
            self._filter.close()
        self._listing.table.focus()

    def action_clear(self) -> None:
        self._listing.feed.reading_on = False
        if self._filter is not None:
            self._filter.clear()
        self._listing.table.focus()
        self._listing.search("")
        if self._query.filter:
            self._ask(replace(self._query, filter=""))

    # --- Order, columns, experiments -----------------------------------------------------

    def action_deleted(self) -> None:
        self._ask(replace(self._query, include_deleted=not self._query.include_deleted))

    def _sort(self, order: Order | None) -> None:
        if order is not None:
            self._ask(replace(self._query, order_by=(order.order_by,)))

    def action_sort(self) -> None:
        from repro_tui.tui.screens.run_dialogs import order_dialog

        listing = self._listing
        metrics = common_metrics(listing.feed.cache, 6, house(self).engine.settings.policy)
        worth_it = (*listing.columns, *(f"metrics.{name}" for name in metrics))
        self.app.push_screen(order_dialog(worth_it, listing.order), self._sort)

    def action_sort_column(self) -> None:
        column = self._listing.table.under_cursor
        if column is not None:
            self._sort_by(column)

    @on(Headed, "#list")
    def _headed(self, event: Headed[RunRow]) -> None:
        self._sort_by(event.column)

    def _sort_by(self, column: Column[RunRow]) -> None:
        if column.key == self._listing.order.column:
            self._sort(self._listing.order.reversed())
        elif (order := first_order(column.key)) is not None:
            self._sort(order)
        else:
            self.notify(f"The store cannot sort by {visible(column.title) or 'marks'}.")

    def action_columns(self) -> None:
        from repro_tui.tui.screens.run_dialogs import columns_dialog

        listing = self._listing
        dialog = columns_dialog(listing.feed.cache, listing.columns, listing.table.sized)
        self.app.push_screen(dialog, self._choose_columns)

    def _choose_columns(self, choice: ColumnChoice | None) -> None:
        if choice is not None:
            view = replace(self._memory.view, columns=choice.names, widths=choice.widths)
            self._memory.keep(view)
            self._listing.table.sized = choice.widths
            self._listing.show()

    @on(Sized, "#list")
    def _sized(self, event: Sized[RunRow]) -> None:
        self._memory.keep(replace(self._memory.view, widths=event.widths))

    def action_experiments(self) -> None:
        engine = house(self).engine
        start(self, "experiments", lambda _: ExperimentsRead(engine.experiments()))

    def on_experiments_read(self, message: ExperimentsRead) -> None:
        from repro_tui.tui.screens.run_dialogs import experiments_dialog

        self._listing.learn(message.experiments)
        dialog = experiments_dialog(message.experiments, self._query.experiment_ids)
        self.app.push_screen(dialog, self._choose_experiments)

    def _choose_experiments(self, picked: Sequence[str] | None) -> None:
        if picked is not None:
            self._ask(replace(self._query, experiment_ids=tuple(picked)))

    # --- Going on --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the store is open there is nothing to act on but leaving."""
        del parameters
        needs_runs = action in (
            "mark", "unmark", "compare", "reexecute", "filter", "clear", "details", "columns",
            "experiments", "sort", "sort_column", "fold", "fold_all", "deleted", "reload",
        )  # fmt: skip
        return None if needs_runs and not house(self).ready else True

    async def action_details(self) -> None:
        if self._pane is None:
            from repro_tui.tui.widgets.run_pane import RunPane

            house(self).read_later_styles()
            self._pane = RunPane()
            await self.query_one("#both").mount(self._pane)
        self.toggle_class("-details")
        self._show_details()

    def action_reload(self) -> None:
        self.reload()

    @on(Chosen, "#list")
    def _chosen(self) -> None:
        if pair(self._current, self._marks):
            self.action_compare()
        elif self._current is not None:
            from repro_tui.tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(self._current))

    def action_compare(self) -> None:
        chosen = pair(self._current, self._marks)
        if chosen is None:
            self.notify("Mark another run with space, then compare with c.")
        else:
            from repro_tui.tui.screens.compare import CompareScreen

            self.app.push_screen(CompareScreen(*chosen))

    def action_reexecute(self) -> None:
        if self._current is not None:
            from repro_tui.tui.screens.rerun import RerunScreen

            self.app.push_screen(RerunScreen(self._current))
