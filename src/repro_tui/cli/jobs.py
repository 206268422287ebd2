"""`repro-tui jobs`: re-executions under way and done."""

import json
import time
from typing import TYPE_CHECKING

import click

from repro_tui.cli.completion import JOB
from repro_tui.cli.console import format_option, narrate, print_table, visible_lines
from repro_tui.cli.manual import DONE, manual
from repro_tui.errors import ReproError
from repro_tui.text import duration, plural, visible

if TYPE_CHECKING:
    from repro_tui.rerun.model import Job

_PATIENCE = 60
"""Seconds that cancelling may take: processes are asked to end, then killed."""


@click.group(
    invoke_without_command=True,
    short_help="List re-executions; read logs, cancel, remove.",
    epilog=manual(
        examples={
            "repro-tui jobs": "how each stands",
            "repro-tui jobs log latest --follow": "what the last one writes, till it ends",
            "repro-tui jobs cancel 1201-3f2a": "any part of its id that no other has",
        },
        exit_codes=DONE,
    ),
)
@format_option
@click.pass_context
def jobs(context: click.Context, format_: str) -> None:
    """List the re-executions of this machine, newest first; cancel one, read its log, remove it.

    A job goes on when the program that submitted it ends. JOB is the id of one, any part
    of it that no other has, or `latest`.
    """
    if context.invoked_subcommand is not None:
        return
    from repro_tui.rerun.describe import to_json
    from repro_tui.rerun.jobs import jobs as all_jobs
    from repro_tui.settings import load

    settings = load()
    found = all_jobs(settings)
    if format_ == "json":
        click.echo(json.dumps(to_json(found), indent=2))
        return
    if found:
        now = round(time.time() * 1000)
        print_table(_COLUMNS, (_cells(job, now) for job in found))
    narrate(f"{plural(len(found), 'job')} in {visible(str(settings.jobs))}")


@jobs.command()
@click.argument("job", type=JOB)
def cancel(job: str) -> None:
    """End a job with all its processes. Its run becomes KILLED."""
    from repro_tui.rerun import jobs as work

    chosen = _find(job)
    if chosen.state.ended:
        raise ReproError(f"The job {chosen.job_id} has ended already: it is {chosen.state}.")
    work.cancel(chosen)
    chosen = work.wait(chosen, _PATIENCE)
    if not chosen.state.ended:
        raise ReproError(
            f"The job {chosen.job_id} has not ended within {_PATIENCE} s.", f"Its log: {chosen.log}"
        )
    narrate(visible(f"{chosen.job_id} {chosen.state}: {chosen.message}"))


@jobs.command()
@click.argument("job", type=JOB)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
def log(job: str, follow: bool) -> None:
    """Write what a job and its training process print to stdout."""
    from repro_tui.rerun import jobs as work

    chosen = _find(job)
    for text in work.follow(chosen) if follow else work.log(chosen):
        click.echo(visible_lines(text), nl=False)


@jobs.command()
@click.argument("job", required=False)
@click.option("--ended", is_flag=True, help="Every job that has ended.")
def remove(job: str | None, ended: bool) -> None:
    """Remove a job that has ended from the list, with its log. Its run stays in the store."""
    from repro_tui.rerun import jobs as work
    from repro_tui.settings import load

    if (job is None) is not ended:
        raise click.UsageError("Name one JOB, or all of them with --ended.")
    if job is not None:
        chosen = [_find(job)]
    else:
        chosen = [each for each in work.jobs(load()) if each.state.ended]
    for each in chosen:
        work.remove(each)
    narrate(f"{plural(len(chosen), 'job')} removed; what they ran stays in the store.")


def _find(name: str) -> "Job":
    from repro_tui.rerun.jobs import find
    from repro_tui.settings import load

    return find(name, load())


_COLUMNS = (
    "job", "state", "run", "device", "seed", "elapsed", "new run", "how it ended",
)  # fmt: skip


def _cells(job: "Job", now: int) -> tuple[str, ...]:
    """A job's line in a table of `_COLUMNS`; `now` in milliseconds since the epoch."""
    seed = "" if job.plan.seed is None else str(job.plan.seed)
    elapsed = duration(max((job.ended or now) - job.started, 0)) if job.started else ""
    texts = (
        *(job.job_id, job.state, job.plan.run_name, job.plan.device, seed, elapsed),
        *((job.run_id or "")[:8], job.outcome),
    )
    return tuple(visible(text, 200) for text in texts)
