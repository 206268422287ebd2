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
from textual.widgets import Button, Checkbox, Input, Select, Static

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.tracking.reader import Progress
from repro_tui.rerun.describe import often, rows
from repro_tui.rerun.model import Device, Job, Refusal
from repro_tui.rerun.presets import Preset
from repro_tui.rerun.series import Schedule
from repro_tui.text import plural, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.facts import Facts
from repro_tui.tui.house import house
from repro_tui.tui.screens.confirm import ConfirmScreen
from repro_tui.tui.screens.jobs import JobsScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.choices import Asked, Choices
from repro_tui.tui.widgets.keys import Keys

_PAUSE = 0.25
"""Seconds without a keypress before the plan is made again."""


@dataclass
class Surveyed(Message):
    devices: tuple[Device, ...]


@dataclass
class PresetsRead(Message):
    presets: tuple[Preset, ...]


@dataclass
class Planned(Message):
    asked: Asked
    outcome: Schedule | Refusal


@dataclass
class Submitted(Message):
    job: Job
    """The first, where there are several."""


class RerunScreen(ModalScreen[None]):
    TITLE = "Re-execute"
    HELP = (
        "The right side shows exactly what will run, and first what in it is not as the original "
        "had it. Change a choice and it is planned again. Nothing starts before you say so with "
        "ctrl+s; your own working tree is never touched.\n"
        "A preset fills the fields; what you change afterwards stands. With several times or "
        "seeds each is a job of its own: the same seed asks whether it repeats itself, other "
        "seeds ask how much is luck.\n"
        "Your own presets stand in presets.toml beside your settings."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", priority=True, id="rerun.start"),
        Binding("ctrl+o", "presets", "Presets", priority=True, id="rerun.presets"),
        Binding("escape", "leave", "Close", id="rerun.back"),
        Binding("f1", "app.help", "Help", id="rerun.help"),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._asked: Asked | None = None
        """What was planned last, or is being planned."""
        self._shown: Schedule | None = None
        """What came of it."""
        self._schedule: Schedule | None = None
        """What can be started: what is shown, where that is what the fields say."""
        self._presets: tuple[Preset, ...] = ()
        self._devices: tuple[Device, ...] = ()
        self._original: str | None = None
        """The device that the original had, once a plan told."""
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
                yield Button("Close", action="screen.leave")
        yield Keys(palette=False)

    def on_mount(self) -> None:
        engine = house(self).engine
        self._set(None)
        self._say(Content.styled("Working out what would run…", MUTED))
        self._untouched = self._choices.asked(self._run.run_id)
        start(self, "devices", lambda _: Surveyed(engine.devices()))
        start(self, "presets", lambda _: PresetsRead(engine.presets()))
        self._make_plan()

    # --- The choices -----------------------------------------------------------------------

    @property
    def _choices(self) -> Choices:
        return self.query_one(Choices)

    def on_surveyed(self, message: Surveyed) -> None:
        self._devices = message.devices
        self._choices.offer_devices(message.devices)
        self._offer_presets()

    def on_presets_read(self, message: PresetsRead) -> None:
        self._presets = message.presets
        self._offer_presets()

    def _offer_presets(self) -> None:
        if self._presets and self._devices:
            self._choices.offer_presets(self._presets, self._original, self._devices)

    def action_presets(self) -> None:
        select = self.query_one("#preset", Select)
        select.focus()
        select.action_show_overlay()

    @on(Select.Changed, "#preset")
    def _preset_chosen(self, event: Select.Changed) -> None:
        event.stop()
        try:
            self._choices.take_preset()
        except ReproError as error:
            house(self).complain(error, "This preset does not fit")

    @on(Select.Changed)
    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _choice_changed(self) -> None:
        try:
            same = self._choices.asked(self._run.run_id) == self._asked
        except ReproError:
            same = False
        if not same:
            # What is shown is no longer what is chosen: it cannot be started.
            self._set(None)
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_PAUSE, self._make_plan)

    def action_leave(self) -> None:
        """Back; what was chosen here is not lost unasked."""
        try:
            untouched = self._choices.asked(self._run.run_id) == self._untouched
        except ReproError:
            untouched = False
        if untouched:
            self.dismiss(None)
            return

        def leave(sure: bool | None) -> None:
            if sure:
                self.dismiss(None)

        self.app.push_screen(ConfirmScreen("Leave? What you chose here is lost."), leave)

    # --- The plan --------------------------------------------------------------------------

    def _make_plan(self) -> None:
        self._choices.tell_preset()
        try:
            asked = self._choices.asked(self._run.run_id)
        except ReproError as error:
            self._asked = None
            self._refuse(error.message, error.hint)
            return
        if asked == self._asked:
            self._set(self._shown)
            return
        self._asked, self._shown = asked, None
        self._set(None)
        engine = house(self).engine
        start(self, "plan", lambda _: Planned(asked, engine.schedule(asked.request, asked.series)))

    def on_planned(self, message: Planned) -> None:
        if message.asked != self._asked:
            return
        match message.outcome:
            case Schedule() as schedule:
                self._shown = schedule
                self._set(schedule)
                self._say(_spelled(schedule))
                self._choices.offer_parameters(schedule.plans[0].parameters)
                if schedule.original is not None and self._original is None:
                    self._original = schedule.original.device
                    self._choices.offer_determinism(schedule.original.determinism)
                    self._offer_presets()
            case Refusal(lacks):
                lines = [Content.styled("This run cannot be re-executed so:", "$text-error bold")]
                for lack in lacks:
                    lines += [
                        Content("\n✗ ") + shown(lack.what),
                        Content("  → ") + shown(lack.remedy),
                    ]
                self._say(Content("\n").join(lines))
                self._choices.open_more()

    def on_failed(self, message: Failed) -> None:
        if message.group in ("presets", "devices"):
            return
        message.stop()
        self._asked = None
        self._refuse(message.error.message, message.error.hint)

    def _refuse(self, what: str, remedy: str) -> None:
        self._set(None)
        self._say(shown(what, "$text-error") + Content("\n") + shown(remedy))

    def _set(self, schedule: Schedule | None) -> None:
        self._schedule = schedule
        self.query_one("#start", Button).disabled = schedule is None
        self.refresh_bindings()

    def _say(self, text: Content | Facts) -> None:
        self.query_one("#plan Static", Static).update(text)

    # --- Starting --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a plan that stands can be started."""
        del parameters
        return None if action == "start" and self._schedule is None else True

    def action_start(self) -> None:
        if self._schedule is not None:
            engine, plans = house(self).engine, self._schedule.plans
            self._set(None)

            def submit(_: Progress) -> Submitted:
                return Submitted(engine.submit_all(plans)[0])

            start(self, "submit", submit)

    def on_submitted(self, message: Submitted) -> None:
        house(self).read_jobs()
        self.app.switch_screen(JobsScreen(message.job.job_id))


def _spelled(schedule: Schedule) -> Facts:
    """What exactly will run, line by line: first what is not as the original had it."""
    plan = schedule.plans[0]
    chosen = [
        (
            shown(each.name, MUTED),
            shown(f"{each.original or 'empty'} → ", MUTED)
            + shown(each.chosen or "empty", "$text-accent bold"),
        )
        for each in schedule.choices
    ]
    nothing = Content.styled("Nothing is chosen otherwise than the original had it.", MUTED)
    heading = Content.styled("Not as the original", "bold")
    head = [(Content(""), heading), *chosen] if chosen else [(Content(""), nothing)]
    if told := often(schedule.plans):
        head.insert(0, (Content(""), shown(f"{told}.", "$text-accent bold")))
    if plan.caveats:
        # They can be long, and the end out of sight.
        below = f"{plural(len(plan.caveats), 'caveat')} at the end."
        head.append((Content(""), Content.styled(below, "$text-warning")))
    head.append((Content(""), Content("")))
    if plan != schedule.plans[-1]:
        head.append((Content(""), Content.styled("The first of them", "bold")))
    return Facts(
        [
            *head,
            *(
                (shown(name, MUTED), shown(value, "$text-warning" if name == "caveat" else ""))
                for name, value in rows(plan)
            ),
        ]
    )
