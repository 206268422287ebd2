"""Times repro-tui against named peers: whole processes, in interleaved pairs.

Prints a Markdown table and writes it, with every single time, beside the data it made.
The median of the pair ratios is what counts: machines differ and drift, pairs share it.

    python benchmarks/bench.py [--runs 1000] [--rounds 7]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

WORK = Path(__file__).parent / ".work"
BIN = Path(sys.executable).parent


class Pair(NamedTuple):
    """One operation of ours, and what it is held against."""

    name: str
    ours: Sequence[str]
    peer_name: str
    peer: Sequence[str]
    goal: float
    """The largest ratio that is good enough."""


def make_store(runs: int) -> str:
    """A SQLite store with `runs` runs of five params and five metrics, made by MLflow."""
    path = WORK / f"{runs}.db"
    uri = f"sqlite:///{path}"
    if not path.exists():
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        client = MlflowClient(f"sqlite:///{partial}")
        for number in range(runs):
            run_id = client.create_run("0", run_name=f"run {number}").info.run_id
            client.log_batch(
                run_id,
                metrics=[Metric(f"metric {i}", number / (i + 1), 0, 0) for i in range(5)],
                params=[Param(f"param {i}", str(number * i)) for i in range(5)],
            )
            client.set_terminated(run_id)
        partial.rename(path)
    return uri


def seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=WORK)
    return time.perf_counter() - start


def measure(pair: Pair, rounds: int, environment: dict[str, str]) -> list[tuple[float, float]]:
    """Ours and the peer's wall time, round by round, after one round that is not counted."""
    both = [
        (seconds(pair.ours, environment), seconds(pair.peer, environment))
        for _ in range(rounds + 1)
    ]
    return both[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    uri = make_store(arguments.runs)
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    shown = [str(BIN / "repro-tui"), "runs", "--limit", str(arguments.runs)]
    listed = [str(BIN / "mlflow"), "runs", "list", "--experiment-id", "0"]
    pairs = (
        Pair(
            f"`repro-tui runs` of {arguments.runs:,} runs", shown,
            "`mlflow runs list`", listed, 0.05,
        ),
        Pair(
            "`repro-tui --help`", [str(BIN / "repro-tui"), "--help"],
            "Python importing click", [sys.executable, "-c", "import click"], 1.5,
        ),
    )  # fmt: skip
    names = ("repro-tui", "mlflow", "click")
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + f"; median of {arguments.rounds} interleaved pairs",
        "",
        "| operation | against | ours | theirs | ratio | goal |",
        "|---|---|---|---|---|---|",
    ]
    times = {}
    for pair in pairs:
        both = times[pair.name] = measure(pair, arguments.rounds, environment)
        ours, theirs = (statistics.median(side) for side in zip(*both, strict=True))
        ratio = statistics.median(a / b for a, b in both)
        lines.append(
            f"| {pair.name} | {pair.peer_name} | {ours:.2f} s | {theirs:.2f} s "
            f"| {ratio:.3f} | ≤ {pair.goal} |"
        )
    table = "\n".join(lines) + "\n"
    (WORK / "results.md").write_text(table, encoding="utf-8")
    (WORK / "results.json").write_text(json.dumps(times, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(table)


if __name__ == "__main__":
    main()
