"""All metrics of two runs at once, in small plots."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from repro_tui.compare.model import Finding
from repro_tui.evidence.model import SectionName
from repro_tui.tui.multiples import listed, multiples, nothing, over, where
from repro_tui.tui.plot_layout import Look
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.multiples import MetricChosen, MetricGrid, Walked
from repro_tui.tui.widgets.search_box import SearchBox


class MetricsScreen(Screen[None]):
    """`findings` are all of the metrics; the cursor begins on `at`, or on the first one."""

    TITLE = "Metrics"
    HELP = (
        "Every metric that differs in a plot of its own, first the one in which the runs part "
        "earliest by the clock; a shows those that do not differ, too. Each plot has its own "
        "scale.\n"
        "◆ and the dotted line stand where the two part. o is on the line of the left run, + on "
        "that of the right one, ⊕ where both are. ▲ and ▼ are infinite, × is no number.\n"
        "L, X and T draw all of them by the logarithm of values or of steps, or by the seconds "
        "since each run's first point of the metric.\n"
        "Enter opens a metric: its plot with a cursor and the distance, and all points."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="metrics.open"),
        Binding("a", "everything", "All", id="metrics.everything"),
        Binding("slash", "search", "Search", key_display="/", id="metrics.search"),
        Binding("L", "log_values", "Log", id="metrics.log-values"),
        Binding("X", "log_steps", "Log steps", show=False, id="metrics.log-steps"),
        Binding("T", "time", "Steps or time", id="metrics.time"),
        Binding("escape", "back", "Back", key_display="esc", id="metrics.back"),
        Binding("q,m", "dismiss", "Leave", show=False, id="metrics.leave"),
    ]
    AUTO_FOCUS = "#grid"

    def __init__(
        self, findings: Sequence[Finding], names: tuple[str, str], at: Finding | None = None
    ) -> None:
        super().__init__()
        self._findings = findings
        self._names = names
        self._multiples = multiples(findings)
        self._everything = at is not None and not at.kind.differs
        self._at = at
        self._search = ""
        self._look = Look()

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield SearchBox("search in the names")
        yield Static(id="legend")
        yield MetricGrid(self._multiples, id="grid")
        yield Static(id="nothing", classes="note")
        yield Keys(palette=False)

    def on_mount(self) -> None:
        self._show()
        if self._at is not None:
            self._grid.go_to(self._at)

    @property
    def _grid(self) -> MetricGrid:
        return self.query_one(MetricGrid)

    # --- What is shown -------------------------------------------------------------------

    def _show(self) -> None:
        found = listed(self._multiples, everything=self._everything, search=self._search)
        self._grid.show(found)
        self.set_class(not found, "-empty")
        said = nothing(self._multiples, self._search)
        self.query_one("#nothing", Static).update(shown(said, MUTED))
        self._tell()

    def _tell(self) -> None:
        told = where(
            self._multiples, self._grid.count, self._grid.cursor, everything=self._everything
        )
        if self._search:
            told += shown(f"  ·  search: {self._search}", "$accent", 40)
        self.query_one(".bar", Static).update(told)
        legend = over(self._names, self._look, self.size.width)
        self.query_one("#legend", Static).update(legend)

    def on_resize(self) -> None:
        self._tell()

    @on(Walked)
    def _walked(self) -> None:
        self._tell()

    def action_everything(self) -> None:
        self._everything = not self._everything
        self._show()

    # --- Looking ---------------------------------------------------------------------------

    def _look_so(self, look: Look) -> None:
        self._look = look
        self._grid.look(look)
        self._tell()

    def action_log_values(self) -> None:
        self._look_so(replace(self._look, log_values=not self._look.log_values))

    def action_log_steps(self) -> None:
        self._look_so(replace(self._look, log_steps=not self._look.log_steps))

    def action_time(self) -> None:
        self._look_so(replace(self._look, by_time=not self._look.by_time))

    # --- Searching -----------------------------------------------------------------------

    def action_search(self) -> None:
        self.query_one(SearchBox).open()

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        self._search = event.value.strip()
        self._show()

    @on(Input.Submitted, "#box")
    def _entered(self) -> None:
        self.query_one(SearchBox).close()
        self._grid.focus()

    def action_back(self) -> None:
        """Out of the search, out of the screen."""
        box = self.query_one(SearchBox)
        if self._search or box.is_open:
            box.value = ""
            self._entered()
        else:
            self.dismiss()

    # --- Going on ------------------------------------------------------------------------

    def action_open(self) -> None:
        self._grid.action_open()

    @on(MetricChosen)
    def _metric_chosen(self, event: MetricChosen) -> None:
        event.stop()
        self.app.push_screen(
            DetailScreen(SectionName.METRICS, event.finding, self._names, self._findings)
        )
