"""The command line, and the only place that wires the rest together.

stdout is data, stderr is narration. Heavy modules are imported where they are used:
`--help` and the first paint of the screen wait for nothing.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from repro_tui.errors import ExitCode, ReproError
from repro_tui.text import plural, visible

if TYPE_CHECKING:
    from repro_tui.compare.model import Comparison
    from repro_tui.engine import Engine

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_SECTIONS = (
    "code", "params", "data", "environment", "lockfiles", "randomness", "device",
    "metrics", "artifacts", "status",
)  # fmt: skip
"""As in `evidence.model.SectionName`, which would bring NumPy with it."""

_EXIT_CODES = """\b
Exit codes: 0 the outcomes are the same, 1 they differ, 2 the program could
not do what was asked, 3 the evidence does not suffice to say."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Bad input ends in one sentence, never in a traceback."""
    try:
        code = program.main(arguments, prog_name="repro-tui", standalone_mode=False)
    except ReproError as error:
        _narrate(f"error: {visible(error.message)}")
        if error.hint:
            _narrate(f"hint: {visible(error.hint)}")
        code = ExitCode.FAILED
    except click.ClickException as error:
        error.show()
        code = ExitCode.FAILED
    except click.Abort:
        _narrate("Stopped.")
        code = ExitCode.FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more
        # when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.FAILED
    sys.exit(int(code or 0))


def _narrate(text: str) -> None:
    click.echo(text, err=True)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"repro-tui {version('repro-tui')}")
        context.exit()


def _open(context: click.Context) -> "Engine":
    """The engine on the store that the options name; closed when the command ends."""
    from repro_tui.engine import Engine
    from repro_tui.settings import load

    engine = Engine.open(load(), context.obj, Path.cwd())
    context.call_on_close(engine.close)
    return engine


def _tracking_uri(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option --tracking-uri, which may stand before or behind the command's name."""

    def keep(context: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None or context.obj is None:
            context.obj = value

    return click.option(
        "--tracking-uri",
        metavar="URI",
        expose_value=False,
        callback=keep,
        help="The MLflow store. Otherwise MLFLOW_TRACKING_URI, ./mlflow.db or ./mlruns.",
    )(function)


@click.group(context_settings=_CONTEXT, invoke_without_command=True, epilog=_EXIT_CODES)
@_tracking_uri
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.pass_context
def program(context: click.Context) -> None:
    """Can this MLflow run be reproduced, and where it can't, why not?

    Without a command it opens the interactive program on the store's runs. Runs are
    named by id, by any unique prefix of it, or as `latest`, `latest~1`.
    """
    if context.invoked_subcommand is None:
        if not sys.stdout.isatty():
            raise click.UsageError(
                "There is no terminal to open. Use a command: runs, diff, rerun, devices, demo."
            )
        _interact(context.obj)


def _interact(tracking_uri: str | None) -> None:
    from repro_tui.settings import load
    from repro_tui.tui.app import ReproApp

    settings = load()

    def open_engine() -> "Engine":
        from repro_tui.engine import Engine

        return Engine.open(settings, tracking_uri, Path.cwd())

    ReproApp(open_engine, theme=settings.theme).run()


@program.command()
@_tracking_uri
@click.option("-e", "--experiment", metavar="NAME", help="Only runs of this experiment.")
@click.option("--filter", "filter_", default="", metavar="QUERY", help="MLflow's filter syntax.")
@click.option("-n", "--limit", default=100, show_default=True, type=click.IntRange(1, 50_000))
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def runs(
    context: click.Context, experiment: str | None, filter_: str, limit: int, format_: str
) -> None:
    """List runs, newest first."""
    from repro_tui.evidence.tracking import RunQuery
    from repro_tui.reports.runs import table, to_json

    engine = _open(context)
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
        _print(table(page.runs))
    store = f"{visible(engine.location.uri)}, {engine.location.found}"
    _narrate(f"{plural(len(page.runs), 'run')} of {store}")


@program.command(epilog=_EXIT_CODES)
@_tracking_uri
@click.argument("left", metavar="RUN")
@click.argument("right", metavar="RUN")
@click.option(
    "--format", "format_", type=click.Choice(["text", "md", "json"]), default="text",
    show_default=True,
)  # fmt: skip
@click.option("--full", is_flag=True, help="What is equal, too.")
@click.option("--rtol", type=click.FloatRange(0), help="|a - b| <= atol + rtol * |a| passes.")
@click.option("--atol", type=click.FloatRange(0))
@click.option("--ulp", type=click.IntRange(0), help="That many units in the last place pass.")
@click.option(
    "--ignore", multiple=True, metavar="SECTION:PATTERN",
    help="Set aside the keys that match, visibly, as in `metrics:val_*`; may be repeated.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, type=click.Choice(_SECTIONS), metavar="SECTION",
    help="Show only this section; may be repeated. The verdict is that of all.",
)  # fmt: skip
@click.option(
    "--skip", multiple=True, type=click.Choice(_SECTIONS), metavar="SECTION",
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
    left: str,
    right: str,
    format_: str,
    full: bool,
    rtol: float | None,
    atol: float | None,
    ulp: int | None,
    ignore: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: str,
    output: Path | None,
) -> int:
    """Compare two runs: what differs, where it first differed, and a verdict."""
    from repro_tui.compare.verdict import FailOn, exit_code
    from repro_tui.engine import with_tolerance
    from repro_tui.evidence.model import SectionName
    from repro_tui.reports.excerpt import excerpt
    from repro_tui.settings import ignored

    rules = tuple(ignored(text) for text in ignore)
    engine = _open(context)
    policy = with_tolerance(engine.settings.policy, rtol, atol, ulp)
    comparison = engine.compare(
        engine.resolve(left),
        engine.resolve(right),
        replace(policy, set_aside=(*rules, *policy.set_aside)),
        _progress(),
    )
    shown = excerpt(
        comparison,
        [SectionName(name) for name in only],
        [SectionName(name) for name in skip],
    )
    _report(shown, format_, full, output)
    return exit_code(comparison, FailOn(fail_on))


@program.command(epilog=_EXIT_CODES)
@_tracking_uri
@click.argument("run")
@click.option("--device", metavar="D", help="cpu, cuda:0, mps. Otherwise as the original.")
@click.option("--seed", type=int, metavar="N", help="Otherwise as the original.")
@click.option(
    "--determinism", type=click.Choice(["off", "seed", "strict"]), default="seed",
    show_default=True, help="off: nothing is seeded; strict: deterministic algorithms enforced.",
)  # fmt: skip
@click.option(
    "--env-manager", type=click.Choice(["local", "uv", "virtualenv", "conda"]), default="local",
    show_default=True, help="As `mlflow run` has them.",
)  # fmt: skip
@click.option(
    "-P", "--param", "overrides", multiple=True, metavar="NAME=VALUE",
    help="Change a parameter; may be repeated.",
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
    overrides: tuple[str, ...],
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
    engine = _open(context)
    plan = engine.plan(
        Request(
            run_id=engine.resolve(run),
            device=device,
            seed=seed,
            determinism=Determinism(determinism),
            env_manager=EnvManager(env_manager),
            overrides=changed,
        )
    )
    if isinstance(plan, Refusal):
        for line in refusal_lines(plan):
            _narrate(visible(line))
        return ExitCode.FAILED
    for label, value in rows(plan):
        click.echo(f"{visible(label):<12} {visible(value)}", err=not dry_run)
    if dry_run:
        return 0
    if not yes:
        if not sys.stdin.isatty():
            raise ReproError(
                "This executes the project's code and nobody is here to agree.", "Pass --yes."
            )
        click.confirm("Execute this code?", abort=True, err=True)
    return _carry_out(engine, plan, output)


def _carry_out(engine: "Engine", plan: Any, output: Path | None) -> int:
    """Run a plan to its end with its log on stderr, then report the comparison."""
    from repro_tui.rerun.jobs import follow
    from repro_tui.rerun.model import JobState

    job = engine.submit(plan)
    try:
        for text in follow(job):
            click.echo(visible_lines(text), err=True, nl=False)
    except KeyboardInterrupt:
        _narrate("Cancelling.")
        engine.cancel(job)
        raise click.Abort from None
    job = engine.wait(job)
    if job.state is not JobState.FINISHED or job.run_id is None:
        raise ReproError(f"The re-execution {job.state}: {job.message}", f"Its log: {job.log}")
    comparison = engine.compare(plan.reexecutes, job.run_id, progress=_progress())
    if output is not None:
        _report(comparison, "md", False, output)
    _report(comparison, "text", False, None)
    return _exit_code(comparison)


def visible_lines(text: str) -> str:
    """A stranger's output, line by line, with nothing in it that a terminal obeys."""
    return "\n".join(visible(line) for line in text.replace("\r", "\n").split("\n"))


@program.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def devices(format_: str) -> None:
    """List the devices that a run can be re-executed on."""
    from dataclasses import asdict

    from repro_tui.rerun.devices import devices as present
    from repro_tui.text import size

    if format_ == "json":
        click.echo(json.dumps([asdict(device) for device in present()], indent=2))
        return
    for device in present():
        memory = size(device.memory) if device.memory is not None else ""
        parts = (device.name, device.description, memory, device.detail)
        click.echo("  ".join(visible(part) for part in parts if part))


@program.command(epilog=_EXIT_CODES)
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

    folder = make(into, _narrate)
    # Jobs and their logs stay with the demo: who deletes its folder has deleted all.
    os.environ["REPRO_TUI_STATE_DIR"] = str(folder / "state")
    train(folder, load(), _narrate)
    context.obj = store_uri(folder)
    if headless or not sys.stdout.isatty():
        return main_job(_open(context), folder, _narrate, _print)
    _interact(context.obj)
    return None


def _progress() -> Callable[[str], None]:
    """Narrates what is being read, where somebody watches."""
    if sys.stderr.isatty():
        return lambda text: _narrate(click.style(visible(text, 100), dim=True))
    return lambda _: None


def _exit_code(comparison: "Comparison") -> ExitCode:
    from repro_tui.compare.verdict import exit_code

    return exit_code(comparison)


def _report(comparison: "Comparison", format_: str, full: bool, output: Path | None) -> None:
    """Write a comparison to a file, all or nothing, or to stdout."""
    from repro_tui.output import write_whole
    from repro_tui.reports.formats import written

    if output is not None:
        write_whole(output, written(comparison, format_, full=full))
        _narrate(f"Wrote {output}")
    elif format_ == "text" and sys.stdout.isatty():
        from repro_tui.reports.terminal import render

        _print(render(comparison, full=full))
    else:
        click.echo(written(comparison, format_, full=full), nl=False)


def _print(renderable: Any) -> None:
    """To stdout: with colour on a terminal, plain and uncut when piped."""
    from rich.console import Console

    console = Console(soft_wrap=False) if sys.stdout.isatty() else Console(width=200)
    console.print(renderable)
