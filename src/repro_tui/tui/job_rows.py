"""Jobs as rows of a list."""

from textual.content import Content

from repro_tui.rerun.model import Job
from repro_tui.text import duration
from repro_tui.tui.spelling import MUTED, headline, job_state, moment, shown
from repro_tui.tui.widgets.table import Column


def columns(now: int) -> tuple[Column[Job], ...]:
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
