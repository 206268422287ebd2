"""The application: opens the engine, watches the jobs, holds the keys that work everywhere.

What its first frame does not show is imported where it is used: dialogs, jobs, the engine.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen

from repro_tui.errors import ReproError
from repro_tui.remembered import Remembered, remember
from repro_tui.settings import Settings
from repro_tui.text import plural, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.departures import Departed, DepartureWatch
from repro_tui.tui.look import StyledApp
from repro_tui.tui.screens.runs import RunsScreen
from repro_tui.tui.spelling import shown

if TYPE_CHECKING:
    # The engine brings Git, MLflow's client and the comparers: the thread that opens it
    # imports them, after the first paint.
    from repro_tui.engine import Engine
    from repro_tui.rerun.model import Job
    from repro_tui.tui.screens.error import ErrorScreen

_POLL = 1.0
"""Seconds between two looks at the jobs."""


@dataclass
class Opened(Message):
    """The store is open."""

    engine: "Engine"


@dataclass
class JobsRead(Message):
    """How the jobs stand, newest first."""

    jobs: "tuple[Job, ...]"


class ReproApp(StyledApp):
    """repro-tui on a screen. `open_engine` blocks; a thread calls it.

    It is given the tracking URI of a store, or None: the one that is named or found.
    `theme` stands above the settings' one for this session; `welcome` says what to begin
    with. `now` gives the time in milliseconds since the epoch. Raises ReproError where the
    settings name an action or a key that there is none of.
    """

    TITLE = "repro-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("J", "jobs", "Jobs", id="app.jobs"),
        Binding("O", "stores", "Store", show=False, id="app.stores"),
        Binding("t", "pick_theme", "Theme", show=False, id="app.theme"),
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help"),
        Binding(
            "ctrl+p", "command_palette", "Palette", show=False, priority=True, id="app.palette"
        ),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    # Each store has a stack of screens of its own: to show another one is to start over.
    DEFAULT_MODE = "store 1"

    jobs: "reactive[tuple[Job, ...]]" = reactive(())

    def __init__(
        self,
        open_engine: "Callable[[str | None], Engine]",
        settings: Settings,
        *,
        theme: str | None = None,
        welcome: bool = False,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        super().__init__(settings, theme)
        self._open_engine = open_engine
        self.settings = settings
        self._own_keys: Mapping[str, str] = {}
        self._clashes: tuple[ReproError, ...] = ()
        if settings.keys:
            # Needs every screen, to know its keys.
            from repro_tui.tui.keys import bound, keymap

            own = keymap(settings.keys, bound())
            self._own_keys, self._clashes = own.keys, own.clashes
        self._engine: Engine | None = None
        self._refusal: ErrorScreen | None = None
        """What said last that the store cannot be opened."""
        self._wanted_store: str | None = None
        """The store that is being opened; None: the one that is named or found."""
        self._stores_shown = 1
        self._welcome = welcome
        self._jobs_known = False
        self._departures = DepartureWatch()
        self.now = now

    @property
    def engine(self) -> "Engine":
        """The open engine. Screens that need it are only there once it is."""
        assert self._engine is not None
        return self._engine

    @property
    def ready(self) -> bool:
        """Whether the engine is open."""
        return self._engine is not None

    def on_mount(self) -> None:
        self.set_keymap(dict(self._own_keys))
        for clash in self._clashes:
            self.complain(clash, "Two actions have one key")
        for problem in self.theme_problems:
            self.complain(problem)
        # The screen of the first store is there already; by this name it can be left later.
        self.add_mode(self.DEFAULT_MODE, RunsScreen)

    def on_ready(self) -> None:
        # Not before the first frame is drawn: the thread that opens the store imports much.
        self.open_store()
        if not (self.is_headless or self.is_web or sys.platform == "win32"):
            # Killed by name, it would leave the terminal without a cursor, full of escapes.
            number = signal.SIGTERM
            asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)

    def on_unmount(self) -> None:
        if self._engine is not None:
            self._engine.close()

    def get_default_screen(self) -> Screen[object]:
        return cast("Screen[object]", RunsScreen())

    def complain(self, error: ReproError, title: str = "Not done") -> None:
        """Say what could not be done, over whatever is on screen."""
        self.notify(
            visible(f"{error.message} {error.hint}".strip(), 500),
            title=title,
            severity="error",
            timeout=10,
            markup=False,
        )

    # --- The engine --------------------------------------------------------------------

    def open_store(self, uri: str | None = None) -> None:
        """Open the store at `uri`, or the one that is named or found; till then one stays open."""
        self._wanted_store = uri
        start(self, "open", lambda _: Opened(self._open_engine(uri)))

    def open_again(self) -> None:
        """Try the store that could not be opened, unless it is being tried."""
        busy = any(worker.group == "open" and worker.is_running for worker in self.workers)
        if not self.ready and not busy:
            self.open_store(self._wanted_store)

    async def on_opened(self, message: Opened) -> None:
        before, self._engine = self._engine, message.engine
        uri = message.engine.location.uri
        self._remember("store", lambda remembered: remembered.opened(uri))
        if self._welcome:
            self._tell_first_steps()
        if remark := message.engine.reader.remark:
            self.notify(visible(remark, 400), title="A slow store", timeout=15, markup=False)
        if before is None:
            self.set_interval(_POLL, self.read_jobs)
        else:
            start(self, "close", lambda _: before.close())
        if before is not None or self._refusal in self.screen_stack:
            await self._start_over()
        self.read_jobs()
        for screen in self.screen_stack:
            if isinstance(screen, RunsScreen):
                screen.open()

    def _tell_first_steps(self) -> None:
        self._welcome = False
        usual = {"runs.mark": "space", "runs.compare": "c", "runs.rerun": "r", "app.help": "?"}
        mark, compare, rerun, explain = (
            self._own_keys.get(action, key) for action, key in usual.items()
        )
        self.notify(
            f"{mark} marks a run, {compare} compares the marked ones, {rerun} re-executes one. "
            f"{explain} explains the screen that you are on, and every key.",
            title="Welcome",
            timeout=20,
            markup=False,
        )

    async def _start_over(self) -> None:
        """Leave every screen for the runs of another store: nothing on screen is about it."""
        before, self._stores_shown = self.current_mode, self._stores_shown + 1
        self.add_mode(fresh := f"store {self._stores_shown}", RunsScreen)
        await self.switch_mode(fresh)
        await self.remove_mode(before)

    def on_failed(self, message: Failed) -> None:
        from repro_tui.tui.screens.error import ErrorScreen
        from repro_tui.tui.screens.stores import StoresScreen

        if message.group != "open":
            self.complain(message.error)
        elif isinstance(self.screen, StoresScreen | ErrorScreen):
            self.screen.tell(message.error)
        else:
            wanted = self._wanted_store
            self._refusal = ErrorScreen(message.error)
            self.push_screen(self._refusal, lambda uri: self.open_store(uri or wanted))

    def action_stores(self) -> None:
        from repro_tui.tui.screens.stores import StoresScreen

        if not isinstance(self.screen, StoresScreen):
            uri = self.engine.location.shown if self.ready else ""
            self.push_screen(StoresScreen(uri))

    # --- Jobs ----------------------------------------------------------------------------

    def read_jobs(self) -> None:
        start(self, "jobs", lambda _: JobsRead(self.engine.jobs()))

    def on_jobs_read(self, message: JobsRead) -> None:
        ended = {job.job_id for job in self.jobs if job.state.ended}
        self.jobs = message.jobs
        for job in message.jobs:
            if self._jobs_known and job.state.ended and job.job_id not in ended:
                self._tell_end(job)
        self._jobs_known = True
        if due := self._departures.due(message.jobs):
            engine = self.engine
            start(self, "departures", lambda _: self._departures.look(engine, due))

    def on_departed(self, message: Departed) -> None:
        """Point out that a job departs from its original, while it still runs."""
        from repro_tui.tui.job_course import standing_line

        for job, so_far in message.jobs:
            self.notify(
                standing_line(so_far).plain,
                title=visible(job.plan.run_name, 40),
                severity="warning",
                timeout=10,
                markup=False,
            )

    def _tell_end(self, job: "Job") -> None:
        from repro_tui.rerun.model import JobState

        good = job.state is JobState.FINISHED
        told = job.outcome or str(job.state)
        self.notify(
            f"{visible(job.plan.run_name, 40)}: {visible(told, 200)}",
            title=f"Re-execution {job.state}",
            severity="information" if good else "warning",
            timeout=10,
            markup=False,
        )
        for screen in self.screen_stack:
            if isinstance(screen, RunsScreen):
                screen.reload()

    # --- Keys that work everywhere ---------------------------------------------------------

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the keys that work now: the palette and the keys are one."""
        from repro_tui.tui.actions import actions

        for action in actions(screen):
            if action.enabled and action.group != "Moving":
                call = partial(self.run_action, action.action, action.node)
                yield SystemCommand(action.description, f"key: {', '.join(action.keys)}", call)

    def action_help(self) -> None:
        from repro_tui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_pick_theme(self) -> None:
        from repro_tui.tui.screens.pick import Choice, PickScreen

        before = self.theme
        choices = [Choice(shown(name), name) for name in sorted(self.available_themes)]

        def wear(theme: str | None) -> None:
            self.theme = theme or before

        def keep(theme: str | None) -> None:
            wear(theme)
            if theme is not None:
                asked = self.settings.theme_asked
                self._remember("theme", partial(replace, theme=theme, theme_asked=asked))

        self.push_screen(PickScreen("Theme", choices, before, preview=wear), keep)

    def _remember(self, what: str, change: Callable[[Remembered], Remembered]) -> None:
        start(self, f"remember {what}", lambda _: remember(self.settings.state, change))

    def action_jobs(self) -> None:
        from repro_tui.tui.screens.jobs import JobsScreen

        if self.ready and not isinstance(self.screen, JobsScreen):
            self.push_screen(JobsScreen())

    async def action_quit(self) -> None:
        running = sum(not job.state.ended for job in self.jobs)
        told = f"{plural(running, 're-execution')} still running; `repro-tui` shows them again."
        if running and self.engine.settings.jobs_end_with_program:
            told = "Re-executions that were started here are being cancelled."
        self.exit(message=told if running else None)
