"""Two runs side by side: the verdict, then section by section what was found."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from repro_tui.compare.model import Comparison, Finding
from repro_tui.evidence.model import Run, SectionName
from repro_tui.reports import words
from repro_tui.text import visible
from repro_tui.tui.background import Failed, Progressed, start
from repro_tui.tui.finding_rows import FindingRow, Row, SectionRow, rows
from repro_tui.tui.house import house
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.screens.export import ExportScreen
from repro_tui.tui.screens.text import TextScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.verdict import banner
from repro_tui.tui.widgets.finding_list import FindingList
from repro_tui.tui.widgets.rows import Chosen, Moved


@dataclass
class Compared(Message):
    comparison: Comparison


class CompareScreen(Screen[None]):
    TITLE = "Compare"
    HELP = (
        "The verdict comes first, with what it rests on. Below it every section: what went in, "
        "then what came out.\nOnly differences and what is unknown are listed; a shows "
        "everything, also what is equal and what a rule sets aside."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next(1)", "Next", id="compare.next"),
        Binding("N", "next(-1)", "Previous difference", show=False, id="compare.previous"),
        Binding("]", "section(1)", "Next section", show=False, id="compare.next-section"),
        Binding("[", "section(-1)", "Previous section", show=False, id="compare.previous-section"),
        Binding("a", "everything", "All", id="compare.everything"),
        Binding("z", "fold", "Fold", show=False, id="compare.fold"),
        Binding("Z", "fold_all", "Fold or unfold all", show=False, id="compare.fold-all"),
        Binding("v", "verdict", "Verdict", id="compare.verdict"),
        Binding("x", "export", "Export", id="compare.export"),
        Binding("r", "reexecute", "Re-execute left", show=False, id="compare.rerun"),
        Binding("ctrl+r,f5", "reload", "Compare again", show=False, id="compare.refresh"),
        Binding("escape,q", "leave", "Back", key_display="esc", id="compare.back"),
    ]  # fmt: skip
    AUTO_FOCUS = "#list"

    def __init__(self, left: str, right: str) -> None:
        super().__init__()
        self._ids = left, right
        self._comparison: Comparison | None = None
        self._folded: frozenset[SectionName] = frozenset()
        self._everything = False

    def compose(self) -> ComposeResult:
        yield Static(classes="bar")
        yield Static(id="banner")
        yield FindingList(id="list")
        yield Static(id="peek")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._tell("")
        self.action_reload()

    def action_reload(self) -> None:
        engine, (left, right) = house(self).engine, self._ids
        self._wait("Reading both runs…")
        start(
            self,
            "compare",
            lambda progress: Compared(engine.compare(left, right, progress=progress)),
        )

    def on_progressed(self, message: Progressed) -> None:
        if self._comparison is None:
            self._wait(message.text)

    def _wait(self, text: str) -> None:
        line = shown(f"⋯ {text}", "$accent", 200) + Content.styled("   esc stops it", MUTED)
        self.query_one("#banner", Static).update(line)

    def on_failed(self, message: Failed) -> None:
        self.query_one("#banner", Static).update(
            shown(f"✗ {message.error.message}", "$text-error") + Content("\n  ")
            + shown(message.error.hint) + Content.styled("   ctrl+r tries again", MUTED)
        )  # fmt: skip

    def on_compared(self, message: Compared) -> None:
        self._comparison = message.comparison
        self.refresh_bindings()
        left, right = message.comparison.left, message.comparison.right
        self.query_one("#banner", Static).update(banner(message.comparison))
        names = (f"{run.name or 'run'} ({run.run_id[:8]})" for run in (left, right))
        self._list.names = (next(names), next(names))
        self._show()
        self.action_next(1)

    # --- Showing -----------------------------------------------------------------------

    @property
    def _list(self) -> FindingList:
        return self.query_one(FindingList)

    def _show(self) -> None:
        if self._comparison is None:
            return
        listed = rows(self._comparison, self._folded, everything=self._everything)
        self._list.show(listed)
        self._tell("everything" if self._everything else "only differences")

    def _tell(self, listed: str) -> None:
        parts = [
            Content.styled("compare", "bold"),
            Content(f"{self._ids[0][:8]} │ {self._ids[1][:8]}"),
        ]
        if self._comparison is not None:
            left, right = self._comparison.left, self._comparison.right
            parts = [
                parts[0],
                shown(_name(left), limit=40) + Content(" │ ") + shown(_name(right), limit=40),
            ]
            tolerance = visible(words.tolerance(self._comparison.policy))
            parts += [Content(listed), Content.styled(tolerance, MUTED)]
        self.query_one(".bar", Static).update(Content("  ·  ").join(parts))

    @on(Moved, "#list")
    def _moved(self, event: Moved[Row]) -> None:
        peek = Content("")
        if isinstance(event.row, FindingRow):
            finding = event.row.finding
            note = words.finding_note(finding)
            peek = shown(words.key(finding.key), "bold") + shown(f"  {note}" if note else "")
        self.query_one("#peek", Static).update(peek)

    # --- Actions ---------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until the comparison is there, there is nothing to move in or to export."""
        del parameters
        needs = (
            "next",
            "section",
            "everything",
            "fold",
            "fold_all",
            "verdict",
            "export",
            "reexecute",
        )
        return None if action in needs and self._comparison is None else True

    def action_next(self, direction: int) -> None:
        if self._folded:
            self._folded = frozenset()
            self._show()
        self._list.go(FindingRow, direction, differing=True)

    def action_section(self, direction: int) -> None:
        self._list.go(SectionRow, direction)

    def action_everything(self) -> None:
        self._everything = not self._everything
        self._show()

    def action_fold(self) -> None:
        row = self._list.current
        if isinstance(row, SectionRow | FindingRow):
            name = row.section.name if isinstance(row, SectionRow) else row.section
            self._folded ^= {name}
            self._show()
            if isinstance(row, FindingRow):
                self._list.go(SectionRow, -1)

    def action_fold_all(self) -> None:
        self._folded = frozenset() if self._folded else frozenset(SectionName)
        self._show()

    @on(Chosen, "#list")
    def _chosen(self, event: Chosen[Row]) -> None:
        if isinstance(event.row, FindingRow):
            self.open_finding(event.row.section, event.row.finding)
        else:
            self.action_fold()

    def open_finding(self, section: SectionName, finding: Finding) -> None:
        self.app.push_screen(DetailScreen(section, finding, self._list.names))

    def action_verdict(self) -> None:
        if self._comparison is not None:
            self.app.push_screen(TextScreen("Verdict", banner(self._comparison, whole=True)))

    def action_export(self) -> None:
        if self._comparison is not None:
            self.app.push_screen(ExportScreen(self._comparison, Path.cwd(), full=self._everything))

    def action_reexecute(self) -> None:
        from repro_tui.tui.screens.rerun import RerunScreen

        if self._comparison is not None:
            self.app.push_screen(RerunScreen(self._comparison.left))

    def action_leave(self) -> None:
        self.workers.cancel_node(self)
        self.dismiss()


def _name(run: Run) -> str:
    return visible(run.name) or run.run_id[:8]
