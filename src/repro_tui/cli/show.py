"""`repro-tui show`: what is known of one run."""

import json

import click

from repro_tui.cli.completion import RUN
from repro_tui.cli.console import narrate, print_out, progress
from repro_tui.cli.store import open_engine, tracking_uri


@click.command()
@tracking_uri
@click.argument("run", type=RUN)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
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
