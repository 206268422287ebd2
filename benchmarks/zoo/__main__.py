"""Makes the zoo, compares every pair in it, and prints how well repro-tui told the truth.

    python -m benchmarks.zoo [--keep]

Exits with 1 where a difference was missed, where there was a false alarm, or where the
first suspect was right in fewer than nine of ten pairs. The whole table is written to
benchmarks/.work as zoo.md and zoo.json.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.zoo.judge import Judged, differs, judge
from benchmarks.zoo.make import make, run_ids
from benchmarks.zoo.model import Pair, Training
from benchmarks.zoo.places import Places
from benchmarks.zoo.table import PAIRS, RUNS

from repro_tui import settings as configuration
from repro_tui.compare.model import Headline
from repro_tui.engine import Engine

_WORK = Path(__file__).parents[1] / ".work"
_STARTED = time.perf_counter()
_GOAL = 0.9
"""The share of pairs whose first suspect must be right."""
_DIFFERENT = (Headline.NONDETERMINISTIC, Headline.DIVERGED)
_NOT_IN_IT = "No pair switches the device: the zoo runs where there is only a CPU."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="use the runs that an earlier zoo has made to the end"
    )
    arguments = parser.parse_args()
    places = Places(_WORK / "zoo")
    if not arguments.keep:
        for path in places.folder.iterdir() if places.folder.exists() else ():
            if path.is_dir() and path != places.environments:
                shutil.rmtree(path)
            elif path.is_file():
                path.unlink()
    places.folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(places.variables())

    started = time.monotonic()
    make(places, RUNS, _narrate)
    made = time.monotonic()
    # MLflow does not say which repository a plain run came from: who asks stands in it.
    os.chdir(places.project)
    judged, left_out = _judge(places)
    compared = time.monotonic()
    text, passed = _report(judged, left_out)
    text += (
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"mlflow {version('mlflow')}, torch {version('torch')}: {len(RUNS)} runs ready after "
        f"{made - started:.0f} s, {len(judged)} pairs compared in {compared - made:.0f} s\n"
    )
    (_WORK / "zoo.md").write_text(text + "\n" + _table(judged), encoding="utf-8")
    (_WORK / "zoo.json").write_text(_json(judged, left_out), encoding="utf-8")
    sys.stdout.write(text)
    return 0 if passed else 1


def _judge(places: Places) -> tuple[list[Judged], list[Pair]]:
    """Every pair judged, and those whose difference makes none on this machine."""
    ids = run_ids(places)
    trained = {run.name for run in RUNS if isinstance(run, Training)}
    judged, left_out = [], []
    with closing(Engine.open(configuration.load(), places.uri, places.folder)) as engine:
        for pair in PAIRS:
            raw = places.raw / ids[pair.left], places.raw / ids[pair.right]
            both = {pair.left, pair.right} <= trained and all(
                (one / "points.jsonl").exists() for one in raw
            )
            if both and differs(raw) is not (pair.headline in _DIFFERENT):
                left_out.append(pair)
                continue
            comparison = engine.compare(ids[pair.left], ids[pair.right])
            judged.append(judge(pair, comparison, raw))
    return judged, left_out


def _report(judged: list[Judged], left_out: list[Pair]) -> tuple[str, bool]:
    """The three figures and the pairs that fail; whether the goal is met."""
    missed = [one for one in judged if one.missed]
    alarms = [one for one in judged if one.false_alarms]
    suspected = [one for one in judged if one.pair.suspect]
    right = [one for one in suspected if one.suspect_right]
    lines = [
        f"- differences missed: {len(missed)} of {len(judged)} pairs",
        f"- false alarms: {len(alarms)} of {len(judged)} pairs",
        f"- first suspect right: {len(right)} of {len(suspected)}",
        "",
        _NOT_IN_IT,
    ]
    lines += [f"Left out, for it makes no difference here: {pair.name}" for pair in left_out]
    for one in judged:
        lines += [f"{one.pair.name}: missed: {what}" for what in one.missed]
        lines += [f"{one.pair.name}: false alarm: {what}" for what in one.false_alarms]
        if one in suspected and one not in right:
            named = one.suspect or "none"
            lines.append(f"{one.pair.name}: suspect {one.pair.suspect}, not {named}")
    passed = not missed and not alarms and len(right) >= _GOAL * len(suspected)
    return "\n".join(lines) + "\n", passed


def _table(judged: list[Judged]) -> str:
    lines = [
        "| what was done | left / right | verdict | first divergence | first suspect |",
        "|---|---|---|---|---|",
    ]
    for one in judged:
        first = f"{one.first[0]} at {one.first[1]}" if one.first else "none"
        told = (one.pair.kind, one.pair.name, one.headline, first, one.suspect or "none")
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def _json(judged: list[Judged], left_out: list[Pair]) -> str:
    document = {
        "pairs": [asdict(one) for one in judged],
        "left_out": [asdict(pair) for pair in left_out],
    }
    return json.dumps(document, indent=2) + "\n"


def _narrate(text: str) -> None:
    sys.stderr.write(f"{time.perf_counter() - _STARTED:4.0f} s  {text}\n")


if __name__ == "__main__":
    sys.exit(main())
