"""`repro-tui rerun`: re-execute a run, then compare the two."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from repro_tui.cli.completion import DEVICE, PRESET, RUN
from repro_tui.cli.console import narrate, progress, report, visible_lines
from repro_tui.cli.manual import OUTCOMES, manual
from repro_tui.cli.store import open_engine, tracking_uri
from repro_tui.errors import ExitCode, ReproError
from repro_tui.rerun.model import MOST_TIMES
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.compare.model import Comparison
    from repro_tui.compare.several import Several
    from repro_tui.engine import Engine
    from repro_tui.rerun.model import Job, Plan, Series


@click.command(
    short_help="Re-execute a run, then compare the two.",
    epilog=manual(
        examples={
            "repro-tui rerun latest --dry-run": "only what would run",
            "repro-tui rerun 3f2a --device cpu --seed 1": "on another device, seeded",
            "repro-tui rerun 3f2a --times 5 -o spread.html": "how far repeats spread",
            "repro-tui rerun 3f2a -P lr=0.01 --yes": "a parameter, without asking",
        },
        exit_codes=OUTCOMES,
    ),
)
@tracking_uri
@click.argument("run", type=RUN)
@click.option(
    "--device", metavar="D", type=DEVICE, help="cpu, cuda:0, mps. Otherwise as the original."
)
@click.option("--seed", type=int, metavar="N", help="Otherwise as the original.")
@click.option(
    "--seeds", metavar="LIST",
    help="1,2,3: a re-execution with each; other: with --times, each with another seed than "
    "the original and than the rest. What comes of them is the spread over seeds.",
)  # fmt: skip
@click.option(
    "--determinism",
    type=click.Choice(["off", "seed", "strict"]),
    help="off: nothing is seeded; strict: deterministic algorithms enforced. Otherwise strict "
    "where the original was, else seed.",
)
@click.option(
    "--env-manager", type=click.Choice(["local", "uv", "virtualenv", "conda", "original"]),
    help="As `mlflow run` has them; original: the run's own environment, made again by uv.  "
    "[default: local]",
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
@click.option(
    "--times", type=click.IntRange(1, MOST_TIMES), metavar="N",
    help="Re-execute it so often; what comes of it is summed up.  [default: 1]",
)  # fmt: skip
@click.option(
    "--preset", metavar="NAME", type=PRESET,
    help="Choices by a name, from confs/presets.toml or your own presets.toml beside your "
    "settings; other options stand above them.",
)  # fmt: skip
@click.option("--submodules", is_flag=True, help="Fill submodules; fetched if need be.")
@click.option("--lfs", is_flag=True, help="Put Git LFS files in the place of their pointers.")
@click.option(
    "--link", "links", multiple=True, metavar="PATH",
    help="Give the run a copy of this ignored file or folder of the repository; may be repeated.",
)  # fmt: skip
@click.option(
    "--backend", metavar="NAME", default="local", show_default=True,
    help="Where it runs: slurm, or a backend of MLflow Projects (databricks, kubernetes, plugins).",
)  # fmt: skip
@click.option(
    "--backend-config", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help='JSON: for Slurm long options of sbatch, as in {"partition": "gpu"}.',
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would run.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before running somebody's code.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the comparison there: Markdown, or as the ending (.html, .json, .txt) has it.",
)  # fmt: skip
@click.pass_context
def rerun(
    context: click.Context,
    run: str,
    device: str | None,
    seed: int | None,
    seeds: str | None,
    determinism: str | None,
    env_manager: str | None,
    threads: int | None,
    overrides: tuple[str, ...],
    repository: str | None,
    times: int | None,
    preset: str | None,
    submodules: bool,
    lfs: bool,
    links: tuple[str, ...],
    backend: str,
    backend_config: Path | None,
    dry_run: bool,
    yes: bool,
    output: Path | None,
) -> int:
    """Re-execute a run through MLflow Projects, then compare the two.

    With --times or --seeds each re-execution is a job of its own and is compared with the
    original; the exit code is the gravest of all: 2, then 1, then 3, then 0.
    """
    from repro_tui.rerun.describe import choice, often, refusal_lines, rows
    from repro_tui.rerun.model import Determinism, EnvManager, Refusal, Request
    from repro_tui.rerun.presets import Preset

    changed = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--param {override!r} is not NAME=VALUE.")
        changed[name] = value
    engine = open_engine(context)
    run_id = engine.resolve(run)
    usual = engine.preset(preset, run_id, progress()) if preset else Preset("")
    scheduled = engine.schedule(
        Request(
            run_id=run_id,
            device=device or usual.device,
            seed=usual.seed if seed is None else seed,
            determinism=Determinism(determinism) if determinism else usual.determinism,
            env_manager=EnvManager(env_manager or usual.env_manager),
            overrides=changed,
            threads=usual.threads if threads is None else threads,
            repository=repository,
            submodules=submodules,
            lfs=lfs,
            links=links,
            backend=backend,
            backend_config=_backend_config(backend, backend_config),
        ),
        series(times, seeds, seed, usual.series),
        progress(),
    )
    if isinstance(scheduled, Refusal):
        for line in refusal_lines(scheduled):
            narrate(visible(line))
        return ExitCode.FAILED
    plan = scheduled.plans[0]
    told = [("chosen", choice(each)) for each in scheduled.choices]
    if len(scheduled.plans) > 1:
        told.append(("times", often(scheduled.plans)))
    for label, value in (*told, *rows(plan)):
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
    return _carry_out(engine, scheduled.plans, output)


def series(times: int | None, seeds: str | None, seed: int | None, usual: "Series") -> "Series":
    """How often and with which seeds, by the options and, where they are silent, the preset."""
    from repro_tui.rerun.model import Series

    if seed is not None and seeds is not None:
        raise click.UsageError("--seed is for one seed, --seeds for several: give one of the two.")
    if seeds == "other":
        often = times or usual.times
        if often < 2:
            raise click.UsageError("--seeds other needs --times N, with 2 or more.")
        return Series(often, other_seeds=True)
    if seeds is not None:
        words = seeds.split(",")
        if not all(word.strip().isascii() and word.strip().isdigit() for word in words):
            raise click.UsageError(f"--seeds {seeds!r} is neither `other` nor like 1,2,3.")
        if times not in (None, len(words)):
            raise click.UsageError(f"--seeds names {len(words)} seeds and --times says {times}.")
        return Series(len(words), tuple(map(int, words)))
    if seed is not None:
        return Series(times or usual.times)
    if usual.seeds and times not in (None, usual.times):
        raise click.UsageError(f"The preset names {usual.times} seeds and --times says {times}.")
    return replace(usual, times=times or usual.times)


def _backend_config(backend: str, path: Path | None) -> str:
    """The file as it stands, once it is seen to be a JSON object."""
    from repro_tui.evidence.documents import load_json, mapping
    from repro_tui.evidence.files import read_text

    if path is None:
        return "{}"
    if backend == "local":
        raise click.UsageError("--backend-config is for another --backend than local.")
    text = read_text(path, 1 << 20)
    mapping(load_json(text), str(path))
    return text


def _carry_out(engine: "Engine", plans: "Sequence[Plan]", output: Path | None) -> int:
    """Run plans to their end with their logs on stderr, then report what came of them.

    What has finished is reported, also where others did not or the person has had enough.
    """
    from repro_tui.rerun.jobs import follow
    from repro_tui.rerun.model import JobState

    original, times = plans[0].reexecutes, len(plans)
    assert original is not None
    submitted = engine.submit_all(plans)
    enough = False
    try:
        for place, job in enumerate(submitted, 1):
            for text in follow(job):
                click.echo(visible_lines(text), err=True, nl=False)
            if times > 1:
                ended = engine.job(job)
                narrate(visible(f"{place} of {times} {ended.state}: {_told(ended)}"))
    except KeyboardInterrupt:
        enough = True
        narrate("Cancelling.")
        for job in submitted:
            engine.cancel(job)
    jobs = [engine.job(job) for job in submitted]
    finished = [job.run_id for job in jobs if job.state is JobState.FINISHED and job.run_id]
    code = _report(engine, original, finished, output) if finished else ExitCode.FAILED
    if enough:
        raise click.Abort
    for job in jobs:
        if job.state is not JobState.FINISHED:
            which = "The re-execution" if times == 1 else f"One of {times} re-executions"
            raise ReproError(f"{which} {job.state}: {job.message}", f"Its log: {job.log}")
    return code


def _told(job: "Job") -> str:
    seed = "" if job.plan.seed is None else f", seed {job.plan.seed}"
    return f"{job.verdict}{seed}, run {job.run_id}" if job.verdict else job.message


def _report(engine: "Engine", original: str, runs: list[str], output: Path | None) -> int:
    """Report the comparison of the original with one run, or with several and their spread."""
    from repro_tui.compare.verdict import exit_code
    from repro_tui.reports.formats import by_ending

    compared: Comparison | Several
    if len(runs) == 1:
        compared = engine.compare(original, runs[0], progress=progress())
        code = exit_code(compared)
    else:
        compared = engine.compare_several([original, *runs], progress=progress())
        code = compared.exit_code()
    if output is not None:
        report(compared, by_ending(output.name) or "md", False, output)
    report(compared, "text", False, None)
    return code
