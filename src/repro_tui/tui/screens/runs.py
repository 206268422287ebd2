"""The runs of a store: find them, mark them, and go from them to everything else."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from repro_tui.compare.model import MOST_RUNS
from repro_tui.evidence.model import Experiment, Run
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.remembered import StoreView, recall, remember
from repro_tui.text import visible
from repro_tui.tui import run_reading
from repro_tui.tui.background import Failed, start
from repro_tui.tui.filter_completion import Vocabulary
from repro_tui.tui.house import house
from repro_tui.tui.run_bar import Bar, bar
from repro_tui.tui.run_columns import columns, common_metrics, offers, usual_columns
from repro_tui.tui.run_orders import NEWEST_FIRST, Order, first_order, order_of, orders
from repro_tui.tui.run_reading import PAGE, Found
from repro_tui.tui.run_rows import Folding, RunList, RunRow, pair
from repro_tui.tui.run_search import Search
from repro_tui.tui.screens.columns import ColumnChoice, ColumnOffer, ColumnsScreen
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.screens.pick_several import PickSeveralScreen
from repro_tui.tui.spelling import LEGEND, MUTED, moment, shown
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.filter_box import FilterBox
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.run_feed import RunFeed
from repro_tui.tui.widgets.run_pane import RunPane
from repro_tui.tui.widgets.run_table import RunTable, Scrolled, ToTheEnd
from repro_tui.tui.widgets.sortable_table import Headed, Sized
from repro_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    # Both bring NumPy, which the first frame does not wait for.
    from repro_tui.evidence.tracking.outline import Outline
    from repro_tui.tui.run_arrangement import Arrangement

_AHEAD = 40
"""Rows below the view at which the next page is fetched."""
_SETTLED = 0.3
"""Seconds after the last change of the view at which it is remembered."""


@dataclass
class Recalled(Message):
    """How the store was looked at last."""

    view: StoreView


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
        self._feed = RunFeed(self._seen, self._quiet)
        self._opened: tuple[str, Path] | None = None
        """The tracking URI of the store that this screen is about, and where it is remembered."""
        self._view = StoreView()
        """What is remembered of how this store is looked at."""
        self._experiments: dict[str, str] = {}
        """Names by id, as far as they were told."""
        self._metrics: tuple[str, ...] = ()
        """Those that are columns while nobody chose any."""
        self._folded = Folding()
        self._arranged: tuple[Outline, Folding, Arrangement] | None = None
        self._search = Search()
        self._told: Run | None = None
        """What the details are about."""
        self._unsaved = False

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield FilterBox()
        with Container(id="both"):
            yield RunTable(id="list")
            yield Static(id="empty", classes="note")
            yield RunPane()
        yield self._feed
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._say("Opening the store…")
        self._tell()

    def on_unmount(self) -> None:
        if self._unsaved:
            self._remember_now()

    # --- Reading -----------------------------------------------------------------------

    def open(self) -> None:
        """The engine is there, or another one: look at the store as it was looked at last."""
        self.refresh_bindings()
        self._say("Reading the runs…")
        engine = house(self).engine
        self._opened = uri, state = engine.location.uri, engine.settings.state
        start(self, "recall", lambda _: Recalled(recall(state).view(uri)))

    def on_recalled(self, message: Recalled) -> None:
        self._view = message.view
        self._list.sized = self._view.widths
        self._search.end()
        order = self._view.order_by or NEWEST_FIRST.order_by
        self._feed.begin(RunQuery(self._view.experiment_ids, order_by=(order,), max_results=PAGE))

    def reload(self) -> None:
        """Read again what is listed."""
        self.query_one(RunPane).forget()
        self._told = None
        self._feed.refresh_list()

    def _seen(self) -> tuple[str, ...]:
        """The runs in view and near it."""
        rows = self._list.rows
        return rows.ids(*self._list.window()) if isinstance(rows, RunList) else ()

    def _quiet(self) -> bool:
        """Whether nobody is disturbed by reading again."""
        typing = self.query_one(FilterBox).has_focus_within
        searching = bool(self._search.wanted) and not self._search.done
        return self.app.screen is self and not typing and not searching

    def _ask(self, query: RunQuery) -> None:
        self._feed.ask(query)

    def on_run_feed_changed(self, message: RunFeed.Changed) -> None:
        if message.anew or not self._metrics:
            settings = house(self).engine.settings
            self._metrics = settings.metrics or common_metrics(
                self._feed.cache, settings.metric_columns, settings.policy
            )
        if message.anew:
            query = self._feed.query_now
            self._keep(order_by=query.order_by[0], experiment_ids=query.experiment_ids)
        if self._search.wanted and self._search.outline is not self._feed.outline:
            self._search.begin(self._search.wanted)
            self._look_on()
        self._show()
        if message.to_the_end:
            self._list.cursor = len(self._list.rows) - 1
        if self._feed.reading_on:
            self._feed.go_on()
        self._feed.fill()

    def on_run_feed_filled(self, message: RunFeed.Filled) -> None:
        table, fresh = self._list, set(message.run_ids)
        rows = table.rows
        if isinstance(rows, RunList):
            first, last = table.in_view
            if not fresh.isdisjoint(rows.ids(first, last)):
                table.measure(row for row in rows[first:last] if row.known is not None)
                table.refresh()
        self._show_details()
        self._feed.fill()

    def on_run_feed_refused(self, message: RunFeed.Refused) -> None:
        if message.query.filter != self._feed.query_now.filter:
            self.query_one(FilterBox).refuse(message.error)
        else:
            house(self).complain(message.error)

    def on_run_feed_troubled(self) -> None:
        if self._feed.as_of is None and self._feed.trouble is not None:
            error = self._feed.trouble
            self._say(
                f"{visible(error.message, 500)}\n{visible(error.hint, 500)}\n\n"
                "It is tried again every few seconds; ctrl+r tries now."
            )
        self._tell()

    def on_failed(self, message: Failed) -> None:
        house(self).complain(message.error)

    @on(Moved, "#list")
    def _moved(self, event: Moved[RunRow]) -> None:
        if event.rows.cursor < len(event.rows.rows) - 1 and self._feed.reading_on:
            self._feed.reading_on = False
            self._tell()
        self._come_near()
        self._show_details()

    @on(Scrolled)
    def _come_near(self) -> None:
        """Read what is in view now, and what may be soon."""
        table = self._list
        end = max(table.cursor, table.scroll_offset.y + table.size.height)
        if end >= len(table.rows) - _AHEAD and not self._search.wanted:
            self._feed.go_on()
        self._feed.fill()

    @on(ToTheEnd)
    def _go_to_the_end(self) -> None:
        if not self._search.wanted:
            self._feed.read_on()
            self._tell()

    # --- Showing -----------------------------------------------------------------------

    @property
    def _list(self) -> RunTable:
        return self.query_one(RunTable)

    @property
    def _current(self) -> Run | None:
        row = self._list.current
        return None if row is None else row.known

    @property
    def _order(self) -> Order:
        return order_of(self._feed.query_now.order_by[0]) or NEWEST_FIRST

    def _rows(self) -> RunList:
        from repro_tui.tui.run_arrangement import arrange, flat

        search, marks = self._search, self._view.marks
        if search.wanted and search.outline is not None:
            found = flat(search.places, len(search.outline))
            return RunList(search.outline, self._feed.cache, found, self._folded, marks)
        outline, folded = self._feed.outline, self._folded
        if self._arranged is None or self._arranged[:2] != (outline, folded):
            arrangement = arrange(outline.parents, lambda place: outline.id(place) in folded)
            self._arranged = outline, folded, arrangement
        return RunList(outline, self._feed.cache, self._arranged[2], folded, marks)

    @property
    def _names(self) -> tuple[str, ...]:
        """The columns that are shown: those chosen, or the usual ones."""
        if self._view.columns:
            return self._view.columns
        several = len({run.experiment_id for run in self._feed.cache}) > 1
        return usual_columns(self._metrics, experiments=several)

    def _columns(self) -> tuple[Column[RunRow], ...]:
        chosen = bool(self._view.columns)
        return columns(self._names, house(self).now(), self._order, chosen=chosen)

    def _show(self) -> None:
        rows = self._rows()
        self._list.search = self._search.wanted
        self._list.lay(self._columns(), rows)
        self.set_class(not rows, "-empty")
        if not rows:
            self._say(self._why_empty())
        self._tell()
        self._show_details()

    def _why_empty(self) -> str:
        query = self._feed.query_now
        if self._search.wanted and not self._search.done:
            return "Searching…"
        if self._search.wanted or query.filter:
            return "No run matches. Escape takes the filter away."
        deleted = "" if query.include_deleted else ", see deleted ones with D"
        return (
            f"{visible(self._where or 'This store', 60)} holds no runs yet.\n\n"
            "Train something that logs to it and press ctrl+r, choose other experiments with e"
            f"{deleted}, or leave with q and see `repro-tui demo`."
        )

    def _say(self, text: str) -> None:
        self.set_class(True, "-empty")
        self.query_one("#empty", Static).update(Content(text))

    @property
    def _where(self) -> str:
        """The experiments that were chosen; empty: all."""
        ids = self._feed.query_now.experiment_ids
        self._experiments |= {run.experiment_id: run.experiment_name for run in self._feed.cache}
        if len(ids) > 1:
            return f"{len(ids)} experiments"
        return self._experiments.get(ids[0], f"experiment {ids[0]}") if ids else ""

    def _tell(self) -> None:
        """The line on top: what is listed, and which store it is from."""
        if not house(self).ready:
            self.query_one(".bar", Static).update(Content.styled("repro-tui", "bold"))
            return
        feed, search, marks = self._feed, self._search, self._view.marks
        told = Bar(
            where=self._where or "all experiments",
            count=None if feed.as_of is None else len(feed.outline),
            whole=feed.whole,
            order=self._order,
            location=house(self).engine.location,
            filter=feed.query_now.filter,
            deleted=feed.query_now.include_deleted,
            marks=len(marks),
            unlisted=sum(feed.outline.find(mark) is None for mark in marks),
            search=search.wanted,
            found=len(search.places) if search.outline is not None else 0,
            searched=None if search.done and feed.whole else search.looked_at,
            reading_on=feed.reading_on,
            stale=moment(feed.as_of, house(self).now()) if feed.trouble and feed.as_of else "",
        )
        self.query_one(".bar", Static).update(bar(told))

    def _show_details(self) -> None:
        row = self._list.current
        if row is not None and row.known is not None and self._told != row.run:
            self._told = row.run
            self.query_one(RunPane).show(row.run)

    # --- What is remembered ----------------------------------------------------------------

    def _keep(
        self,
        *,
        marks: tuple[str, ...] | None = None,
        order_by: str | None = None,
        experiment_ids: tuple[str, ...] | None = None,
        chosen: ColumnChoice | None = None,
    ) -> None:
        """Change how the store is looked at, and remember it once it stays so for a moment."""
        before, view = self._view, self._view
        if marks is not None:
            view = replace(view, marks=marks)
        if order_by is not None and experiment_ids is not None:
            view = replace(view, order_by=order_by, experiment_ids=experiment_ids)
        if chosen is not None:
            view = replace(view, columns=chosen.names, widths=chosen.widths)
        self._view = view
        if view != before and not self._unsaved:
            self._unsaved = True
            self.set_timer(_SETTLED, self._remember)

    def _remember(self) -> None:
        self._unsaved = False
        start(self, "remember", lambda _: self._remember_now())

    def _remember_now(self) -> None:
        assert self._opened is not None
        (uri, state), view = self._opened, self._view
        remember(state, lambda before: before.with_view(uri, view))

    # --- Marks and folding ---------------------------------------------------------------

    def action_mark(self) -> None:
        row, marks = self._list.current, self._view.marks
        if row is None:
            return
        if row.run_id in marks:
            self._mark(tuple(mark for mark in marks if mark != row.run_id))
        elif len(marks) >= MOST_RUNS:
            self.notify(f"{MOST_RUNS} runs are marked; u takes the marks away.", severity="warning")
            return
        else:
            self._mark((*marks, row.run_id))
        self._list.action_move(1)

    def action_unmark(self) -> None:
        self._mark(())

    def _mark(self, marks: tuple[str, ...]) -> None:
        self._keep(marks=marks)
        rows = self._rows()
        self._list.show(rows)
        self._tell()

    def action_fold(self) -> None:
        row = self._list.current
        if row is not None and row.children:
            self._folded = self._folded.toggled(row.run_id)
            self._show()

    def action_fold_all(self) -> None:
        self._folded = Folding(all=not self._folded)
        self._show()

    # --- Search, filter, sort, experiments, columns ------------------------------------------

    def action_filter(self) -> None:
        self.query_one(FilterBox).open(Vocabulary(self._feed.cache))

    def on_filter_box_searched(self, message: FilterBox.Searched) -> None:
        if message.text == self._search.wanted or not house(self).ready:
            return
        if message.text:
            self._search.begin(message.text)
            self._look_on()
        else:
            self._search.end()
            self._show()

    def _look_on(self) -> None:
        """Search in the runs that follow those that were looked at."""
        engine, outline, search = house(self).engine, self._feed.outline, self._search
        place, wanted, names = search.looked_at, search.wanted, self._names
        texts, cached = search.texts(outline, place), tuple(self._feed.cache)
        start(
            self,
            "search",
            lambda _: run_reading.search(engine, outline, place, wanted, names, texts, cached),
        )

    def on_found(self, message: Found) -> None:
        if not self._search.take(message):
            return
        self._show()
        self._feed.fill()
        if message.outline is not self._feed.outline:
            self._search.begin(self._search.wanted)
            self._look_on()
        elif not self._search.done:
            self._look_on()

    def on_filter_box_entered(self, message: FilterBox.Entered) -> None:
        if message.filter != self._feed.query_now.filter:
            self._ask(replace(self._feed.query_now, filter=message.filter))
        self.query_one(FilterBox).close()
        self._list.focus()

    def action_clear(self) -> None:
        self._feed.reading_on = False
        self.query_one(FilterBox).clear()
        self._list.focus()
        if self._search.wanted:
            self._search.end()
            self._show()
        if self._feed.query_now.filter:
            self._ask(replace(self._feed.query_now, filter=""))

    def action_deleted(self) -> None:
        query = self._feed.query_now
        self._ask(replace(query, include_deleted=not query.include_deleted))

    def _sort(self, order: Order | None) -> None:
        if order is not None:
            self._ask(replace(self._feed.query_now, order_by=(order.order_by,)))

    def action_sort(self) -> None:
        choices = [
            Choice(Content(order.title), order) for order in orders((*self._names, *self._common))
        ]
        self.app.push_screen(PickScreen("Sort", choices, self._order), self._sort)

    @property
    def _common(self) -> tuple[str, ...]:
        """The metrics that are worth sorting by."""
        policy = house(self).engine.settings.policy
        return tuple(f"metrics.{name}" for name in common_metrics(self._feed.cache, 6, policy))

    def action_sort_column(self) -> None:
        column = self._list.under_cursor
        if column is not None:
            self._sort_by(column)

    @on(Headed, "#list")
    def _headed(self, event: Headed[RunRow]) -> None:
        self._sort_by(event.column)

    def _sort_by(self, column: Column[RunRow]) -> None:
        if column.key == self._order.column:
            self._sort(self._order.reversed())
        elif (order := first_order(column.key)) is not None:
            self._sort(order)
        else:
            self.notify(f"The store cannot sort by {visible(column.title) or 'marks'}.")

    def action_columns(self) -> None:
        there = [ColumnOffer(name, about) for name, about in offers(self._feed.cache)]
        self.app.push_screen(ColumnsScreen(there, self._names, self._list.sized), self._choose)

    def _choose(self, choice: ColumnChoice | None) -> None:
        if choice is not None:
            self._keep(chosen=choice)
            self._list.sized = choice.widths
            self._show()

    @on(Sized, "#list")
    def _sized(self, event: Sized[RunRow]) -> None:
        self._keep(chosen=ColumnChoice(self._view.columns, event.widths))

    def action_experiments(self) -> None:
        engine = house(self).engine
        start(self, "experiments", lambda _: ExperimentsRead(engine.experiments()))

    def on_experiments_read(self, message: ExperimentsRead) -> None:
        self._experiments = {each.experiment_id: each.name for each in message.experiments}
        choices = [
            Choice(
                shown(each.name, limit=44) + shown(f"  {each.experiment_id}", MUTED),
                each.experiment_id,
            )
            for each in message.experiments
            if each.lifecycle_stage == "active"
        ]

        def choose(picked: tuple[str, ...] | None) -> None:
            if picked is not None:
                self._ask(replace(self._feed.query_now, experiment_ids=picked))

        chosen = self._feed.query_now.experiment_ids
        everything = Content("all experiments")
        screen = PickSeveralScreen("Experiments", everything, choices, chosen)
        self.app.push_screen(screen, choose)

    # --- Going on --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the store is open there is nothing to act on but leaving."""
        del parameters
        needs_runs = action in (
            "mark", "unmark", "compare", "reexecute", "filter", "clear", "details", "columns",
            "experiments", "sort", "sort_column", "fold", "fold_all", "deleted", "reload",
        )  # fmt: skip
        return None if needs_runs and not house(self).ready else True

    def action_details(self) -> None:
        self.toggle_class("-details")

    def action_reload(self) -> None:
        self.reload()

    @on(Chosen, "#list")
    def _chosen(self) -> None:
        if pair(self._current, self._view.marks):
            self.action_compare()
        elif self._current is not None:
            from repro_tui.tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(self._current))

    def action_compare(self) -> None:
        chosen = pair(self._current, self._view.marks)
        if chosen is None:
            self.notify("Mark another run with space, then compare with c.")
        else:
            from repro_tui.tui.screens.compare import CompareScreen

            self.app.push_screen(CompareScreen(*chosen))

    def action_reexecute(self) -> None:
        if self._current is not None:
            from repro_tui.tui.screens.rerun import RerunScreen

            self.app.push_screen(RerunScreen(self._current))
