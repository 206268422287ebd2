"""`repro-tui demo`: a small real project to try everything on."""

import os
import sys
from pathlib import Path

import click

from repro_tui.cli.console import narrate, print_table
from repro_tui.cli.interactive import interact
from repro_tui.cli.manual import OUTCOMES, manual
from repro_tui.cli.store import open_engine


@click.command(
    short_help="Try everything on a small real project.",
    epilog=manual(
        examples={
            "repro-tui demo": "made in ./repro-demo, and opened",
            "repro-tui demo --headless": "the whole chain, without a terminal",
        },
        exit_codes=OUTCOMES,
    ),
)
@click.option(
    "--into", default="repro-demo", show_default=True,
    type=click.Path(file_okay=False, path_type=Path), help="The folder that it is made in.",
)  # fmt: skip
@click.option("--headless", is_flag=True, help="Do the whole chain without a terminal.")
@click.pass_context
def demo(context: click.Context, into: Path, headless: bool) -> int | None:
    """Make a small real project, train it five times, and open repro-tui on it.

    Without a terminal, or with --headless, it does the main job itself: lists the
    runs, re-executes the baseline seeded on the CPU, compares, writes report.md and
    exits by the verdict.
    """
    from repro_tui.demo.headless import main_job
    from repro_tui.demo.make import make
    from repro_tui.demo.train import store_uri, train
    from repro_tui.settings import load

    folder = make(into, narrate)
    # Jobs and their logs stay with the demo: who deletes its folder has deleted all.
    os.environ["REPRO_TUI_STATE_DIR"] = str(folder / "state")
    train(folder, load(), narrate)
    context.obj = store_uri(folder)
    if headless or not sys.stdout.isatty():
        return main_job(open_engine(context), folder, narrate, click.echo, print_table)
    interact(context.obj)
    return None
