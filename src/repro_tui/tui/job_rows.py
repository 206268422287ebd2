"""Jobs as rows of a list."""

from textual.content import Content

from repro_tui.rerun.model import Job
from repro_tui.text import duration
from repro_tui.tui.outcome import headline, job_state
from repro_tui.tui.spelling import MUTED, moment, shown
from repro_tui.tui.widgets.table import Column

_ROOMY = 100
"""Cells of a screen from which on there is room for every column."""


def columns(now: int, width: int) -> tuple[Column[Job], ...]:
    """The columns of a list on a screen that is `width` cells wide."""

    def elapsed(job: Job) -> Content:
        if job.started is None:
            return Content("")
        return Content(duration(max((job.ended or now) - job.started, 0)))

    def seed(job: Job) -> Content:
        return Content("" if job.plan.seed is None else str(job.plan.seed))

    roomy = width >= _ROOMY
    most: tuple[Column[Job], ...] = (
        Column("state", lambda job: job_state(job.state), 12),
        Column("run", lambda job: shown(job.plan.run_name), 34 if roomy else 26),
        Column("verdict", lambda job: headline(job.verdict), 34 if roomy else 17),
        Column("elapsed", elapsed, 12, right=True),
        Column("device", lambda job: shown(job.plan.device), 8),
        Column("seed", seed, 10, right=True),
    )
    if not roomy:
        return most
    return (
        *most,
        Column("started", lambda job: Content(moment(job.created, now)), 12, right=True),
        Column("new run", lambda job: shown((job.run_id or "")[:8], MUTED), 8),
    )
