"""`repro-tui diff`: compare runs."""

from pathlib import Path

import click

from repro_tui.cli.completion import RUN
from repro_tui.cli.console import progress, report
from repro_tui.cli.manual import OUTCOMES, manual
from repro_tui.cli.store import open_engine, tracking_uri

SECTIONS = (
    "code", "params", "data", "environment", "lockfiles", "randomness", "device",
    "metrics", "artifacts", "status",
)  # fmt: skip
"""As in `evidence.model.SectionName`, which would bring NumPy with it."""
TOLERANCE = "[[SECTION:]PATTERN=]VALUE"


@click.command(
    short_help="Compare runs: what differs, and a verdict.",
    epilog=manual(
        examples={
            "repro-tui diff latest~1 latest": "the two last runs, to the bit",
            "repro-tui diff 3f2a 81cc -o report.html": "a page with the curves",
            "repro-tui diff 3f2a 81cc --rtol val/loss=1e-6": "tolerant at one place",
            "repro-tui diff 3f2a 81cc --fail-on inputs": "fails where the inputs differ",
        },
        exit_codes={
            **OUTCOMES,
            "": "with --fail-on inputs they say it of the inputs, with any of both",
        },
    ),
)
@tracking_uri
@click.argument("runs", metavar="RUN RUN...", nargs=-1, type=RUN)
@click.option(
    "--format", "format_", type=click.Choice(["text", "md", "json", "html"]),
    help="Otherwise as the ending of --output has it, or text.",
)  # fmt: skip
@click.option(
    "--repeats", is_flag=True,
    help="Sum the runs after the first up as repeats of it, as its re-executions always are.",
)  # fmt: skip
@click.option("--full", is_flag=True, help="What is equal, too.")
@click.option(
    "--rtol", multiple=True, metavar=TOLERANCE,
    help="Numbers pass where |a - b| <= atol + rtol * min(|a|, |b|). `dtype`: as "
    "torch.testing.assert_close has it for theirs. With a pattern only at the places that "
    "match, as in `--rtol val/loss=1e-6` or `--rtol 'model.pt/*=dtype'`; may be repeated, "
    "the last that matches wins.",
)  # fmt: skip
@click.option("--atol", multiple=True, metavar=TOLERANCE)
@click.option(
    "--ulp", multiple=True, metavar=TOLERANCE, help="That many units in the last place pass."
)
@click.option(
    "--ignore", multiple=True, metavar="SECTION:PATTERN",
    help="Set aside the keys that match, visibly, as in `metrics:val_*`; may be repeated.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, type=click.Choice(SECTIONS), metavar="SECTION",
    help="Show only this section; may be repeated. The verdict is that of all.",
)  # fmt: skip
@click.option(
    "--skip", multiple=True, type=click.Choice(SECTIONS), metavar="SECTION",
    help="Don't show this section; may be repeated. The verdict is that of all.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(["outcomes", "inputs", "any"]), default="outcomes",
    show_default=True, help="The side that the exit code is read off.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write there instead of to stdout.",
)  # fmt: skip
@click.pass_context
def diff(
    context: click.Context,
    runs: tuple[str, ...],
    format_: str | None,
    repeats: bool,
    full: bool,
    rtol: tuple[str, ...],
    atol: tuple[str, ...],
    ulp: tuple[str, ...],
    ignore: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: str,
    output: Path | None,
) -> int:
    """Compare runs: what differs, where it first differed, and a verdict.

    With more than two, every other run is compared with the first.
    """
    from repro_tui.compare.verdict import FailOn, exit_code
    from repro_tui.evidence.model import SectionName
    from repro_tui.policies import asked
    from repro_tui.reports.excerpt import excerpt, excerpt_several
    from repro_tui.reports.formats import by_ending

    if len(runs) < 2:
        raise click.UsageError("Name two runs or more; the first is the base.")
    if repeats and len(runs) < 3:
        raise click.UsageError("--repeats sums up two runs or more, beside the first.")
    wanted = asked(rtol, atol, ulp, ignore)
    engine = open_engine(context)
    policy = wanted.over(engine.settings.policy)
    sections = [[SectionName(name) for name in names] for names in (only, skip)]
    chosen = format_ or (by_ending(output.name) if output else None) or "text"
    ids = [engine.resolve(run) for run in runs]
    if len(ids) == 2:
        comparison = engine.compare(ids[0], ids[1], policy, progress())
        report(excerpt(comparison, *sections), chosen, full, output)
        return exit_code(comparison, FailOn(fail_on))
    several = engine.compare_several(ids, policy, progress(), repeats=repeats)
    report(excerpt_several(several, *sections), chosen, full, output)
    return several.exit_code(FailOn(fail_on))
