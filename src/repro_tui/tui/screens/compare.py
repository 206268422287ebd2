"""Runs side by side: the verdict, then section by section what was found."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from repro_tui.compare.model import Comparison, Finding
from repro_tui.compare.several import Several
from repro_tui.evidence.model import SectionName
from repro_tui.evidence.tracking.reader import Progress
from repro_tui.reports import words
from repro_tui.tui import clipboard
from repro_tui.tui.background import Failed, Progressed, start
from repro_tui.tui.compared import called, first, names, plottable, runs
from repro_tui.tui.finding_rows import CellsRow, FindingRow, Row, SectionRow, identity
from repro_tui.tui.finding_text import cut, peek, row_of, value_of
from repro_tui.tui.house import house
from repro_tui.tui.listing import Listing
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.screens.export import ExportScreen
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.screens.text import TextScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.verdict import banner, whole
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.finding_list import FindingList
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.search_box import SearchBox

_VERDICT = 7
"""Lines of the verdict, where the screen is not high enough for more."""


@dataclass
class Compared(Message):
    """The runs were compared, in the order of `run_ids`."""

    run_ids: tuple[str, ...]
    compared: Comparison | Several


class CompareScreen(Screen[None]):
    """Compares two runs or more, by id; the first is the base."""

    TITLE = "Compare"
    HELP = (
        "The verdict comes first, with what it rests on. Below it every section: what went in, "
        "then what came out.\nOnly differences and what is unknown are listed; a shows "
        "everything, also what is equal and what a rule sets aside.\n"
        "h and l choose the column that y copies from and enter opens. Underlined is where two "
        "values differ. Of several runs every other one is compared with the base, and = stands "
        "for what the base has."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next(1)", "Next", id="compare.next"),
        Binding("N", "next(-1)", "Previous difference or match", show=False,
                id="compare.previous"),
        Binding("]", "section(1)", "Next section", show=False, id="compare.next-section"),
        Binding("[", "section(-1)", "Previous section", show=False, id="compare.previous-section"),
        Binding("slash", "search", "Search", key_display="/", id="compare.search"),
        Binding("a", "everything", "All", id="compare.everything"),
        Binding("z", "fold", "Fold", show=False, id="compare.fold"),
        Binding("Z", "fold_all", "Fold or unfold all", show=False, id="compare.fold-all"),
        Binding("y", "copy_value", "Copy", id="compare.copy-value"),
        Binding("Y", "copy_row", "Copy the row", show=False, id="compare.copy-row"),
        Binding("v", "verdict", "Verdict", id="compare.verdict"),
        Binding("m", "metrics", "Metrics", show=False, id="compare.metrics"),
        Binding("b", "base", "Other base", show=False, id="compare.base"),
        Binding("c", "pair", "This run and the base alone", show=False, id="compare.pair"),
        Binding("x", "export", "Export", id="compare.export"),
        Binding("r", "reexecute", "Re-execute the base", show=False, id="compare.rerun"),
        Binding("ctrl+r,f5", "reload", "Compare again", show=False, id="compare.refresh"),
        Binding("escape", "back", "Back", key_display="esc", id="compare.back"),
        Binding("q", "leave", "Leave", show=False, id="compare.leave"),
    ]  # fmt: skip
    AUTO_FOCUS = "#list"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012 (as Textual has it)

    def __init__(self, *run_ids: str) -> None:
        super().__init__()
        self._ids = run_ids
        self._compared: Comparison | Several | None = None
        self._reading = False
        self._listing = Listing()

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield SearchBox("search in keys, values and notes")
        yield Static(id="banner")
        yield FindingList(id="list")
        yield Static(id="peek")
        yield Keys(palette=False)

    def on_mount(self) -> None:
        self._tell()
        self.action_reload()

    # --- Reading ---------------------------------------------------------------------------

    def action_reload(self) -> None:
        self._read(self._ids)

    def _read(self, run_ids: tuple[str, ...]) -> None:
        engine = house(self).engine
        if len(run_ids) == 2:
            left, right = run_ids

            def compare(progress: Progress) -> Compared:
                return Compared(run_ids, engine.compare(left, right, progress=progress))

        else:

            def compare(progress: Progress) -> Compared:
                return Compared(run_ids, engine.compare_several(run_ids, progress=progress))

        self._reading = True
        self._wait(f"Reading {'both' if len(run_ids) == 2 else len(run_ids)} runs…")
        start(self, "compare", compare)

    def on_progressed(self, message: Progressed) -> None:
        if self._reading:
            self._wait(message.text)

    def _wait(self, text: str) -> None:
        """Say what is being read: over the verdict, so that nothing moves."""
        line = shown(f"⋯ {text}", "$accent", 200) + Content.styled("   esc stops it", MUTED)
        if self._compared is None:
            self.query_one("#banner", Static).update(line)
        else:
            self.query_one("#peek", Static).update(line)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self._reading = False
        if self._compared is not None:
            house(self).complain(message.error)
            self._peek()
            return
        self.query_one("#banner", Static).update(
            shown(f"✗ {message.error.message}", "$text-error") + Content("\n  ")
            + shown(message.error.hint) + Content.styled("   ctrl+r tries again", MUTED)
        )  # fmt: skip

    def on_compared(self, message: Compared) -> None:
        begins = self._compared is None
        self._reading = False
        self._ids, self._compared = message.run_ids, message.compared
        self._list.names = names(message.compared)
        self.refresh_bindings()
        self._listing.load(message.compared)
        self._show_verdict()
        self._show()
        if begins:
            self._list.column = 2
            self.action_next(1)

    # --- Showing -----------------------------------------------------------------------

    @property
    def _list(self) -> FindingList:
        return self.query_one(FindingList)

    def _show_verdict(self) -> None:
        if self._compared is not None:
            most = max(_VERDICT, self.size.height // 4)
            text = banner(self._compared, self.size.width - 2, most)
            self.query_one("#banner", Static).update(text)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._show_verdict()
        self.call_after_refresh(self._peek)

    def _show(self) -> None:
        self._list.show(self._listing.shown)
        self._tell()

    def _tell(self) -> None:
        """The line on top: where the cursor is, what is listed, how numbers were compared."""
        parts = [Content.styled("compare", "bold")]
        if self._compared is None:
            parts.append(Content(" │ ".join(run_id[:8] for run_id in self._ids[:4])))
        else:
            listing = self._listing
            parts.append(listing.where(self._list.current))
            parts.append(Content("everything" if listing.everything else "only differences"))
            parts.append(shown(words.tolerance(first(self._compared).policy), MUTED))
        self.query_one(".bar", Static).update(Content("  ·  ").join(parts))

    @on(Moved, "#list")
    def _moved(self) -> None:
        self._peek()
        self._tell()

    def _peek(self) -> None:
        several = self._compared if isinstance(self._compared, Several) else None
        told = peek(self._list.current, self._list.here, self._list.at.value, several)
        line = self.query_one("#peek", Static)
        line.update(cut(told, line.content_size.width, line.content_size.height))

    # --- Moving ----------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until the comparison is there, there is nothing to move in or to export."""
        del parameters
        if action == "pair" and len(self._ids) == 2:
            return False
        if action == "metrics" and self._compared is not None:
            return bool(plottable(self._compared))
        always = action in ("reload", "back", "leave") or not hasattr(self, f"action_{action}")
        return True if always or self._compared is not None else None

    def action_next(self, direction: int) -> None:
        found = self._listing.next(self._list.current, direction)
        if found is not None and not self._list.go_to(identity(found)):
            self._show()
            self._list.go_to(identity(found))

    def action_section(self, direction: int) -> None:
        self._list.go(lambda row: isinstance(row, SectionRow), direction)

    # --- Searching -------------------------------------------------------------------------

    @property
    def _box(self) -> SearchBox:
        return self.query_one(SearchBox)

    def action_search(self) -> None:
        self._box.open()

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        listing = self._listing
        listing.look_for(event.value)
        if listing.matching and not listing.matches(self._list.current):
            self._list.cursor = 0
            self.action_next(1)
        self._tell()

    @on(Input.Submitted, "#box")
    def _entered(self) -> None:
        if not self._listing.search:
            self._end_search()
        elif not self._listing.matching and not self._listing.everything:
            self.notify("Nothing that differs matches; a searches in what is equal, too.")
        self._box.close()
        self._list.focus()

    def _end_search(self) -> None:
        self._box.close(clear=True)
        self._listing.look_for("")
        self._list.focus()
        self._tell()

    # --- What is listed --------------------------------------------------------------------

    def action_everything(self) -> None:
        if self._compared is not None:
            self._listing.everything = not self._listing.everything
            self._listing.load(self._compared)
            self._show()

    def action_fold(self) -> None:
        if self._list.current is not None:
            self._listing.toggle(self._list.current)
            self._show()

    def action_fold_all(self) -> None:
        self._listing.toggle_all()
        self._show()

    # --- Copying -----------------------------------------------------------------------------

    def action_copy_value(self) -> None:
        row = self._list.current
        if row is not None:
            what, text = value_of(row, self._list.here)
            clipboard.copy(self.app, text, f"the {what}")

    def action_copy_row(self) -> None:
        row = self._list.current
        if row is not None:
            clipboard.copy(self.app, row_of(row), "the row")

    # --- Going on --------------------------------------------------------------------------

    @on(Chosen, "#list")
    def _chosen(self, event: Chosen[Row]) -> None:
        row = event.row
        if isinstance(row, FindingRow):
            self.open_finding(row.section, row.finding)
        elif isinstance(row, CellsRow):
            self._open_cell(row)
        else:
            self.action_fold()

    def open_finding(self, section: SectionName, finding: Finding) -> None:
        if isinstance(self._compared, Comparison):
            pair, among = called(self._compared), self._compared[section].findings
            self.app.push_screen(DetailScreen(section, finding, pair, among))

    def action_metrics(self) -> None:
        # Plots: not before the first paint of the program.
        from repro_tui.tui.screens.metrics import MetricsScreen

        if isinstance(self._compared, Comparison):
            self.app.push_screen(MetricsScreen(plottable(self._compared), called(self._compared)))

    def _open_cell(self, row: CellsRow) -> None:
        """Open the base's value beside that of the column, or beside the gravest."""
        assert isinstance(self._compared, Several)
        place = self._list.here - 2
        if place < 0:
            place = row.kinds.index(row.cells.kind)
        finding, pair = row.cells.findings[place], self._compared.comparisons[place]
        if finding is None:
            self.notify("Neither this run nor the base has anything here.")
        else:
            among = pair[row.section].findings
            self.app.push_screen(DetailScreen(row.section, finding, called(pair), among))

    def action_pair(self) -> None:
        """Compare the base with the run of the column alone."""
        if self._list.column > 1:
            self.app.push_screen(CompareScreen(self._ids[0], self._ids[self._list.column - 1]))
        else:
            self.notify("Go to the column of the other run with l, then press c.")

    def action_base(self) -> None:
        """Swap two runs; of several make that of the column the base, or ask which."""
        if len(self._ids) == 2:
            self._rebase(self._ids[1])
        elif self._list.column > 1:
            self._rebase(self._ids[self._list.column - 1])
        elif self._compared is not None:
            named = zip(runs(self._compared), self._list.names, strict=True)
            choices = [Choice(shown(name), run.run_id) for run, name in named]
            self.app.push_screen(PickScreen("Base", choices, self._ids[0]), self._rebase)

    def _rebase(self, run_id: str | None) -> None:
        if run_id is not None and run_id != self._ids[0]:
            self._read((run_id, *(other for other in self._ids if other != run_id)))

    def action_verdict(self) -> None:
        if self._compared is not None:
            width = min(self.size.width * 96 // 100, 120) - 6
            self.app.push_screen(TextScreen("Verdict", whole(self._compared, width)))

    def action_export(self) -> None:
        if self._compared is not None:
            self.app.push_screen(
                ExportScreen(self._compared, Path.cwd(), full=self._listing.everything)
            )

    def action_reexecute(self) -> None:
        from repro_tui.tui.screens.rerun import RerunScreen

        if self._compared is not None:
            self.app.push_screen(RerunScreen(first(self._compared).left))

    def action_back(self) -> None:
        """One step back: out of the search, out of the reading, out of the screen."""
        if self._listing.search or self._box.is_open:
            self._end_search()
        elif self._reading and self._compared is not None:
            self._reading = False
            self.workers.cancel_group(self, "compare")
            self._peek()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        self.workers.cancel_node(self)
        self.dismiss()
