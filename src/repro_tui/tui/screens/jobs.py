"""Re-executions under way and done: how each stands to its original, and what it is writing."""

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from repro_tui.rerun.advance import Course
from repro_tui.rerun.model import Job
from repro_tui.text import plural, visible
from repro_tui.tui.background import Failed, Progress, start
from repro_tui.tui.house import house
from repro_tui.tui.job_course import course_line, said, silence, standing_line, time_line
from repro_tui.tui.job_rows import columns
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.screens.confirm import ConfirmScreen
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.spelling import MUTED, headline, job_state, shown
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.log_view import LogView
from repro_tui.tui.widgets.rows import Chosen, Moved
from repro_tui.tui.widgets.table import Table

_POLL = 0.5
"""Seconds between two looks at the log."""
_TICK = 1.0
"""Seconds between two looks at how far a job under way has come …"""
_REST = 10
"""… unless a look takes long: then so many times as long as it took."""


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
    taken: float
    """Seconds that reading it took."""


@dataclass
class Removed(Message):
    count: int


class JobsScreen(Screen[None]):
    TITLE = "Jobs"
    HELP = (
        "Re-executions, newest first, and the log of the one under the cursor. They go on when "
        "you leave this screen, and when you leave the program. A queued one starts when its "
        "device is free.\nThe bar holds the steps logged so far against the original's, and below "
        "it stands whether the metrics are still the original's: the first point that is not is "
        "named while the job runs. p draws both over each other, m chooses the metric.\n"
        "tab goes to the log. On its last line you are taken along as it grows; / searches it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare", id="jobs.compare"),
        Binding("K", "cancel", "Cancel job", id="jobs.cancel"),
        Binding("p", "plot", "Plot", id="jobs.plot"),
        Binding("m", "metric", "Metric", id="jobs.metric"),
        Binding("slash", "search", "Search", key_display="/", id="jobs.search"),
        Binding("n", "match(1)", "Next match", show=False, id="jobs.next"),
        Binding("N", "match(-1)", "Previous match", show=False, id="jobs.previous"),
        Binding("f", "follow", "Follow", id="jobs.follow"),
        Binding("y", "copy", "Copy the line of the log", show=False, id="jobs.copy"),
        Binding("X,delete", "remove", "Remove", key_display="X", id="jobs.remove"),
        Binding("ctrl+x", "remove_ended", "Remove all that ended", show=False,
                id="jobs.remove-ended"),
        Binding("escape", "back", "Back", key_display="esc", id="jobs.back"),
        Binding("q,J", "dismiss", "Leave", show=False, id="jobs.leave"),
    ]  # fmt: skip
    AUTO_FOCUS = "#list"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012 (as Textual has it)

    def __init__(self, job_id: str | None = None) -> None:
        super().__init__()
        self._wanted = job_id
        self._read_of: str | None = None
        self._offset = 0
        self._reading = False
        self._course = Course()
        """Of the job under the cursor."""
        self._measuring = False
        self._measured = ""
        """The state that the job was in when its course was read last."""
        self._rest_until = 0.0
        self._metric: str | None = None
        """The one to be drawn; None: the one that departed first, or has come furthest."""
        self._able: object = None
        """What decides which keys do something, as the footer was drawn last."""
        self._told: set[str] = set()
        """The jobs whose departure was told."""

    def compose(self) -> ComposeResult:
        # Not before the first paint of the program.
        from repro_tui.tui.widgets.plot import HistoryPlot

        yield TopBar()
        yield Input(id="box", placeholder="search in the log", compact=True)
        yield JobTable(id="list")
        yield Static(Content("No re-execution yet: press r on a run."), id="empty", classes="note")
        yield Static(id="state")
        yield LogView(id="log")
        yield Static(id="silence", classes="note")
        yield HistoryPlot(id="plot")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.watch(self.app, "jobs", self._show)
        self.set_interval(_POLL, self._look)
        self.set_interval(_TICK, self._tick)

    # --- Showing -----------------------------------------------------------------------

    @property
    def _job(self) -> Job | None:
        return self.query_one(JobTable).current

    @property
    def _log(self) -> LogView:
        return self.query_one(LogView)

    def _show(self, jobs: tuple[Job, ...]) -> None:
        table = self.query_one(JobTable)
        table.lay(columns(house(self).now(), self.size.width), jobs)
        if self._wanted is not None:
            places = [i for i, job in enumerate(jobs) if job.job_id == self._wanted]
            if places:
                table.cursor = places[0]
                self._wanted = None
        self.set_class(not jobs, "-empty")
        self._show_state()

    @on(Moved, "#list")
    def _show_state(self) -> None:
        job = self._job
        self._refresh_footer(job)
        self._tell()
        if job is None:
            return
        if job.job_id != self._read_of:
            self._read_of, self._offset = job.job_id, 0
            self._course, self._metric, self._measured = Course(), None, ""
            self._rest_until = 0.0
            self._log.clear()
            self._look()
        if job.state != self._measured:
            self._measure()
        course = self._course
        told = shown(said(job)) or headline(job.verdict)
        head = [job_state(job.state), time_line(job, course, house(self).now()), told]
        lines = [Content("  ").join(filter(None, head))]
        if not job.state.ended:
            # What goes wrong is told whole; a command stands in the plan, and in the log.
            lines = [lines[0].truncate(self.size.width - 2, ellipsis=True), course_line(course)]
        lines.append(standing_line(course.so_far))
        self.query_one("#state", Static).update(Content("\n").join(filter(None, lines)))
        self._show_silence()
        self._draw()

    def _refresh_footer(self, job: Job | None) -> None:
        """Only where something else can be done than before: the footer is drawn from nothing."""
        ended = sum(each.state.ended for each in house(self).jobs)
        able = job and (job.state.ended, _pair(job)), ended > 0
        if able != self._able:
            self._able = able
            self.refresh_bindings()

    def _tell(self) -> None:
        """The line on top: how many jobs, what is searched, whether the log is followed."""
        jobs, log = house(self).jobs, self._log
        searched = visible(log.log_lines.searched, 24)
        parts = [Content.styled("jobs", "bold"), Content(plural(len(jobs), "job"))]
        if searched:
            parts.append(Content.styled(f"search: {searched}", "$accent"))
            parts.append(Content.styled(_matches(log), "$accent bold"))
        elif not log.follows:
            parts.append(Content("the log is held still"))
        self.query_one(TopBar).update(Content("  ·  ").join(parts))

    def _show_silence(self) -> None:
        """Where there is no log, say why."""
        job = self._job
        self.set_class(not self._log.rows, "-silent")
        if job is not None and not self._log.rows:
            self.query_one("#silence", Static).update(silence(job, house(self).jobs))

    # --- How far it has come -------------------------------------------------------------

    def _tick(self) -> None:
        """Time has passed: for the elapsed time, and perhaps for the job."""
        jobs = house(self).jobs
        if any(not job.state.ended for job in jobs):
            self._show(jobs)
            job = self._job
            if job is not None and not job.state.ended and time.monotonic() > self._rest_until:
                self._measure()

    def _measure(self) -> None:
        job = self._job
        if job is None or self._measuring:
            return
        self._measuring = True
        self._measured = job.state
        engine = house(self).engine

        def read(_: Progress) -> CourseRead:
            began = time.monotonic()
            course = engine.course(job)
            return CourseRead(job.job_id, course, time.monotonic() - began)

        start(self, "course", read)

    def on_course_read(self, message: CourseRead) -> None:
        self._measuring = False
        if message.job_id != self._read_of:
            self._measure()
            return
        self._rest_until = time.monotonic() + _REST * message.taken
        self._course = message.course
        self._show_state()
        self._point_out()

    def _point_out(self) -> None:
        """Say once that a job departs from its original, while it still runs."""
        job, held = self._job, self._course.so_far
        if job is None or job.state.ended or job.job_id in self._told or held is None:
            return
        if held.departed is not None:
            self._told.add(job.job_id)
            self.notify(
                standing_line(held).plain,
                title=visible(job.plan.run_name, 40),
                severity="warning",
                markup=False,
            )

    # --- The plot ------------------------------------------------------------------------

    def action_plot(self) -> None:
        self.toggle_class("-plot")
        self.query_one("#plot" if self.has_class("-plot") else "#list").focus()
        self.refresh_bindings()
        self._draw()

    def _draw(self) -> None:
        from repro_tui.tui.widgets.plot import HistoryPlot

        job, course = self._job, self._course
        if job is None or not self.has_class("-plot"):
            return
        metric = self._drawn()
        plot = self.query_one(HistoryPlot)
        plot.border_title = shown(metric or "", limit=60).markup
        plot.show(
            course.original.get(metric or ""),
            course.now.get(metric or ""),
            ("original", "this job"),
            course.so_far.steps.get(metric or "") if course.so_far else None,
        )

    def _drawn(self) -> str | None:
        """The metric that is drawn."""
        course = self._course
        if self._metric is not None:
            return self._metric
        if course.so_far is not None and course.so_far.departed is not None:
            return course.so_far.departed.metric
        if course.advance is not None:
            return course.advance.metric
        return next(iter((*course.now, *course.original)), None)

    def action_metric(self) -> None:
        course, drawn = self._course, self._drawn()
        names = sorted({*course.now, *course.original})
        steps = course.so_far.steps if course.so_far else {}
        choices = [
            Choice(
                shown(name, limit=44)
                + Content.styled(f"  ≠ from step {steps[name]:,}" if name in steps else "", MUTED),
                name,
            )
            for name in names
        ]

        def draw(metric: str | None) -> None:
            self._metric = metric or self._metric
            if not self.has_class("-plot"):
                self.action_plot()
            self._draw()

        self.app.push_screen(PickScreen("Metric", choices, drawn or ""), draw)

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
            self._log.feed(message.text)
            self._tell()
            self._show_silence()
            self._look()

    def on_failed(self, message: Failed) -> None:
        if message.group == "course":
            # The store cannot be asked at the moment: how far it has come is not known.
            self._measuring = False
            self._course = Course()
            return
        if message.group == "log":
            self._reading = False
        house(self).complain(message.error)

    def action_follow(self) -> None:
        log = self._log
        log.follows = not log.follows
        if log.follows:
            log.action_end(1)
        self._tell()
        self.notify(f"The log is {'followed' if log.follows else 'held still'}.")

    def action_copy(self) -> None:
        line = self._log.current
        if line:
            self.app.copy_to_clipboard(line)
            self.notify(visible(line, 120), title="Copied the line", markup=False)
        else:
            self.notify("There is nothing to copy here.", severity="warning")

    # --- Searching -----------------------------------------------------------------------

    def action_search(self) -> None:
        box = self.query_one("#box", Input)
        box.add_class("-open")
        box.focus()

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        self._log.search(event.value.strip())
        self._tell()

    @on(Input.Submitted, "#box")
    def _entered(self) -> None:
        self.query_one("#box", Input).remove_class("-open")
        self._log.focus()

    def action_match(self, direction: int) -> None:
        self._log.go_to_match(direction)

    @on(Moved, "#log")
    def _tell_match(self) -> None:
        self._tell()

    def action_back(self) -> None:
        """Out of the search first, then out of the plot, then off the screen."""
        box = self.query_one("#box", Input)
        if box.has_class("-open") or self._log.log_lines.searched:
            box.remove_class("-open")
            box.value = ""
            self._log.search("")
            self._tell()
            self.query_one("#list").focus()
        elif self.has_class("-plot"):
            self.action_plot()
        else:
            self.dismiss()

    # --- Actions -----------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with the job under the cursor as it stands."""
        del parameters
        job = self._job if self.is_mounted else None
        match action:
            case "compare":
                return True if job and job.state.ended and _pair(job) else None
            case "cancel":
                # Either can be done, never both: the footer has room for one.
                return bool(job and not job.state.ended)
            case "remove":
                return bool(job and job.state.ended)
            case "remove_ended":
                return True if any(job.state.ended for job in house(self).jobs) else None
            case "metric":
                return self.has_class("-plot")
            case "search" | "match" | "copy" | "follow" if self.has_class("-plot"):
                return False
            case "plot" | "search" | "match" | "copy" | "follow":
                return True if job else None
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

    def action_remove(self) -> None:
        job = self._job
        if job is not None and job.state.ended:
            self._remove([job], f"Remove {visible(job.plan.run_name, 60)} from the jobs?")

    def action_remove_ended(self) -> None:
        ended = [job for job in house(self).jobs if job.state.ended]
        if ended:
            self._remove(ended, f"Remove {plural(len(ended), 'job')} that ended?")

    def _remove(self, jobs: list[Job], question: str) -> None:
        def remove(sure: bool | None) -> None:
            engine = house(self).engine

            def work(_: Progress) -> Removed:
                for job in jobs:
                    engine.remove(job)
                return Removed(len(jobs))

            if sure:
                start(self, "remove", work)

        told = f"{question} Log and record of the job go; the run stays in the store."
        self.app.push_screen(ConfirmScreen(told), remove)

    def on_removed(self, message: Removed) -> None:
        self.notify(f"{plural(message.count, 'job')} removed.")
        house(self).read_jobs()


def _matches(log: LogView) -> str:
    """`match 3 of 12`."""
    found, number = log.log_lines.matches, log.log_lines.number(log.cursor)
    if number is None:
        return f"{len(found):,} match" + ("" if len(found) == 1 else "es")
    return f"match {number:,} of {len(found):,}"


def _pair(job: Job) -> tuple[str, str] | None:
    """The runs that are compared: the original and the new one."""
    if job.plan.reexecutes is None or job.run_id is None:
        return None
    return job.plan.reexecutes, job.run_id
