"""One run written out: the same for a terminal and for scripts, whatever strangers wrote."""

import io
import json

from msgspec.structs import replace
from rich.console import Console
from tests import builders
from tests.builders import HOSTILE, changed, evidence, hostile_evidence, known, run

from repro_tui.evidence.model import NOT_SEEDED, Evidence, Run, SectionName
from repro_tui.evidence.overview import Overview
from repro_tui.evidence.tags import Tag
from repro_tui.reports.show import render, to_json


def overview(of: Evidence) -> Overview:
    return Overview(of.run, of.sections, (), (), ())


def written(of: Evidence, *repeats: Run) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    with console.capture() as captured:
        console.print(render(overview(of), repeats))
    return captured.get()


def again(number: int, **tags: str) -> Run:
    named = {Tag.REEXECUTES: builders.LEFT_ID, Tag.SEED: "7", Tag.DEVICE: "cpu", **tags}
    return run(f"{number:032x}", tags=named)


def test_reexecutions_are_a_history_with_their_verdicts() -> None:
    repeats = (again(2), again(1, **{Tag.VERDICT: "reproduced", Tag.TOLERANCE: "rtol 1e-6"}))
    told = written(evidence(), *repeats)
    assert "2 re-executions" in told
    assert "not compared" in told
    assert "reproduced (rtol 1e-6)" in told
    second = to_json(overview(evidence()), repeats)["re_executions"][1]
    assert (second["seed"], second["device"], second["duration"]) == ("7", "cpu", 60_000)
    assert (second["verdict"], second["tolerance"]) == ("reproduced", "rtol 1e-6")


def test_a_reexecution_names_its_original() -> None:
    of = Evidence(again(1, **{Tag.VERDICT: "diverged"}), evidence().sections)
    assert f"{builders.LEFT_ID}: diverged" in written(of)


def test_what_is_missing_comes_with_what_to_do() -> None:
    unseeded = changed(evidence(), SectionName.RANDOMNESS, ("torch", "seed"), known(NOT_SEEDED))
    told = written(unseeded)
    assert "○ seeds: nobody seeded torch" in told
    assert "Next time\n  - Record with `repro-tui record --seed 1 -- COMMAND`" in told
    assert "Next time" not in written(evidence())


def test_hostile_texts_are_spelled_out() -> None:
    left, _ = hostile_evidence()
    params = dict.fromkeys(HOSTILE, "\x1b[2J") | {"long": "x" * 100_000}
    of = Evidence(replace(left.run, params=params), left.sections)
    told = written(of, again(1, **{Tag.VERDICT: HOSTILE[0], Tag.SEED: HOSTILE[0]}))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert len(told) < 50_000
    assert json.loads(json.dumps(to_json(overview(of), ()), allow_nan=False))
