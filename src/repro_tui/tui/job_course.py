"""How a job under way reads: a bar, the step it is at, the time that it takes."""

from textual.content import Content

from repro_tui.rerun.advance import Course
from repro_tui.rerun.model import Job
from repro_tui.text import duration
from repro_tui.tui.spelling import MUTED, shown

_WIDTH = 16
"""Cells of the bar."""


def course_line(job: Job, course: Course, now: int) -> Content:
    """One line; empty before the job's process has started."""
    if job.started is None:
        return Content("")
    parts = []
    if (come := course.advance) is not None:
        done = round(come.fraction * _WIDTH)
        parts.append(
            Content.styled("━" * done, "$text-accent")
            + Content.styled("┄" * (_WIDTH - done), MUTED)
            + Content(f" {come.fraction:.0%}")
        )
        parts.append(
            Content(f"step {come.step:,} of {come.last_step:,} of ") + shown(come.metric, limit=30)
        )
    taken = duration(max((job.ended or now) - job.started, 0))
    if course.expected is None:
        parts.append(Content(taken))
    else:
        parts.append(Content(f"{taken} of about {duration(course.expected)}"))
    return Content("  ").join(parts)
