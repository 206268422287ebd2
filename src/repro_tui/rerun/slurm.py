"""Slurm: a job's launcher started by sbatch on a node instead of on this machine.

The launcher, the job's folder and the checkouts are the same as for a local job, so the
folders of `settings.state` and `settings.cache` must lie on storage that the nodes share.
Written against Slurm 22.05; options and formats as in sbatch(1), squeue(1), scancel(1).
"""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.rerun import sbatch
from repro_tui.text import visible

_TIMEOUT = 60.0
"""Seconds that one of Slurm's commands is given: a busy controller lets them wait."""
_WARNING = 60
"""Seconds before its time limit at which the launcher is told to end the job itself."""


class Standing(StrEnum):
    """Where a job stands, as far as Slurm tells."""

    PENDING = "pending"
    RUNNING = "running"
    GONE = "gone"
    """Slurm knows it no more, or knows that it has ended."""
    UNKNOWN = "unknown"
    """Slurm did not answer: nothing may be concluded."""


def submit(
    arguments: Sequence[str],
    *,
    name: str,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    options: Mapping[str, str],
) -> str:
    """Hand a command to sbatch; return Slurm's id of the job.

    `log` is appended to. Raises ReproError with Slurm's own words where it refuses.
    """
    # exec: a signal for the batch script reaches the launcher itself.
    script = f"#!/bin/sh\nexec {shlex.join(arguments)}\n"
    told = _ask(
        [
            *("sbatch", "--parsable", "--no-requeue", "--export=ALL"),
            *(f"--job-name={visible(name, 64)}", f"--signal=B:TERM@{_WARNING}"),
            *(f"--output={_literal(log)}", "--open-mode=append", f"--chdir={folder}"),
            *sbatch.spelled(options),
        ],
        script=script,
        environment=environment,
    )
    if told.returncode != 0:
        words = told.stderr.strip().removeprefix("sbatch: ") or "no reason was given"
        raise ReproError(
            f"Slurm refused the job: {words}.", "Correct the file given with --backend-config."
        )
    # `1234` or `1234;cluster`.
    return told.stdout.strip().partition(";")[0]


def standing(slurm_id: str) -> Standing:
    """Where the job stands now."""
    try:
        told = _ask(["squeue", "--noheader", "--format=%T", f"--jobs={slurm_id}"])
    except ReproError:
        return Standing.UNKNOWN
    if told.returncode != 0:
        forgotten = "Invalid job id" in told.stderr
        return Standing.GONE if forgotten else Standing.UNKNOWN
    match told.stdout.split():
        case []:
            return Standing.GONE
        case ["PENDING" | "CONFIGURING", *_]:
            return Standing.PENDING
        case _:
            return Standing.RUNNING


def cancel(slurm_id: str) -> None:
    """Tell a running launcher to end its job; take a waiting one out of the queue."""
    _ask(["scancel", "--state=PENDING", slurm_id])
    _ask(["scancel", "--batch", "--signal=TERM", slurm_id])


def _literal(path: Path) -> str:
    # A percent sign begins a pattern in the name of the output file.
    return str(path).replace("%", "%%")


def _ask(
    command: Sequence[str], script: str = "", environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            input=script,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise ReproError(
            f"Slurm's {command[0]} is not installed on this machine.",
            "Run repro-tui on a machine that submits to the cluster.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ReproError(
            f"Slurm's {command[0]} did not answer within {_TIMEOUT:.0f} s.",
            "Ask for the cluster's health with `sinfo`.",
        ) from error
