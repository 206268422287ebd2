"""The runs of a store: find them, mark them, and go from them to everything else."""

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from repro_tui.evidence.model import Experiment, Run
from repro_tui.evidence.tracking.reader import RunPage, RunQuery
from repro_tui.text import plural, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house
from repro_tui.tui.run_orders import NEWEST_FIRST, Order, is_store_filter, orders
from repro_tui.tui.run_rows import RunRow, arrange, columns, common_metrics, pair
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.screens.rerun import RerunScreen
from repro_tui.tui.screens.run import RunScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.run_pane import RunPane
from repro_tui.tui.widgets.run_table import RunTable

_PAGE = 100
_AHEAD = 40
"""Rows below the cursor at which the next page is fetched."""


@dataclass
class RunsRead(Message):
    """A page of runs came; the first one where the query has no page token."""

    query: RunQuery
    page: RunPage


@dataclass
class ExperimentsRead(Message):
    experiments: tuple[Experiment, ...]


class RunsScreen(Screen[None]):
    TITLE = "Runs"
    HELP = (
        "The runs of the store, newest first, children under their parents.\n"
        "Mark two with space and compare them with c; a re-execution (↻) is compared with its "
        "original without marks. A star at a commit means uncommitted changes. Filter by any "
        "text that is shown, or in MLflow's syntax: metrics.loss < 0.1 and params.lr = '0.01'"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="runs.mark"),
        Binding("c", "compare", "Compare", id="runs.compare"),
        Binding("r", "reexecute", "Rerun", id="runs.rerun"),
        Binding("slash", "filter", "Filter", key_display="/", id="runs.filter"),
        Binding("d", "details", "Details", id="runs.details"),
        Binding("e", "experiments", "Experiment", show=False, id="runs.experiments"),
        Binding("s", "sort", "Sort", show=False, id="runs.sort"),
        Binding("z", "fold", "Fold children", show=False, id="runs.fold"),
        Binding("Z", "fold_all", "Fold or unfold all", show=False, id="runs.fold-all"),
        Binding("u", "unmark", "Take marks away", show=False, id="runs.unmark"),
        Binding("ctrl+r,f5", "reload", "Refresh", show=False, id="runs.refresh"),
        Binding("escape", "clear", "Clear filter", show=False, id="runs.clear"),
        Binding("q", "app.quit", "Quit", id="runs.back"),
    ]
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._query = RunQuery(max_results=_PAGE)
        self._experiment: Experiment | None = None
        self._order = NEWEST_FIRST
        self._runs: tuple[Run, ...] = ()
        self._next = ""
        self._fetching = True
        self._search = ""
        self._marks: tuple[str, ...] = ()
        self._folded: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield Static(classes="bar")
        yield Input(id="box", placeholder="text to search for, or a filter: metrics.loss < 0.1")
        with Container(id="both"):
            yield RunTable(id="list")
            yield Static(id="empty", classes="note")
            yield RunPane()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._say("Opening the store…")
        self._tell()

    # --- Reading -----------------------------------------------------------------------

    def open(self) -> None:
        """The engine is there: read the first page."""
        self.refresh_bindings()
        self._say("Reading the runs…")
        self.reload()

    def reload(self) -> None:
        """Read again what is shown, as many runs as are there now."""
        self._read(replace(self._query, max_results=max(_PAGE, len(self._runs))))

    def _read(self, query: RunQuery) -> None:
        engine = house(self).engine
        self._fetching = True
        start(self, "runs", lambda _: RunsRead(query, engine.runs(query)))

    def on_runs_read(self, message: RunsRead) -> None:
        self._fetching = False
        page = message.page
        if message.query.page_token:
            known = {run.run_id for run in self._runs}
            fresh = tuple(run for run in page.runs if run.run_id not in known)
            self._runs += fresh
        else:
            self._runs = page.runs
            self.query_one(RunPane).forget()
        self._next = page.next_page_token
        self._show()

    def on_failed(self, message: Failed) -> None:
        self._fetching = False
        house(self).complain(message.error)
        self._show()

    @on(Moved, "#list")
    def _moved(self, event: Moved[RunRow]) -> None:
        near_the_end = event.rows.cursor >= len(event.rows.rows) - _AHEAD
        if near_the_end and self._next and not self._fetching:
            self._read(replace(self._query, page_token=self._next))
        self._show_details()

    # --- Showing -----------------------------------------------------------------------

    @property
    def _list(self) -> RunTable:
        return self.query_one(RunTable)

    @property
    def _current(self) -> Run | None:
        row = self._list.current
        return None if row is None else row.run

    def _show(self) -> None:
        rows = arrange(self._runs, self._folded, self._marks, self._search)
        settings = house(self).engine.settings
        metrics = settings.metrics or common_metrics(
            self._runs, settings.metric_columns, settings.policy
        )
        several = len({run.experiment_id for run in self._runs}) > 1
        self._list.lay(columns(metrics, house(self).now(), experiments=several), rows)
        self.set_class(not rows, "-empty")
        if not rows:
            self._say(self._why_empty())
        self._tell()
        self._show_details()

    def _why_empty(self) -> str:
        if self._search or self._query.filter:
            return "No run matches. Escape takes the filter away."
        where = self._experiment.name if self._experiment else "This store"
        return (
            f"{visible(where, 60)} holds no runs yet.\n\n"
            "Train something that logs to it and press ctrl+r, choose another experiment with e, "
            "or leave with q and see `repro-tui demo`."
        )

    def _say(self, text: str) -> None:
        self.set_class(True, "-empty")
        self.query_one("#empty", Static).update(Content(text))

    def _tell(self) -> None:
        """The line on top: what is listed, and which store it is from."""
        parts = [Content.styled("repro-tui", "bold")]
        if house(self).ready:
            location = house(self).engine.location
            name = self._experiment.name if self._experiment else "all experiments"
            more = "+" if self._next else ""
            count = plural(len(self._runs), "run") if not more else f"{len(self._runs):,}+ runs"
            parts += [shown(name, "bold", 40), Content(f"{count}, {self._order.title}")]
            if self._search:
                parts.append(Content.styled(f"search: {visible(self._search, 30)}", "$accent"))
            if self._query.filter:
                parts.append(
                    Content.styled(f"filter: {visible(self._query.filter, 40)}", "$accent")
                )
            if self._marks:
                parts.append(Content.styled(f"{len(self._marks)} marked", "$accent"))
            parts.append(shown(f"{location.shown} (from {location.found})", MUTED))
        self.query_one(".bar", Static).update(Content("  ·  ").join(parts))

    def _show_details(self) -> None:
        row = self._list.current
        if row is not None:
            self.query_one(RunPane).show(row.run)

    # --- Marks and folding ---------------------------------------------------------------

    def action_mark(self) -> None:
        if self._current is None:
            return
        run_id = self._current.run_id
        if run_id in self._marks:
            self._marks = tuple(mark for mark in self._marks if mark != run_id)
        elif len(self._marks) == 2:
            self.notify("Two runs are marked; u takes the marks away.", severity="warning")
            return
        else:
            self._marks += (run_id,)
        self._show()
        self._list.action_move(1)

    def action_unmark(self) -> None:
        self._marks = ()
        self._show()

    def action_fold(self) -> None:
        row = self._list.current
        if row is not None and row.children:
            self._folded ^= {row.run.run_id}
            self._show()

    def action_fold_all(self) -> None:
        parents = {run.parent_run_id for run in self._runs} - {None}
        self._folded = frozenset() if self._folded else frozenset(str(run) for run in parents)
        self._show()

    # --- Filter, sort, experiment ----------------------------------------------------------

    def action_filter(self) -> None:
        box = self.query_one("#box", Input)
        box.add_class("-open")
        box.focus()

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        self._search = "" if is_store_filter(event.value) else event.value.strip()
        if house(self).ready:
            self._show()

    @on(Input.Submitted, "#box")
    def _entered(self, event: Input.Submitted) -> None:
        asked = event.value.strip() if is_store_filter(event.value) else ""
        if asked != self._query.filter:
            self._ask(replace(self._query, filter=asked))
        self._leave_box(keep=bool(event.value.strip()))

    def _leave_box(self, *, keep: bool) -> None:
        self.query_one("#box", Input).set_class(keep, "-open")
        self._list.focus()

    def action_clear(self) -> None:
        box = self.query_one("#box", Input)
        box.value = ""
        self._leave_box(keep=False)
        if self._query.filter:
            self._ask(replace(self._query, filter=""))

    def _ask(self, query: RunQuery) -> None:
        self._query = query
        self._runs = ()
        self._read(query)

    def action_sort(self) -> None:
        choices = [
            Choice(Content(order.title), order)
            for order in orders(common_metrics(self._runs, 6, house(self).engine.settings.policy))
        ]

        def sort(picked: Order | None) -> None:
            if picked is not None:
                self._order = picked
                self._ask(replace(self._query, order_by=(picked.order_by,)))

        self.app.push_screen(PickScreen("Sort", choices, self._order), sort)

    def action_experiments(self) -> None:
        engine = house(self).engine
        start(self, "experiments", lambda _: ExperimentsRead(engine.experiments()))

    def on_experiments_read(self, message: ExperimentsRead) -> None:
        # In a tuple of one, `all experiments` can be told from no answer.
        choices: list[Choice[tuple[Experiment | None]]] = [
            Choice(Content("all experiments"), (None,))
        ]
        for experiment in message.experiments:
            if experiment.lifecycle_stage == "active":
                number = shown(f"  {experiment.experiment_id}", MUTED)
                label = shown(experiment.name, limit=44) + number
                choices.append(Choice(label, (experiment,)))

        def choose(picked: tuple[Experiment | None] | None) -> None:
            if picked is not None:
                (self._experiment,) = picked
                ids = (self._experiment.experiment_id,) if self._experiment else ()
                self._ask(replace(self._query, experiment_ids=ids))

        self.app.push_screen(PickScreen("Experiment", choices, (self._experiment,)), choose)

    # --- Going on --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the store is open there is nothing to act on but leaving."""
        del parameters
        needs_runs = action in (
            "mark", "compare", "reexecute", "filter", "details", "experiments", "sort", "fold",
            "fold_all", "reload",
        )  # fmt: skip
        return None if needs_runs and not house(self).ready else True

    def action_details(self) -> None:
        self.toggle_class("-details")

    def action_reload(self) -> None:
        self.reload()

    @on(Chosen, "#list")
    def _chosen(self) -> None:
        if pair(self._current, self._marks):
            self.action_compare()
        elif self._current is not None:
            self.app.push_screen(RunScreen(self._current))

    def action_compare(self) -> None:
        chosen = pair(self._current, self._marks)
        if chosen is None:
            self.notify("Mark another run with space, then compare with c.")
        else:
            self.app.push_screen(CompareScreen(*chosen))

    def action_reexecute(self) -> None:
        if self._current is not None:
            self.app.push_screen(RerunScreen(self._current))
