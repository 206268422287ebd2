"""What a re-execution will be, before it starts; every choice changes the plan at once."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Checkbox, Footer, Input, Select, Static

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.rerun.describe import rows
from repro_tui.rerun.model import Device, Job, Plan, Refusal, Request
from repro_tui.text import visible
from repro_tui.tui.background import Failed, Progress, start
from repro_tui.tui.facts import Facts
from repro_tui.tui.house import house
from repro_tui.tui.screens.jobs import JobsScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.choices import Choices

_PAUSE = 0.25
"""Seconds without a keypress before the plan is made again."""


@dataclass
class Surveyed(Message):
    devices: tuple[Device, ...]


@dataclass
class Planned(Message):
    request: Request
    outcome: Plan | Refusal


@dataclass
class Submitted(Message):
    job: Job
    """The first, where there are several."""


class RerunScreen(ModalScreen[None]):
    TITLE = "Re-execute"
    HELP = (
        "The right side shows exactly what will run. Change a choice and it is planned again. "
        "Nothing starts before you say so with ctrl+s; your own working tree is never touched."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", priority=True, id="rerun.start"),
        Binding("escape", "dismiss", "Close", id="rerun.back"),
        Binding("f1", "app.help", "Help", id="rerun.help"),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._request = Request(run.run_id)
        self._times = 1
        self._plan: Plan | None = None
        self._typing: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(
                f"Re-execute {visible(self._run.name, 40)} ({self._run.run_id[:8]})"
            ).markup
            with Horizontal():
                yield Choices()
                with VerticalScroll(id="plan"):
                    yield Static()
            with Horizontal(classes="buttons"):
                yield Button("Start", variant="primary", id="start", action="screen.start")
                yield Button("Close", action="screen.dismiss")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        engine = house(self).engine
        self._set_plan(None)
        self._say(Content.styled("Working out what would run…", MUTED))
        start(self, "devices", lambda _: Surveyed(engine.devices()))
        self._make_plan()

    # --- The choices -----------------------------------------------------------------------

    def on_surveyed(self, message: Surveyed) -> None:
        self.query_one(Choices).offer_devices(message.devices)

    @on(Select.Changed)
    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _choice_changed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_PAUSE, self._make_plan)

    # --- The plan --------------------------------------------------------------------------

    def _make_plan(self) -> None:
        try:
            asked = self.query_one(Choices).asked(self._run.run_id)
        except ReproError as error:
            self._refuse(error.message, error.hint)
            return
        self._times = asked.times
        if self._plan is not None and asked.request == self._request:
            self._say(_spelled(self._plan, self._times))
            return
        request = self._request = asked.request
        self._set_plan(None)
        engine = house(self).engine
        start(self, "plan", lambda _: Planned(request, engine.plan(request)))

    def on_planned(self, message: Planned) -> None:
        if message.request != self._request:
            return
        match message.outcome:
            case Plan() as plan:
                self._set_plan(plan)
                self._say(_spelled(plan, self._times))
                self.query_one(Choices).offer_parameters(plan.parameters)
            case Refusal(lacks):
                lines = [Content.styled("This run cannot be re-executed so:", "$text-error bold")]
                for lack in lacks:
                    lines += [
                        Content("\n✗ ") + shown(lack.what),
                        Content("  → ") + shown(lack.remedy),
                    ]
                self._say(Content("\n").join(lines))
                self.query_one(Choices).open_more()

    def on_failed(self, message: Failed) -> None:
        self._refuse(message.error.message, message.error.hint)

    def _refuse(self, what: str, remedy: str) -> None:
        self._set_plan(None)
        self._say(shown(what, "$text-error") + Content("\n") + shown(remedy))

    def _set_plan(self, plan: Plan | None) -> None:
        self._plan = plan
        self.query_one("#start", Button).disabled = plan is None
        self.refresh_bindings()

    def _say(self, text: Content | Facts) -> None:
        self.query_one("#plan Static", Static).update(text)

    # --- Starting --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a plan that stands can be started."""
        del parameters
        return None if action == "start" and self._plan is None else True

    def action_start(self) -> None:
        if self._plan is not None:
            engine, plan, times = house(self).engine, self._plan, self._times
            self._set_plan(None)

            def submit(_: Progress) -> Submitted:
                return Submitted(engine.submit_all([plan] * times)[0])

            start(self, "submit", submit)

    def on_submitted(self, message: Submitted) -> None:
        house(self).read_jobs()
        self.app.switch_screen(JobsScreen(message.job.job_id))


def _spelled(plan: Plan, times: int) -> Facts:
    """What exactly will run, line by line."""
    often = [("times", f"{times}: each a job of its own")] if times > 1 else []
    return Facts(
        [
            (shown(name, MUTED), shown(value, "$text-warning" if name == "caveat" else ""))
            for name, value in (*often, *rows(plan))
        ]
    )
