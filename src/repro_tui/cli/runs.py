"""`repro-tui runs`: list runs."""

import json

import click

from repro_tui.cli.completion import EXPERIMENT
from repro_tui.cli.console import format_option, narrate, print_table
from repro_tui.cli.manual import DONE, manual
from repro_tui.cli.store import open_engine, tracking_uri
from repro_tui.errors import ReproError
from repro_tui.text import plural, visible


@click.command(
    epilog=manual(
        examples={
            "repro-tui runs -e digits": "of one experiment",
            "repro-tui runs --filter 'metrics.loss < 0.1'": "that the store finds",
            "repro-tui runs --format json | jq '.runs[].run_id'": "for a script",
        },
        exit_codes=DONE,
    ),
)
@tracking_uri
@click.option(
    "-e", "--experiment", metavar="NAME", type=EXPERIMENT, help="Only runs of this experiment."
)
@click.option("--filter", "filter_", default="", metavar="QUERY", help="MLflow's filter syntax.")
@click.option(
    "-n", "--limit", default=100, show_default=True, type=click.IntRange(1, 50_000), metavar="N",
    help="At most so many.",
)  # fmt: skip
@format_option
@click.pass_context
def runs(
    context: click.Context, experiment: str | None, filter_: str, limit: int, format_: str
) -> None:
    """List runs, newest first.

    `known` shows how much of code, environment, data, randomness and outcomes is known:
    ● known, ◐ partly, ○ missing, · not looked at yet. `repro-tui show RUN` looks.
    """
    from repro_tui.evidence.tracking import RunQuery
    from repro_tui.reports.runs import COLUMNS, cells, to_json

    engine = open_engine(context)
    chosen: tuple[str, ...] = ()
    if experiment is not None:
        named = {one.name: one.experiment_id for one in engine.experiments()}
        if experiment not in named:
            raise ReproError(
                f"The store has no experiment named {experiment!r}.",
                f"There are: {', '.join(sorted(named)) or 'none'}.",
            )
        chosen = (named[experiment],)
    page = engine.runs(RunQuery(experiment_ids=chosen, filter=filter_, max_results=limit))
    if format_ == "json":
        click.echo(json.dumps(to_json(page.runs), indent=2))
    else:
        print_table(COLUMNS, map(cells, page.runs))
    store = f"{visible(engine.location.shown)}, {engine.location.found}"
    narrate(f"{plural(len(page.runs), 'run')} of {store}")
