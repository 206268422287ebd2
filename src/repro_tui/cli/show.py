"""`repro-tui show`: what is known of one run."""

import json

import click

from repro_tui.cli.completion import RUN
from repro_tui.cli.console import format_option, narrate, print_out, progress
from repro_tui.cli.manual import DONE, manual
from repro_tui.cli.store import open_engine, tracking_uri


@click.command(
    short_help="Tell how well a run could be reproduced.",
    epilog=manual(
        examples={
            "repro-tui show latest": "the run that was started last",
            "repro-tui show 3f2a --format json": "for a script",
        },
        exit_codes=DONE,
    ),
)
@tracking_uri
@click.argument("run", type=RUN)
@format_option
@click.pass_context
def show(context: click.Context, run: str, format_: str) -> None:
    """Tell how well a run could be reproduced, and how its re-executions ended.

    For code, environment, data, randomness and outcomes: what is known and from where,
    what is missing, and what to do so that it is known next time. Artifacts are listed
    and not read.
    """
    from repro_tui.reports.show import render, to_json

    engine = open_engine(context)
    run_id = engine.resolve(run)
    known = engine.overview(run_id, progress())
    page = engine.reexecutions(run_id)
    if format_ == "json":
        click.echo(json.dumps(to_json(known, page.runs), indent=2))
    else:
        print_out(render(known, page.runs))
    if page.next_page_token:
        narrate(f"Of its re-executions only the latest {len(page.runs)} are told.")
