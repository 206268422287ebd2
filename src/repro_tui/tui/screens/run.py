"""One run on a screen of its own."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.screens.rerun import RerunScreen
from repro_tui.tui.spelling import LEGEND, MUTED, shown, status
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.run_pane import RunPane


class RunScreen(Screen[None]):
    TITLE = "Run"
    HELP = (
        "What is known of this run: what is missing and how to record it next time comes first, "
        "then what is known and from where. Artifacts are listed and not read.\n"
        f"{LEGEND}\n"
        "Enter opens what the cursor is on: a re-execution as a comparison, a value whole."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare", id="run.compare"),
        Binding("r", "reexecute", "Rerun", id="run.rerun"),
        Binding("escape,q", "dismiss", "Back", key_display="esc", id="run.back"),
    ]
    AUTO_FOCUS = "#known"

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        name = shown(self._run.name or self._run.run_id, "bold", 60)
        where = shown(f"  {self._run.experiment_name}  {self._run.run_id}", MUTED)
        yield TopBar(name + Content("  ") + status(self._run) + where)
        yield RunPane()
        yield Keys()

    def on_mount(self) -> None:
        self.query_one(RunPane).show(self._run)

    def action_compare(self) -> None:
        original = self._run.tags.get(Tag.REEXECUTES)
        if original is None:
            self.notify("This run re-executes none; enter on one of its re-executions compares.")
        else:
            self.app.push_screen(CompareScreen(original, self._run.run_id))

    def action_reexecute(self) -> None:
        self.app.push_screen(RerunScreen(self._run))
