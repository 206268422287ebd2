"""`repro-tui rerun`: re-execute a run, then compare the two."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_tui.cli.console import narrate, progress, report, visible_lines
from repro_tui.cli.exits import EXIT_CODES
from repro_tui.cli.store import open_engine, tracking_uri
from repro_tui.errors import ExitCode, ReproError
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.engine import Engine


@click.command(epilog=EXIT_CODES)
@tracking_uri
@click.argument("run")
@click.option("--device", metavar="D", help="cpu, cuda:0, mps. Otherwise as the original.")
@click.option("--seed", type=int, metavar="N", help="Otherwise as the original.")
@click.option(
    "--determinism", type=click.Choice(["off", "seed", "strict"]), default="seed",
    show_default=True, help="off: nothing is seeded; strict: deterministic algorithms enforced.",
)  # fmt: skip
@click.option(
    "--env-manager", default="local", show_default=True,
    type=click.Choice(["local", "uv", "virtualenv", "conda", "original"]),
    help="As `mlflow run` has them; original: the run's own environment, made again by uv.",
)  # fmt: skip
@click.option(
    "--threads", type=int, metavar="N",
    help="Of each numeric library. Otherwise as the original.",
)  # fmt: skip
@click.option(
    "-P", "--param", "overrides", multiple=True, metavar="NAME=VALUE",
    help="Change a parameter; may be repeated.",
)  # fmt: skip
@click.option(
    "--repository", metavar="PATH",
    help="Where the run's repository is: a path or Git URL. Otherwise where the run says.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would run.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before running somebody's code.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the comparison there as Markdown.",
)  # fmt: skip
@click.pass_context
def rerun(
    context: click.Context,
    run: str,
    device: str | None,
    seed: int | None,
    determinism: str,
    env_manager: str,
    threads: int | None,
    overrides: tuple[str, ...],
    repository: str | None,
    dry_run: bool,
    yes: bool,
    output: Path | None,
) -> int:
    """Re-execute a run through MLflow Projects, then compare the two."""
    from repro_tui.rerun.describe import refusal_lines, rows
    from repro_tui.rerun.model import Determinism, EnvManager, Refusal, Request

    changed = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--param {override!r} is not NAME=VALUE.")
        changed[name] = value
    engine = open_engine(context)
    plan = engine.plan(
        Request(
            run_id=engine.resolve(run),
            device=device,
            seed=seed,
            determinism=Determinism(determinism),
            env_manager=EnvManager(env_manager),
            overrides=changed,
            threads=threads,
            repository=repository,
        ),
        progress(),
    )
    if isinstance(plan, Refusal):
        for line in refusal_lines(plan):
            narrate(visible(line))
        return ExitCode.FAILED
    for label, value in rows(plan):
        click.echo(f"{visible(label):<12} {visible(value)}", err=not dry_run)
    if dry_run:
        return 0
    if not (yes or engine.trusts(plan)):
        if not sys.stdin.isatty():
            raise ReproError(
                "This executes the project's code and nobody is here to agree.",
                "Pass --yes, or name the repository in trusted_repositories of the settings.",
            )
        click.confirm("Execute this code?", abort=True, err=True)
    return _carry_out(engine, plan, output)


def _carry_out(engine: "Engine", plan: Any, output: Path | None) -> int:
    """Run a plan to its end with its log on stderr, then report the comparison."""
    from repro_tui.compare.verdict import exit_code
    from repro_tui.rerun.jobs import follow
    from repro_tui.rerun.model import JobState

    job = engine.submit(plan)
    try:
        for text in follow(job):
            click.echo(visible_lines(text), err=True, nl=False)
    except KeyboardInterrupt:
        narrate("Cancelling.")
        engine.cancel(job)
        raise click.Abort from None
    job = engine.wait(job)
    if job.state is not JobState.FINISHED or job.run_id is None:
        raise ReproError(f"The re-execution {job.state}: {job.message}", f"Its log: {job.log}")
    comparison = engine.compare(plan.reexecutes, job.run_id, progress=progress())
    if output is not None:
        report(comparison, "md", False, output)
    report(comparison, "text", False, None)
    return exit_code(comparison)
