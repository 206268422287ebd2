"""The gauge: its words are true, and to know more never lowers it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.builders import changed, evidence, known, run
from tests.strategies import full, with_gaps

from repro_tui.evidence.gauge import Gauge, Group, Level, gauge, seen_on_page
from repro_tui.evidence.model import (
    NOT_SEEDED,
    Evidence,
    Fact,
    FileRef,
    Key,
    LocalFile,
    Missing,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.tags import Tag

LOWEST_FIRST = list(Level)


def measured(of: Evidence) -> Gauge:
    return gauge(of.run, of.sections)


def ranks(of: Evidence) -> list[int]:
    return [LOWEST_FIRST.index(grade.level) for grade in measured(of).grades]


def told(of: Evidence, group: Group, part: str) -> str:
    return next(p.told for p in measured(of)[group].parts if p.name == part)


@pytest.mark.parametrize("facts", [{}, {(): Missing("nobody recorded it")}])
def test_of_empty_evidence_everything_is_missing(facts: dict[Key, Fact]) -> None:
    empty = Evidence(run(metrics={}), {name: Section(name, facts) for name in SectionName})
    assert measured(empty).cells == "○○○○○"
    assert all(part.advice for _, part in measured(empty).gaps)


def test_of_complete_evidence_everything_is_known() -> None:
    assert measured(evidence()).cells == "●●●●●"
    assert measured(evidence()).gaps == ()
    assert measured(evidence()).advice == ()


def test_what_was_not_read_is_told_from_what_is_missing() -> None:
    bare = gauge(run(), {})
    assert bare.cells == "····◐"
    assert not bare.advice


@given(full, st.data())
@settings(max_examples=150, deadline=None)
def test_to_know_less_never_raises_a_level(whole: Evidence, draw: st.DataObject) -> None:
    complete = {name: {**evidence()[name].facts, **whole[name].facts} for name in SectionName}
    one = evidence(run(), complete)
    for _ in range(3):
        less = with_gaps(one, draw)
        assert all(a <= b for a, b in zip(ranks(less), ranks(one), strict=True))
        one = less


@given(full, st.data())
@settings(max_examples=100, deadline=None)
def test_one_more_fact_never_lowers_a_level(more: Evidence, draw: st.DataObject) -> None:
    held = with_gaps(evidence(), draw)
    for name in SectionName:
        for key, fact in more[name].facts.items():
            richer = changed(held, name, key, fact)
            assert all(a >= b for a, b in zip(ranks(richer), ranks(held), strict=True))
            held = richer


@pytest.mark.parametrize(
    ("section", "key", "fact", "group", "part", "words"),
    [
        (SectionName.CODE, ("commit",), Missing("no Git"), Group.CODE, "commit", "no Git"),
        (
            SectionName.CODE, ("uncommitted changes",), known("sha256:00", "record.json"),
            Group.CODE, "uncommitted changes", "only their digest is known: sha256:00",
        ),
        (
            SectionName.CODE, ("files",), Missing("no Git repository is at /x on this machine"),
            Group.CODE, "source", "no Git repository is at /x on this machine",
        ),
        (
            SectionName.ENVIRONMENT, ("packages",), Missing("only pins"),
            Group.ENVIRONMENT, "packages", "2 fixed by test; 2 packages locked in test",
        ),
        (
            SectionName.DATA, ("datasets", "digits (training)", "rows beyond the digest"),
            Missing("MLflow's digest sees the first 10,000 rows; there are 20,000"),
            Group.DATA, "datasets", "sees the first 10,000 rows",
        ),
        (
            SectionName.RANDOMNESS, ("torch", "seed"), known(NOT_SEEDED),
            Group.RANDOMNESS, "seeds", "nobody seeded torch",
        ),
        (
            SectionName.RANDOMNESS, ("PYTHONHASHSEED",), known("not set"),
            Group.RANDOMNESS, "switches", "nobody fixed the hash seed",
        ),
        (
            SectionName.RANDOMNESS, (), Missing("the recorder was not active"),
            Group.RANDOMNESS, "seeds", "torch (test); not every generator",
        ),
        (
            SectionName.ARTIFACTS, ("plots/loss.txt",), Unreadable("plots/loss.txt", "a pipe"),
            Group.OUTCOMES, "artifacts", "2 files; not all: plots/loss.txt: a pipe",
        ),
        (
            SectionName.METRICS, (), Unreadable("tracking store", "it is locked"),
            Group.OUTCOMES, "metrics", "3 metrics; not all: tracking store: it is locked",
        ),
    ],
)  # fmt: skip
def test_a_gap_is_named_with_its_reason_and_what_to_do(
    section: SectionName, key: Key, fact: Fact, group: Group, part: str, words: str
) -> None:
    lacking = changed(evidence(), section, key, fact)
    assert words in told(lacking, group, part)
    assert measured(lacking)[group].level in (Level.PARTLY, Level.MISSING)
    assert {name for name, _ in measured(lacking).gaps} == {group}
    assert all(advice.endswith(".") for advice in measured(lacking).advice)
    assert measured(lacking).advice


def test_uncommitted_changes_that_were_kept_are_known() -> None:
    patch = FileRef("changes.patch", 120, "sha256:00", LocalFile("/x/changes.patch"))
    kept = changed(evidence(), SectionName.CODE, ("uncommitted changes",), known(patch))
    assert measured(kept)[Group.CODE].level is Level.KNOWN
    assert told(kept, Group.CODE, "uncommitted changes") == "changes.patch, 120 bytes (test)"


def test_data_that_only_dvc_pins_is_partly_known() -> None:
    dvc: dict[Key, Fact] = {
        ("datasets",): Missing("no dataset was logged"),
        ("dvc", "data/raw.csv", "md5"): known("5d41"),
    }
    pinned = evidence(sections={SectionName.DATA: dvc})
    assert measured(pinned)[Group.DATA].level is Level.PARTLY
    assert told(pinned, Group.DATA, "datasets") == "1 file pinned by DVC; none was logged"


def test_a_run_that_goes_on_has_no_whole_outcome() -> None:
    going = replace(evidence(), run=run(status="RUNNING", end_time=None))
    assert measured(going)[Group.OUTCOMES].level is Level.PARTLY


# --- What a page tells ---------------------------------------------------------------


def seen(tags: dict[str, str], **fields: Any) -> Gauge:
    of = run(tags=tags, **fields)
    return gauge(of, seen_on_page(of))


def test_of_a_plain_run_a_page_tells_what_a_record_alone_could() -> None:
    plain = {Tag.GIT_COMMIT: builders.COMMIT, Tag.SOURCE_NAME: "train.py"}
    found = seen(plain)
    assert found.cells == "◐··○◐"
    assert [part.name for _, part in found.gaps] == [
        "uncommitted changes", "command", "system", "device", "seeds", "switches",
    ]  # fmt: skip
    assert seen({}, metrics={}).cells == "···○·"


def test_of_an_announced_record_nothing_is_said_to_be_missing() -> None:
    announced = {
        Tag.RECORD: "20261124-000000", Tag.COMMIT: builders.COMMIT, Tag.SOURCE_NAME: "train.py",
        Tag.DIRTY: "true", Tag.PYTHON: "cpython 3.11.7", Tag.SEED: "7",
    }  # fmt: skip
    found = seen(announced)
    assert found.cells == "◐◐·◐◐"
    assert found.advice == ()
    for group, part in found.gaps:
        assert part.told.endswith("the rest was not looked at yet"), group


def test_a_param_that_is_called_a_seed_is_a_part_of_what_is_known() -> None:
    found = seen({}, params={"train/random_state": "3"})
    seeds = found[Group.RANDOMNESS].parts[0]
    assert (seeds.level, seeds.told) == (
        Level.PARTLY,
        "3 (param train/random_state); not what it seeded",
    )
    assert seen({}, params={"seed": "none"}).cells[3] == "○"
