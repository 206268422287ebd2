"""Re-executions under way and done: how each stands to its original, and what it is writing."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from repro_tui.evidence.tracking.reader import Progress
from repro_tui.rerun.model import Job
from repro_tui.text import plural, visible
from repro_tui.tui.background import start
from repro_tui.tui.house import house
from repro_tui.tui.job_course import state_lines
from repro_tui.tui.job_rows import columns
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.screens.confirm import ConfirmScreen
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.course_feed import CourseFeed
from repro_tui.tui.widgets.job_log import JobLog
from repro_tui.tui.widgets.job_table import JobTable
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.log_view import LogView
from repro_tui.tui.widgets.rows import Chosen, Moved

_TICK = 1.0
"""Seconds between two looks at the clock, while a job is under way."""


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
        self._able: object = None
        """What decides which keys do something, as the footer was drawn last."""

    def compose(self) -> ComposeResult:
        # Not before it is needed: it brings what plots are drawn with.
        from repro_tui.tui.widgets.job_plot import JobPlot

        yield CourseFeed()
        yield TopBar()
        yield JobTable(id="list")
        yield Static(Content("No re-execution yet: press r on a run."), id="empty", classes="note")
        yield Static(id="state")
        yield JobLog()
        yield JobPlot(id="plot")
        yield Keys(palette=False)

    def on_mount(self) -> None:
        self.watch(self.app, "jobs", self._show)
        self.set_interval(_TICK, self._tick)

    # --- Showing -----------------------------------------------------------------------

    @property
    def _job(self) -> Job | None:
        return self.query_one(JobTable).current

    @property
    def _log(self) -> JobLog:
        return self.query_one(JobLog)

    @property
    def _feed(self) -> CourseFeed:
        return self.query_one(CourseFeed)

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

    def _tick(self) -> None:
        jobs = house(self).jobs
        if any(not job.state.ended for job in jobs):
            self._show(jobs)

    @on(Moved, "#list")
    def _show_state(self) -> None:
        job = self._job
        self._refresh_footer(job)
        self._tell()
        self._log.show(job)
        self._feed.turn_to(job)
        if job is not None:
            now, room = house(self).now(), self.size.width - 2
            lines = state_lines(job, self._feed.course, now, room)
            self.query_one("#state", Static).update(lines)
            self._draw()

    def _refresh_footer(self, job: Job | None) -> None:
        """Only where something else can be done than before: the footer is drawn from nothing."""
        ended = sum(each.state.ended for each in house(self).jobs)
        able = job and (job.state.ended, _pair(job)), ended > 0
        if able != self._able:
            self._able = able
            self.refresh_bindings()

    @on(JobLog.Changed)
    def _tell(self) -> None:
        """The line on top: how many jobs, what is searched, whether the log is followed."""
        jobs = house(self).jobs
        parts = [Content.styled("jobs", "bold"), Content(plural(len(jobs), "job"))]
        parts += filter(None, [self._log.told()])
        self.query_one(TopBar).update(Content("  ·  ").join(parts))

    def on_course_feed_changed(self) -> None:
        self._show_state()

    # --- The plot ------------------------------------------------------------------------

    def _draw(self) -> None:
        from repro_tui.tui.widgets.job_plot import JobPlot

        job, feed = self._job, self._feed
        if job is not None and self.has_class("-plot"):
            self.query_one(JobPlot).show_course(job.job_id, feed.course, running=feed.running)

    def action_plot(self) -> None:
        self.toggle_class("-plot")
        self.query_one("#plot" if self.has_class("-plot") else "#list").focus()
        self.refresh_bindings()
        self._draw()

    def action_metric(self) -> None:
        from repro_tui.tui.widgets.job_plot import JobPlot

        self.query_one(JobPlot).pick()

    # --- The log, whose keys work from the list, too -----------------------------------------

    def action_search(self) -> None:
        self._log.begin_search()

    def action_match(self, direction: int) -> None:
        self.query_one(LogView).go_to_match(direction)

    def action_follow(self) -> None:
        self._log.switch_following()

    def action_copy(self) -> None:
        self._log.copy()

    def action_back(self) -> None:
        """Out of the search first, then out of the plot, then off the screen."""
        if self._log.end_search():
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


def _pair(job: Job) -> tuple[str, str] | None:
    """The runs that are compared: the original and the new one."""
    if job.plan.reexecutes is None or job.run_id is None:
        return None
    return job.plan.reexecutes, job.run_id
