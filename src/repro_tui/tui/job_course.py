"""How a job reads: how far it has come, how it stands to its original, what its silence means.

Pure.
"""

import math
from collections.abc import Iterable

import numpy as np
from textual.content import Content

from repro_tui.compare.departure import SoFar, awaited
from repro_tui.reports import words
from repro_tui.reports.axes import Indices
from repro_tui.rerun.advance import Course
from repro_tui.rerun.model import Job, JobState
from repro_tui.text import duration, plural
from repro_tui.tui.curves import NO_POINTS
from repro_tui.tui.outcome import headline, job_state
from repro_tui.tui.spelling import MUTED, shown

_WIDTH = 16
"""Cells of the bar."""


def state_lines(job: Job, course: Course, now: int, width: int) -> Content:
    """All that is told of a job, in lines of so many cells."""
    said = shown(_said(job)) or headline(job.verdict)
    head = [job_state(job.state), _time_line(job, course, now), said]
    lines = [Content("  ").join(filter(None, head))]
    if not job.state.ended:
        # What goes wrong is told whole; a command stands in the plan, and in the log.
        lines = [lines[0].truncate(width, ellipsis=True), _course_line(course)]
    lines.append(standing_line(course.so_far))
    return Content("\n").join(filter(None, lines))


def _time_line(job: Job, course: Course, now: int) -> Content:
    """How long it has taken, and how long it may take, by the time that the original took."""
    if job.started is None:
        return Content("")
    taken = max((job.ended or now) - job.started, 0)
    if course.expected is None or job.state.ended:
        return Content(duration(taken))
    left = course.expected - taken
    if left > 0:
        return Content(f"{duration(taken)}, about {duration(left)} left")
    return Content(f"{duration(taken)}, {duration(-left)} longer than the original")


def _course_line(course: Course) -> Content:
    """A bar and the step that it is at; empty where that is not known."""
    come = course.advance
    if come is None:
        return Content("")
    done = round(come.fraction * _WIDTH)
    return (
        Content.styled("━" * done, "$text-accent")
        + Content.styled("┄" * (_WIDTH - done), MUTED)
        + Content(f" {come.fraction:.0%}  step {come.step:,} of {come.last_step:,} of ")
        + shown(come.metric, limit=40)
    )


def standing_line(so_far: SoFar | None) -> Content:
    """How the metrics stand to the original's; empty where that cannot be told."""
    if so_far is None or not (so_far.points or so_far.departed):
        return Content("")
    if so_far.departed is not None:
        first = so_far.departed
        where = Content(f" at step {first.step:,} of ") + shown(first.metric, limit=40)
        had, has = _apart(first.left, first.right)
        told = f": {has}, where it has no point" if first.left is None else f": {has}, not {had}"
        return (
            Content.styled("≠ departed from the original", "$diff-changed bold")
            + where + Content(told)
        )  # fmt: skip
    many = f"{so_far.compared:,} of {plural(so_far.points, 'point')}"
    if not so_far.compared:
        return Content.styled(f"no metric point to compare yet, the original has {so_far.points:,}",
                              MUTED)  # fmt: skip
    if so_far.within_tolerance:
        return Content.styled("≈ within tolerance so far", "$text-success") + Content(f": {many}")
    return Content.styled("= identical so far", "$text-success") + Content(f": {many}")


def _apart(*values: float | None) -> tuple[str, ...]:
    """Two values with as many digits as tell them apart, six at least."""
    if all(value is not None and math.isfinite(value) for value in values):
        for digits in range(6, 17):
            told = tuple(f"{value:.{digits}g}" for value in values)
            if len(set(told)) > 1:
                return told
    return tuple(map(words.point, values))


def _said(job: Job) -> str:
    """What there is to say of the state that a job is in."""
    if job.state is JobState.QUEUED:
        return f"It waits until {job.plan.device} is free."
    return job.message or ("" if job.state.ended else job.plan.command)


def telling_metric(course: Course) -> str | None:
    """The metric that departed first, else the one that has come furthest, else any."""
    if course.so_far is not None and course.so_far.departed is not None:
        return course.so_far.departed.metric
    if course.advance is not None:
        return course.advance.metric
    return next(iter((*course.now, *course.original)), None)


def awaited_steps(course: Course, metric: str) -> Indices:
    """At which steps of a metric the job under way has still to log points.

    Where its original goes on, too, each of them waits for the other.
    """
    original, now = (side.get(metric, NO_POINTS).steps for side in (course.original, course.now))
    waiting = awaited(original, now)
    return waiting if course.so_far is not None else np.union1d(waiting, awaited(now, original))


def silence(job: Job, jobs: Iterable[Job]) -> Content:
    """Why a job has written nothing."""
    nothing = Content.styled("Nothing is written yet.", "bold")
    match job.state:
        case JobState.QUEUED:
            lines = [Content.styled(f"It waits until {job.plan.device} is free.", "bold")]
            for other in jobs:
                if _holds(other, job):
                    held = f" holds it, {other.state}."
                    lines.append(shown(other.plan.run_name, limit=60) + Content(held))
            before = sum(_before(other, job) for other in jobs)
            if before:
                lines.append(Content(f"{plural(before, 'job')} stand before it in the queue."))
        case JobState.PREPARING:
            lines = [nothing, Content("Checkout and environment are being made.")]
        case state if not state.ended:
            lines = [nothing, Content("Python keeps what is printed back where nobody flushes it.")]
        case state:
            lines = [Content.styled("It wrote nothing.", "bold"), shown(job.message)]
    return Content("\n").join(line for line in lines if line)


def _holds(other: Job, job: Job) -> bool:
    under_way = not other.state.ended and other.state is not JobState.QUEUED
    return under_way and other.plan.device == job.plan.device


def _before(other: Job, job: Job) -> bool:
    place = (other.created, other.job_id) < (job.created, job.job_id)
    return place and other.state is JobState.QUEUED and other.plan.device == job.plan.device
