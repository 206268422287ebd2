"""Re-executions under way and done: how each stands, and what it is writing."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Log, Static

from repro_tui.rerun.advance import Course
from repro_tui.rerun.model import Job, JobState
from repro_tui.text import duration, plural, visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house
from repro_tui.tui.job_course import course_line
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.screens.confirm import ConfirmScreen
from repro_tui.tui.spelling import MUTED, headline, job_state, moment, shown
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.table import Column, Table

_POLL = 0.5
"""Seconds between two looks at the log."""
_TICK = 1.0
"""Seconds between two looks at how far a job under way has come."""
_MOST_LINES = 20_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Sequences that only colour; training logs are full of them."""


class JobTable(Table[Job]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Compare", show=False, id="jobs.open")
    ]

    def identity(self, row: Job) -> Hashable:
        return row.job_id


@dataclass
class LogRead(Message):
    job_id: str
    text: str
    offset: int


@dataclass
class CourseRead(Message):
    job_id: str
    course: Course


class JobsScreen(Screen[None]):
    TITLE = "Jobs"
    HELP = (
        "Re-executions, newest first, and the log of the one under the cursor. They go on when "
        "you leave this screen, and when you leave the program. A queued one starts when its "
        "device is free. The bar holds the steps logged so far against the original's."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare", id="jobs.compare"),
        Binding("f", "follow", "Follow log", id="jobs.follow"),
        Binding("K", "cancel", "Cancel job", id="jobs.cancel"),
        Binding("escape,q", "dismiss", "Back", key_display="esc", id="jobs.back"),
    ]
    AUTO_FOCUS = "#list"

    def __init__(self, job_id: str | None = None) -> None:
        super().__init__()
        self._wanted = job_id
        self._read_of: str | None = None
        self._offset = 0
        self._half = ""
        self._reading = False
        self._course = Course()
        """Of the job under the cursor."""
        self._measuring = False

    def compose(self) -> ComposeResult:
        yield Static(classes="bar")
        yield JobTable(id="list")
        yield Static(Content("No re-execution yet: press r on a run."), id="empty", classes="note")
        yield Static(id="state")
        yield Log(max_lines=_MOST_LINES, id="log")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.watch(self.app, "jobs", self._show)
        self.set_interval(_POLL, self._look)
        self.set_interval(_TICK, self._tick)

    # --- Showing -----------------------------------------------------------------------

    @property
    def _job(self) -> Job | None:
        return self.query_one(JobTable).current

    def _show(self, jobs: tuple[Job, ...]) -> None:
        table = self.query_one(JobTable)
        table.lay(_columns(house(self).now()), jobs)
        if self._wanted is not None:
            places = [i for i, job in enumerate(jobs) if job.job_id == self._wanted]
            if places:
                table.cursor = places[0]
                self._wanted = None
        waiting = sum(job.state is JobState.QUEUED for job in jobs)
        running = sum(not job.state.ended for job in jobs) - waiting
        queued = f", {waiting} queued" if waiting else ""
        self.set_class(not jobs, "-empty")
        bar = Content.styled("jobs", "bold") + Content(
            f"  ·  {plural(len(jobs), 'job')}, {running} running{queued}"
        )
        self.query_one(".bar", Static).update(bar)
        self._show_state()

    @on(Moved, "#list")
    def _show_state(self) -> None:
        job = self._job
        self.refresh_bindings()
        if job is None:
            return
        if job.job_id != self._read_of:
            self._read_of, self._offset, self._half = job.job_id, 0, ""
            self._course = Course()
            self.query_one(Log).clear()
            self._look()
            self._measure()
        line = job_state(job.state) + Content("  ") + shown(_said(job), limit=300)
        if not job.state.ended and job.started is not None:
            line += Content("\n") + course_line(job, self._course, house(self).now())
        self.query_one("#state", Static).update(line)

    # --- How far it has come -------------------------------------------------------------

    def _tick(self) -> None:
        """Time has passed: for the elapsed time, and perhaps for the job."""
        jobs = house(self).jobs
        if any(not job.state.ended for job in jobs):
            self._show(jobs)
            self._measure()

    def _measure(self) -> None:
        job = self._job
        if job is not None and not job.state.ended and not self._measuring:
            self._measuring = True
            engine = house(self).engine
            start(self, "course", lambda _: CourseRead(job.job_id, engine.course(job)))

    def on_course_read(self, message: CourseRead) -> None:
        self._measuring = False
        if message.job_id == self._read_of:
            self._course = message.course
            self._show_state()
        else:
            self._measure()

    # --- The log -----------------------------------------------------------------------

    def _look(self) -> None:
        if self._job is not None and not self._reading:
            self._reading = True
            engine, job, offset = house(self).engine, self._job, self._offset
            start(self, "log", lambda _: LogRead(job.job_id, *engine.read_log(job, offset)))

    def on_log_read(self, message: LogRead) -> None:
        self._reading = False
        if message.job_id != self._read_of:
            self._look()
        elif message.offset != self._offset:
            self._offset = message.offset
            *lines, self._half = (self._half + message.text).split("\n")
            log = self.query_one(Log)
            # Whoever scrolled up to read is left there. Log itself scrolls before it is laid out.
            follows = log.auto_scroll and log.is_vertical_scroll_end
            log.write_lines(map(log_line, lines), scroll_end=False)
            if follows:
                log.scroll_end(animate=False)
            self._look()

    def on_failed(self, message: Failed) -> None:
        if message.group == "course":
            # The store cannot be asked at the moment: how far it has come is not known.
            self._measuring = False
            self._course = Course()
            return
        self._reading = False
        house(self).complain(message.error)

    def action_follow(self) -> None:
        log = self.query_one(Log)
        log.auto_scroll = not log.auto_scroll
        if log.auto_scroll:
            log.scroll_end(animate=False)
        self.notify(f"The log is {'followed' if log.auto_scroll else 'held still'}.")

    # --- Actions -----------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with the job under the cursor as it stands."""
        del parameters
        job = self._job if self.is_mounted else None
        if action == "compare":
            return True if job and job.state.ended and _pair(job) else None
        if action == "cancel":
            return True if job and not job.state.ended else None
        return True

    @on(Chosen, "#list")
    def action_compare(self) -> None:
        job = self._job
        pair = _pair(job) if job and job.state.ended else None
        if pair:
            self.app.push_screen(CompareScreen(*pair))

    def action_cancel(self) -> None:
        job = self._job
        if job is None or job.state.ended:
            return

        def cancel(sure: bool | None) -> None:
            if sure:
                engine = house(self).engine
                start(house(self), "cancel", lambda _: engine.cancel(job))

        name = visible(job.plan.run_name, 60)
        self.app.push_screen(
            ConfirmScreen(f"Cancel {name}? Its process is ended and its run marked KILLED."), cancel
        )


def _said(job: Job) -> str:
    if job.state is JobState.QUEUED:
        return f"It waits until {job.plan.device} is free."
    return job.message or ("" if job.state.ended else job.plan.command)


def log_line(line: str) -> str:
    """One line of a log: what a progress bar left standing, without its colours."""
    return visible(_COLOUR.sub("", line.rstrip("\r")).rpartition("\r")[2])


def _pair(job: Job) -> tuple[str, str] | None:
    if job.plan.reexecutes is None or job.run_id is None:
        return None
    return job.plan.reexecutes, job.run_id


def _columns(now: int) -> tuple[Column[Job], ...]:
    def elapsed(job: Job) -> Content:
        if job.started is None:
            return Content("")
        return Content(duration(max((job.ended or now) - job.started, 0)))

    def seed(job: Job) -> Content:
        return Content("" if job.plan.seed is None else str(job.plan.seed))

    return (
        Column("state", lambda job: job_state(job.state), 12),
        Column("run", lambda job: shown(job.plan.run_name), 34),
        Column("verdict", lambda job: headline(job.verdict), 34),
        Column("elapsed", elapsed, 12, right=True),
        Column("device", lambda job: shown(job.plan.device), 8),
        Column("seed", seed, 10, right=True),
        Column("started", lambda job: Content(moment(job.created, now)), 12, right=True),
        Column("new run", lambda job: shown((job.run_id or "")[:8], MUTED), 8),
    )  # fmt: skip
