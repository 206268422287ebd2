"""What a re-execution will be, before it starts; every choice changes the plan at once."""

from collections.abc import Mapping
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
from textual.widgets import Button, Footer, Input, Label, Select, Static

from repro_tui.evidence.model import Run
from repro_tui.rerun.describe import rows
from repro_tui.rerun.model import (
    Determinism,
    Device,
    EnvManager,
    Job,
    Plan,
    Refusal,
    Request,
)
from repro_tui.text import size, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.facts import Facts
from repro_tui.tui.house import house
from repro_tui.tui.screens.jobs import JobsScreen
from repro_tui.tui.spelling import MUTED, shown

_PAUSE = 0.25
"""Seconds without a keypress before the plan is made again."""
_AS_ORIGINAL = "as the original"


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


class RerunScreen(ModalScreen[None]):
    TITLE = "Re-execute"
    HELP = (
        "The right side shows exactly what will run. Change a choice and it is planned again. "
        "Nothing starts before you say so with ctrl+s; your own working tree is never touched."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", priority=True),
        Binding("escape", "dismiss", "Close"),
        Binding("f1", "app.help", "Help"),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._original: Mapping[str, str] = {}
        """The parameters as the original had them, once the first plan told."""
        self._request = Request(run.run_id)
        self._plan: Plan | None = None
        self._typing: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(
                f"Re-execute {visible(self._run.name, 40)} ({self._run.run_id[:8]})"
            ).markup
            with Horizontal():
                with VerticalScroll(id="choices", can_focus=False):
                    yield Label("Device")
                    yield Select[str]([], prompt=_AS_ORIGINAL, id="device", compact=True)
                    yield Label("Seed")
                    yield Input(placeholder=_AS_ORIGINAL, id="seed", compact=True)
                    yield Label("Determinism")
                    yield Select[Determinism](
                        [(str(level), level) for level in Determinism],
                        value=self._request.determinism,
                        allow_blank=False,
                        id="determinism",
                        compact=True,
                    )
                    yield Label("Environment manager")
                    yield Select[EnvManager](
                        [(str(manager), manager) for manager in EnvManager],
                        value=self._request.env_manager,
                        allow_blank=False,
                        id="manager",
                        compact=True,
                    )
                    yield Vertical(id="parameters")
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
        options = []
        for device in message.devices:
            memory = f", {size(device.memory)}" if device.memory else ""
            text = shown(f"{device.name}  {device.description}{memory}", limit=60)
            options.append((text, device.name))
        self.query_one("#device", Select).set_options(options)

    @on(Select.Changed)
    @on(Input.Changed)
    def _choice_changed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_PAUSE, self._make_plan)

    def _asked(self) -> Request | None:
        """The request as the choices stand; None where the seed is no number."""
        seed = self.query_one("#seed", Input).value.strip()
        if seed and not (seed.isascii() and seed.isdigit()):
            self._refuse(
                "The seed is no whole number.", "Give digits, or nothing: as the original."
            )
            return None
        device = self.query_one("#device", Select).value
        changed = {
            box.name: box.value
            for box in self.query("#parameters Input").results(Input)
            if box.name is not None and box.value != self._original[box.name]
        }
        return Request(
            run_id=self._run.run_id,
            device=device if isinstance(device, str) else None,
            seed=int(seed) if seed else None,
            determinism=Determinism(str(self.query_one("#determinism", Select).value)),
            env_manager=EnvManager(str(self.query_one("#manager", Select).value)),
            overrides=changed,
        )

    # --- The plan --------------------------------------------------------------------------

    def _make_plan(self) -> None:
        request = self._asked()
        if request is None or (self._plan is not None and request == self._request):
            return
        self._request = request
        self._set_plan(None)
        engine = house(self).engine
        start(self, "plan", lambda _: Planned(request, engine.plan(request)))

    def on_planned(self, message: Planned) -> None:
        if message.request != self._request:
            return
        match message.outcome:
            case Plan() as plan:
                self._set_plan(plan)
                self._say(_spelled(plan))
                self._offer_parameters(plan)
            case Refusal(lacks):
                lines = [Content.styled("This run cannot be re-executed so:", "$text-error bold")]
                for lack in lacks:
                    lines += [
                        Content("\n✗ ") + shown(lack.what),
                        Content("  → ") + shown(lack.remedy),
                    ]
                self._say(Content("\n").join(lines))

    def on_failed(self, message: Failed) -> None:
        self._refuse(message.error.message, message.error.hint)

    def _refuse(self, what: str, remedy: str) -> None:
        self._set_plan(None)
        self._say(shown(what, "$text-error") + Content("\n") + shown(remedy))

    def _offer_parameters(self, plan: Plan) -> None:
        if self._original or not plan.parameters:
            return
        self._original = dict(plan.parameters)
        fields = [Label(Content("Parameters"))]
        boxes: list[Label | Input] = [*fields]
        for name, value in plan.parameters.items():
            boxes.append(Label(shown(name, MUTED, 30)))
            boxes.append(Input(value, name=name, compact=True))
        self.query_one("#parameters", Vertical).mount(*boxes)

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
            engine, plan = house(self).engine, self._plan
            self._set_plan(None)
            start(self, "submit", lambda _: Submitted(engine.submit(plan)))

    def on_submitted(self, message: Submitted) -> None:
        house(self).read_jobs()
        self.app.switch_screen(JobsScreen(message.job.job_id))


def _spelled(plan: Plan) -> Facts:
    """What exactly will run, line by line."""
    return Facts(
        [
            (shown(name, MUTED), shown(value, "$text-warning" if name == "caveat" else ""))
            for name, value in rows(plan)
        ]
    )
