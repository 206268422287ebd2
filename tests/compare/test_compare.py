"""Properties of whole comparisons, over generated evidence."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import (
    RIGHT_ID,
    blob,
    changed,
    compared,
    diverged,
    evidence,
    facts,
    file,
    history,
    known,
    nondeterministic,
    reproduced,
    run,
    unverifiable,
)

from repro_tui.compare.model import Comparison, Finding, Headline, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    FileRef,
    History,
    Key,
    Known,
    Missing,
    Package,
    SectionName,
    Side,
    Unreadable,
)

EXACT = Policy()
names = st.text(st.sampled_from("abc/ *é\x1b|"), min_size=1, max_size=4)
texts = st.text(max_size=12)
floats = st.floats(width=64)
scalars = st.one_of(texts, st.integers(-9, 9), st.booleans(), floats, st.none())
packages = st.builds(
    Package, st.sampled_from(["1.0", "1.1", "2"]), st.sampled_from(["", "https://example.org"])
)
histories = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), floats), min_size=1, max_size=6
).map(lambda found: history(*zip(*[(v, s, t) for s, t, v in sorted(found)], strict=True)))


def section(name: SectionName) -> st.SearchStrategy[dict[Key, Fact]]:
    """Facts of the kinds that the section holds, all of them known."""
    keys: st.SearchStrategy[Key] = st.tuples(names)
    values: st.SearchStrategy[object]
    match name:
        case SectionName.METRICS:
            values = histories
        case SectionName.ARTIFACTS:
            values = st.builds(file, names, st.binary(max_size=6))
        case SectionName.CODE:
            keys = st.one_of(st.just(("commit",)), st.tuples(st.just("files"), names))
            values = st.builds(blob, names, st.binary(max_size=6))
        case SectionName.LOCKFILES:
            keys, values = st.tuples(names, names), packages
        case SectionName.ENVIRONMENT:
            keys = st.one_of(st.tuples(names), st.tuples(st.just("packages"), names))
            values = st.one_of(packages, texts)
        case _:
            values = scalars
    return st.dictionaries(keys, values.map(known), max_size=4)  # type: ignore[arg-type]


whole = st.fixed_dictionaries({name: section(name) for name in SectionName}).map(
    lambda sections: evidence(run(), sections)
)


def with_gaps(complete: Evidence, draw: st.DataObject) -> Evidence:
    for name in SectionName:
        if draw.draw(st.booleans()):
            key = draw.draw(st.sampled_from([(), *complete[name].facts]))
            gaps: list[Fact] = [Missing("lost"), Unreadable("x", "broken")]
            gap = draw.draw(st.sampled_from(gaps))
            complete = changed(complete, name, key, gap)
    return complete


def twin(of: Evidence) -> Evidence:
    return Evidence(replace(of.run, run_id=RIGHT_ID), of.sections)


def kinds(comparison: Comparison) -> dict[SectionName, set[Kind]]:
    return {n: {f.kind for f in s.findings} for n, s in comparison.sections.items()}


@given(whole)
def test_a_run_against_itself_is_identical(complete: Evidence) -> None:
    comparison = compared(complete, twin(complete), EXACT)
    assert all(found <= {Kind.EQUAL} for found in kinds(comparison).values())
    shown = complete[SectionName.METRICS].facts or complete[SectionName.ARTIFACTS].facts
    expected = Headline.REPRODUCED if shown else Headline.UNVERIFIABLE
    assert comparison.verdict.headline is expected
    assert comparison.first_divergence is None
    assert comparison.suspects == ()


@given(whole, st.data())
def test_gaps_are_never_agreement(complete: Evidence, data: st.DataObject) -> None:
    gapped = with_gaps(complete, data)
    comparison = compared(gapped, twin(gapped), EXACT)
    for name in SectionName:
        gaps = [f for f in gapped[name].facts.values() if isinstance(f, Missing | Unreadable)]
        assert comparison[name].count(Kind.UNKNOWN) == len(gaps)
        assert not comparison[name].differing
    if comparison.verdict.headline is Headline.REPRODUCED:
        assert comparison.not_compared == ()


_MIRRORED = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


def mirrored(finding: Finding) -> tuple[str, str, Kind]:
    kind = _MIRRORED.get(finding.kind, finding.kind)
    return repr(finding.right), repr(finding.left), kind


@settings(max_examples=60)
@given(whole, whole, st.data())
def test_comparison_is_symmetric_up_to_swapping_sides(
    left: Evidence, right: Evidence, data: st.DataObject
) -> None:
    left, right = with_gaps(left, data), with_gaps(right, data)
    there, back = compared(left, right, EXACT), compared(right, left, EXACT)
    assert there.verdict.headline is back.verdict.headline
    for name in SectionName:
        expected = sorted(mirrored(f) for f in there[name].findings)
        # Renamed files stand at the left name: sides swap, keys may.
        assert (
            sorted((repr(f.left), repr(f.right), f.kind) for f in back[name].findings) == expected
        )
    assert [s.key for s in there.suspects] == [s.key for s in back.suspects]


@given(whole, st.sampled_from(SectionName), st.data())
def test_any_single_change_is_found(left: Evidence, name: SectionName, data: st.DataObject) -> None:
    present = left[name].facts
    others = data.draw(section(name))
    key = data.draw(st.sampled_from([*present, *others] or [("commit",)]))
    before = present.get(key)
    after = data.draw(st.sampled_from([None, *others.values(), *_bits(before)]))
    comparison = compared(left, twin(changed(left, name, key, after)), EXACT)
    found = comparison[name].differing or tuple(
        finding for finding in comparison[name].findings if finding.note
    )
    assert bool(found) == (_content(before) != _content(after))
    elsewhere = [s for n, s in comparison.sections.items() if n is not name]
    assert not any(s.differing for s in elsewhere)
    if comparison[name].differing:
        outcomes = Headline.NONDETERMINISTIC
        inputs = (Headline.UNAFFECTED, Headline.UNVERIFIABLE)
        headline = comparison.verdict.headline
        assert headline in inputs if name.side is Side.INPUTS else headline is outcomes


def _bits(fact: Fact | None) -> list[Fact]:
    """The smallest change of a value: the last bit of a metric's last point."""
    if not (isinstance(fact, Known) and isinstance(fact.value, History)):
        return []
    values = fact.value.values.copy()
    values.view(np.uint64)[-1] ^= 1
    return [known(replace(fact.value, values=values))]


def _content(fact: Fact | None) -> object:
    """What must be told apart: digests of files, bits of numbers, never times."""
    match fact:
        case Known(value=FileRef(digest=digest)):
            return digest
        case Known(value=History() as found):
            return found.steps.tolist(), found.values.tobytes()
        case Known(value=value):
            return repr(value)
        case _:
            return fact


def test_the_examples_are_what_they_are_called() -> None:
    assert reproduced().verdict.headline is Headline.REPRODUCED
    assert nondeterministic().verdict.headline is Headline.NONDETERMINISTIC
    assert diverged().verdict.headline is Headline.DIVERGED
    assert unverifiable().verdict.headline is Headline.UNVERIFIABLE


def test_every_section_is_compared_in_order() -> None:
    comparison = reproduced()
    assert tuple(comparison.sections) == tuple(SectionName)
    for name, listed in facts().items():
        if name is not SectionName.CODE:  # one commit: its files need no comparison
            assert {f.key for f in comparison[name].findings} == set(listed)
