"""The zoo's table and its judge; the zoo itself takes minutes and has a recipe: `just zoo`."""

from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from benchmarks.zoo.alterations import ALTERATIONS
from benchmarks.zoo.judge import judge
from benchmarks.zoo.model import AS_LOGGED, Altered, Pair, Reexecution, Training
from benchmarks.zoo.table import COMMITS, DATA, ENVIRONMENTS, PAIRS, RUNS
from tests.builders import changed, compared, diverged, evidence, known, rerun_evidence

from repro_tui.compare.model import Headline
from repro_tui.evidence.model import Missing, SectionName
from repro_tui.rerun import plan, project
from repro_tui.rerun.model import Determinism

PROJECT = Path(__file__).parents[2] / "benchmarks" / "zoo" / "project"
RAW = (Path("nowhere"), Path("nowhere"))
WANTED = (
    "identical twins", "timestamp-only differences", "seed", "hash seed", "threads", "data row",
    "data order", "code line", "uncommitted change", "one param", "package patch",
    "package minor", "DataLoader workers", "dtype", "fused optimizer", "environment variable",
    "flipped weight bit", "metric point altered", "NaN", "dropped steps", "no record",
    "no commit", "unreadable artifact", "missing dataset digest",
)  # fmt: skip


def test_every_kind_of_difference_is_in_the_zoo() -> None:
    assert len(PAIRS) >= 40
    assert set(WANTED) <= {pair.kind for pair in PAIRS}
    workloads = {run.entry_point for run in RUNS if isinstance(run, Training)}
    assert {"torch", "numpy", "sklearn", "xgboost"} <= workloads


def test_names_are_unique_and_every_run_is_needed() -> None:
    assert not [name for name, n in Counter(run.name for run in RUNS).items() if n > 1]
    assert not [name for name, n in Counter(pair.name for pair in PAIRS).items() if n > 1]
    originals = {run.of for run in RUNS if isinstance(run, Altered | Reexecution)}
    used = {name for pair in PAIRS for name in (pair.left, pair.right)} | originals
    assert used == {run.name for run in RUNS}


def test_every_run_can_be_made() -> None:
    declared = project.parse((PROJECT / "MLproject").read_text("utf-8"))
    names = {run.name for run in RUNS}
    for run in RUNS:
        if isinstance(run, Training):
            assert {run.commit, run.uncommitted or "base"} <= set(COMMITS)
            assert run.data in DATA
            assert run.environment in ("", *ENVIRONMENTS)
            assert plan.first(
                declared, run.entry_point, run.parameters, repository="/r", commit="0" * 40,
                tracking_uri="", experiment_id="1", run_name="", interpreter="", seed=run.seed,
                determinism=Determinism.SEED,
            ).command  # fmt: skip
        elif isinstance(run, Altered | Reexecution):
            assert run.of in names
    assert {run.alteration for run in RUNS if isinstance(run, Altered)} == set(ALTERATIONS)


@pytest.mark.parametrize("name", [name for name in COMMITS if name != "base"])
def test_a_commit_changes_what_stands_in_the_project_once(name: str) -> None:
    for file, old, new in COMMITS[name]:
        # The pin of the data is written where the data are made.
        if not file.endswith(".dvc"):
            assert (PROJECT / file).read_text("utf-8").count(old) == 1
        assert old != new


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_truth_of_a_pair_is_consistent(pair: Pair) -> None:
    different = pair.headline in (Headline.DIVERGED, Headline.NONDETERMINISTIC)
    assert different or (pair.first is None and not pair.suspect)
    assert pair.first in (None, AS_LOGGED) or isinstance(pair.first, tuple)
    if pair.headline in (Headline.REPRODUCED, Headline.NONDETERMINISTIC):
        assert not {*pair.planted, *pair.follows, *pair.unknown}
    if pair.headline is Headline.DIVERGED:
        assert bool(pair.suspect) == bool(pair.planted)
        assert pair.planted or pair.unknown
    if pair.headline is Headline.MATCHES:
        assert pair.unknown
    if pair.suspect:
        listed = (*pair.planted, *pair.follows)
        assert any(fnmatchcase(p, pair.suspect) or fnmatchcase(pair.suspect, p) for p in listed)


# --- The judge: a truth that is off by anything is noticed --------------------------

TWINS = Pair("twins", "a", "b", Headline.REPRODUCED)
PARAM = Pair(
    "param", "a", "b", Headline.UNAFFECTED, planted=("params:lr",), follows=("params:mom*",)
)


def test_the_judge_is_content_with_the_truth() -> None:
    judged = judge(TWINS, compared(evidence(), rerun_evidence()), RAW)
    assert not judged.missed
    assert not judged.false_alarms


def test_the_judge_notices_what_was_missed() -> None:
    same = compared(evidence(), rerun_evidence())
    assert judge(PARAM, same, RAW).missed == ["params:lr was changed"]
    gap = replace(TWINS, headline=Headline.MATCHES, unknown=("data",))
    assert judge(gap, same, RAW).missed == ["data is not all known"]
    apart = replace(TWINS, headline=Headline.NONDETERMINISTIC, first=("loss", 3))
    assert judge(apart, same, RAW).missed == [
        "the outcomes differ and are called identical",
        "first divergence ('loss', 3), not None",
    ]
    unknowable = replace(TWINS, headline=Headline.UNVERIFIABLE)
    assert judge(unknowable, same, RAW).missed


def test_the_judge_notices_a_false_alarm() -> None:
    lr = changed(rerun_evidence(), SectionName.PARAMS, ("lr",), known("0.01"))
    assert not judge(PARAM, compared(evidence(), lr), RAW).false_alarms
    assert "params:lr was not changed" in judge(TWINS, compared(evidence(), lr), RAW).false_alarms
    gone = changed(rerun_evidence(), SectionName.DATA, (), Missing("nobody logged it"))
    assert "data is called unknown" in judge(TWINS, compared(evidence(), gone), RAW).false_alarms
    alarms = judge(TWINS, diverged(), RAW).false_alarms
    assert "the outcomes are the same and are called different" in alarms


def test_the_judge_holds_the_first_suspect_against_the_truth() -> None:
    pair = Pair("param", "a", "b", Headline.DIVERGED, ("loss", 1), "params:conf", ("*",))
    assert judge(pair, diverged(), RAW).suspect_right
    assert not judge(replace(pair, suspect="randomness:seed"), diverged(), RAW).suspect_right
