"""Where the course of a job comes from: asks the store, and asks again while the job goes on."""

import time
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget

from repro_tui.evidence.tracking.reader import Progress
from repro_tui.rerun.advance import Course
from repro_tui.rerun.model import Job, JobState
from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house

_TICK = 1.0
"""Seconds between two looks at how far a job under way has come …"""
_REST = 10
"""… unless a look takes long: then so many times as long as it took."""


@dataclass
class CourseRead(Message):
    job: Job
    """As it stood before its course was read."""
    course: Course
    taken: float
    """Seconds that reading it took."""


class CourseFeed(Widget):
    """Not seen. Holds what is known of the course of one job."""

    DEFAULT_CSS = "CourseFeed { display: none; }"

    @dataclass
    class Changed(Message):
        """More is known of the course."""

    def __init__(self) -> None:
        super().__init__()
        self.course = Course()
        self.running = False
        """Whether the job was under way when its course was read."""
        self._job: Job | None = None
        self._asked: JobState | None = None
        """The state that the job was in when its course was asked for last."""
        self._asking = False
        self._rest_until = 0.0

    def on_mount(self) -> None:
        self.set_interval(_TICK, self._tick)

    def turn_to(self, job: Job | None) -> None:
        """Tell of this job from now on; in another state it is asked for anew."""
        if job is not None and (self._job is None or job.job_id != self._job.job_id):
            self.course, self.running = Course(), False
            self._asked, self._rest_until = None, 0.0
        self._job = job
        if job is not None and job.state != self._asked:
            self._ask()

    def _tick(self) -> None:
        job = self._job
        if job is not None and not job.state.ended and time.monotonic() > self._rest_until:
            self._ask()

    def _ask(self) -> None:
        job = self._job
        if job is None or self._asking:
            return
        self._asking, self._asked = True, job.state
        engine = house(self).engine

        def read(_: Progress) -> CourseRead:
            began = time.monotonic()
            course = engine.course(job)
            return CourseRead(job, course, time.monotonic() - began)

        start(self, "course", read)

    def on_course_read(self, message: CourseRead) -> None:
        message.stop()
        self._asking = False
        if self._job is None or message.job.job_id != self._job.job_id:
            self._ask()
            return
        self._rest_until = time.monotonic() + _REST * message.taken
        self.course, self.running = message.course, not message.job.state.ended
        self.post_message(self.Changed())

    def on_failed(self, message: Failed) -> None:
        """The store cannot be asked at the moment: how far the job has come is not known."""
        message.stop()
        self._asking = False
        self.course = Course()
