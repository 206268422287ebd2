"""Whole processes of the command line."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.speed import peers, project, stores
from benchmarks.speed.ground import BIN, Ground
from benchmarks.speed.method import Rival, Row

_REPRO_TUI = str(BIN / "repro-tui")


@contextmanager
def runs(ground: Ground) -> Iterator[Row]:
    count = ground.size.few
    variables = ground.variables(stores.uri(stores.of_runs(ground, count)))
    rivals = []
    if not ground.short:
        mlflow = [str(BIN / "mlflow"), "runs", "list", "--experiment-id", "0"]
        guild = [peers.program(ground, "guild"), "compare", "--csv", "-"]
        home = {**variables, "GUILD_HOME": str(peers.many_guild_runs(ground, count))}
        rivals += [
            Rival("`mlflow runs list`", partial(seconds, mlflow, variables, ground.folder), 0.05),
            Rival("`guild compare --csv`", partial(seconds, guild, home, ground.folder), 0.5),
        ]
    else:
        # What the others take too long for: the floor is an interpreter that reads the rows.
        floor = [str(BIN / "python"), "-c", "import click, sqlite3, rich.table"]
        rivals += [
            Rival(
                "Python importing what it takes",
                partial(seconds, floor, variables, ground.folder),
                2,
            )
        ]
    command = [_REPRO_TUI, "runs", "--limit", str(count)]
    yield Row(
        f"`repro-tui runs` of {count:,}", partial(seconds, command, variables, ground.folder),
        tuple(rivals),
    )  # fmt: skip


@contextmanager
def diff(ground: Ground) -> Iterator[Row]:
    variables = ground.variables(stores.uri(project.ordinary(ground)))
    repository = project.project(ground).folder
    left, right = stores.run_id(0), stores.run_id(1)
    rivals = []
    if not ground.short:
        guild = [peers.program(ground, "guild"), "diff", "--cmd", "diff -ru"]
        guild += peers.guild_runs(ground)
        dvc = [peers.program(ground, "dvc"), "exp", "diff", "--md", *project.COMMITS]
        peers.dvc_repository(ground)
        rivals += [
            Rival("`guild diff`", partial(seconds, guild, variables, repository), 0.4),
            Rival("`dvc exp diff`", partial(seconds, dvc, variables, repository), 0.15),
        ]
    command = [_REPRO_TUI, "diff", left, right, "--format", "md"]
    ours = partial(seconds, command, variables, repository, codes=(1,))
    yield Row("`repro-tui diff` of two ordinary runs, to Markdown", ours, tuple(rivals))


def seconds(
    command: Sequence[str],
    variables: dict[str, str],
    folder: Path,
    codes: tuple[int, ...] = (0,),
) -> float:
    """Wall time of a process, from its start to its end; it must end with one of the codes."""
    start = time.perf_counter()
    done = subprocess.run(
        command, env=variables, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL
    )
    took = time.perf_counter() - start
    if done.returncode not in codes:
        said = done.stderr.decode(errors="replace")[-500:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return took
