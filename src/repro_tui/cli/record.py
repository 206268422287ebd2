"""`repro-tui record`: run a command, and leave its runs with full evidence."""

import os
from pathlib import Path

import click

from repro_tui.cli.completion import DEVICE
from repro_tui.cli.console import narrate
from repro_tui.cli.manual import manual
from repro_tui.cli.store import tracking_uri
from repro_tui.text import plural, visible


@click.command(
    epilog=manual(
        examples={
            "repro-tui record -- python train.py --lr 0.1": "as you would run it",
            "repro-tui record --seed 1 -- uv run python -m train": "seeded",
            "repro-tui record --seed 1 -- mlflow run . -e training": "an entry point",
        },
        exit_codes={
            "N": "the command's own",
            "128+N": "a signal ended it: N is its number",
            "2": "the command could not be started",
        },
    ),
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] [--]",
)
@tracking_uri
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), metavar="N",
    help="Seed every random number generator. Otherwise nothing about randomness changes.",
)  # fmt: skip
@click.option(
    "--determinism", type=click.Choice(["off", "seed", "strict"]),
    help="With --seed: seed, or strict: deterministic algorithms enforced. "
    "[default: seed with --seed, else off]",
)  # fmt: skip
@click.option(
    "--device", metavar="D", type=DEVICE,
    help="cpu, cuda:0, mps: the only one that the command sees. Otherwise it finds its own.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Keep the record in this new folder as well as with the runs.",
)  # fmt: skip
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@click.pass_context
def record(
    context: click.Context,
    seed: int | None,
    determinism: str | None,
    device: str | None,
    output: Path | None,
    command: tuple[str, ...],
) -> int:
    """Run a training command and record what really ran.

    COMMAND runs as you typed it, in this folder and this terminal. Every MLflow run
    that it starts gets the artifact folder `repro-tui/`: interpreter and packages,
    lockfiles, commit and uncommitted changes, command, seeds, switches, threads,
    libraries, device, system and timings, also when the command fails or is killed.
    `repro-tui rerun` then knows exactly what to run again.

    Environment variables are recorded by name from a list in the settings; what looks
    like a password or token is left out, also of the command.
    """
    from repro_tui.rerun.command import not_started, run
    from repro_tui.rerun.keeping import keep
    from repro_tui.rerun.model import Determinism
    from repro_tui.settings import load

    level = Determinism(determinism or ("off" if seed is None else "seed"))
    if (seed is None) != (level is Determinism.OFF):
        raise click.UsageError(
            f"--determinism {level} needs --seed N." if seed is None else
            "--determinism off seeds nothing: leave --seed out."
        )  # fmt: skip
    if "REPRO_TUI_RECORD" in os.environ:
        # Whoever started us records already, and has seeded as they were asked to.
        try:
            os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
        except OSError as error:
            raise not_started(command, error) from error
    settings = load()
    recording = run(
        command, seed=seed, determinism=level, device=device or "", settings=settings,
        folder=output, tracking_uri=context.obj,
    )  # fmt: skip
    try:
        runs = keep(
            recording, context.obj, settings, lambda text: narrate(f"warning: {visible(text)}")
        )
    except KeyboardInterrupt:
        narrate(f"Interrupted while the record was being kept; it is in {recording.folder}.")
        return recording.exit_code
    if not runs:
        narrate(f"No MLflow run was started; the record is in {recording.folder}.")
    else:
        names = ", ".join(visible(run.run_id) for run in runs[:5])
        more = "" if len(runs) <= 5 else f" and {len(runs) - 5} more"
        narrate(f"Recorded {plural(len(runs), 'run')}: {names}{more}.")
    return recording.exit_code
