"""One metric of a job drawn over its original's."""

from textual.content import Content

from repro_tui.rerun.advance import Course
from repro_tui.tui.curves import NO_POINTS
from repro_tui.tui.job_course import awaited_steps, telling_metric
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.plot import HistoryPlot


class JobPlot(HistoryPlot):
    """Of the metric that was picked; until one was, of the one that tells the most."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._job_id = ""
        self._course = Course()
        self._running = False
        self._picked: str | None = None

    def show_course(self, job_id: str, course: Course, *, running: bool) -> None:
        """Draw how a job has come; what it has not logged while `running` is no difference."""
        if job_id != self._job_id:
            self._job_id, self._picked = job_id, None
        self._course, self._running = course, running
        metric = self._metric
        self.border_title = shown(metric, limit=60).markup
        self.show(
            course.original.get(metric),
            course.now.get(metric),
            ("original", "this job"),
            course.so_far.steps.get(metric) if course.so_far else None,
            awaited_steps(course, metric) if running else NO_POINTS.steps,
        )

    @property
    def _metric(self) -> str:
        """The one that is drawn; empty: there is none."""
        return self._picked or telling_metric(self._course) or ""

    def pick(self) -> None:
        """Let another metric be picked."""
        steps = self._course.so_far.steps if self._course.so_far else {}
        choices = [
            Choice(
                shown(name, limit=44)
                + Content.styled(f"  ≠ from step {steps[name]:,}" if name in steps else "", MUTED),
                name,
            )
            for name in sorted({*self._course.now, *self._course.original})
        ]

        def draw(metric: str | None) -> None:
            self._picked = metric or self._picked
            self.show_course(self._job_id, self._course, running=self._running)

        self.app.push_screen(PickScreen("Metric", choices, self._metric), draw)
