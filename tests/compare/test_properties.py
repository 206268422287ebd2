"""What holds for every comparison, over generated evidence."""

import ast
import json
from decimal import Decimal, InvalidOperation
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import changed, compared, evidence, known, run
from tests.strategies import Change, changes, curves, full, policies, twin, whole, with_gaps

from repro_tui.compare.mappings import WRITTEN_DIFFERENTLY
from repro_tui.compare.model import Comparison, Finding, Headline, InputsVerdict, Kind
from repro_tui.compare.model import OutcomesVerdict as Outcomes
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    History,
    Key,
    Known,
    Missing,
    SectionName,
    Side,
    Unreadable,
)

EXACT = Policy()


def kinds(comparison: Comparison) -> dict[SectionName, set[Kind]]:
    return {n: {f.kind for f in s.findings} for n, s in comparison.sections.items()}


# --- A run against itself ----------------------------------------------------------


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


@settings(max_examples=50)
@given(whole, st.data(), policies)
def test_no_policy_finds_a_difference_between_a_run_and_itself(
    complete: Evidence, data: st.DataObject, policy: Policy
) -> None:
    gapped = with_gaps(complete, data)
    comparison = compared(gapped, twin(gapped), policy)
    for name, found in kinds(comparison).items():
        gaps = any(isinstance(f, Missing | Unreadable) for f in gapped[name].facts.values())
        assert found <= ({Kind.EQUAL, Kind.UNKNOWN, Kind.SET_ASIDE} if gaps else {Kind.EQUAL})
    assert comparison.verdict.headline not in (Headline.NONDETERMINISTIC, Headline.DIVERGED)


# --- Swapping sides ----------------------------------------------------------------

_MIRRORED = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


def mirrored(finding: Finding) -> tuple[str, str, Kind, str]:
    kind = _MIRRORED.get(finding.kind, finding.kind)
    return repr(finding.right), repr(finding.left), kind, finding.rule


@settings(max_examples=60)
@given(whole, whole, st.data(), policies)
def test_comparison_is_symmetric_up_to_swapping_sides(
    left: Evidence, right: Evidence, data: st.DataObject, policy: Policy
) -> None:
    if data.draw(st.booleans(), "close to each other"):
        right = left
        for _ in range(data.draw(st.integers(1, 3))):
            right = data.draw(changes(right)).made(right) if _ungapped(right) else right
    left, right = with_gaps(left, data), with_gaps(right, data)
    policy = data.draw(st.sampled_from([EXACT, policy]))
    there, back = compared(left, twin(right), policy), compared(twin(right), left, policy)
    assert _words(there) == _words(back)
    for name in SectionName:
        expected = sorted(mirrored(f) for f in there[name].findings)
        # Renamed files stand at the left name: sides swap, keys may.
        assert expected == sorted(
            (repr(f.left), repr(f.right), f.kind, f.rule) for f in back[name].findings
        )
    assert sorted(s.key for s in there.suspects) == sorted(s.key for s in back.suspects)


@given(curves, curves)
def test_the_first_divergence_is_the_same_from_either_side(
    left: dict[Key, Fact], right: dict[Key, Fact]
) -> None:
    sides = [evidence(run(), {SectionName.METRICS: metrics}) for metrics in (left, right)]
    first = compared(sides[0], twin(sides[1]), EXACT).first_divergence
    last = compared(twin(sides[1]), sides[0], EXACT).first_divergence
    if first is None or last is None:
        assert first is last
        assert all(_points(left[key]) == _points(right[key]) for key in left.keys() & right.keys())
    else:
        assert (first.metric, first.step, first.ulp) == (last.metric, last.step, last.ulp)
        assert repr((first.left, first.right)) == repr((last.right, last.left))


def _points(fact: Fact) -> list[tuple[int, str]]:
    assert isinstance(fact, Known)
    assert isinstance(fact.value, History)
    return sorted(
        zip(fact.value.steps.tolist(), map(repr, fact.value.values.tolist()), strict=True)
    )


def _ungapped(complete: Evidence) -> bool:
    return all(isinstance(f, Known) for s in complete.sections.values() for f in s.facts.values())


def _words(comparison: Comparison) -> tuple[Headline, InputsVerdict, Outcomes]:
    settled = comparison.verdict
    return settled.headline, settled.inputs, settled.outcomes


# --- One change --------------------------------------------------------------------


@settings(max_examples=120)
@given(full, st.data())
def test_any_single_change_in_any_section_is_found_there_and_nowhere_else(
    left: Evidence, data: st.DataObject
) -> None:
    left = changed(left, SectionName.CODE, ("commit",), known("c0ffee"))
    change = data.draw(changes(left))
    comparison = compared(left, twin(change.made(left)), EXACT)
    for name, found in kinds(comparison).items():
        if name is not change.section:
            assert found <= {Kind.EQUAL}, name
    told = [
        finding
        for finding in comparison[change.section].findings
        if finding.kind is not Kind.EQUAL or finding.note == WRITTEN_DIFFERENTLY
    ]
    assert [f.key for f in told] == [change.key]
    settled = comparison.verdict
    if told[0].kind is Kind.EQUAL:
        assert _meaning(change, "before") == _meaning(change, "after")
        return
    assert told[0].kind is (Kind.UNKNOWN if isinstance(change.after, Missing) else told[0].kind)
    assert told[0].kind in (Kind.CHANGED, Kind.ADDED, Kind.REMOVED, Kind.UNKNOWN)
    if change.section.side is Side.INPUTS:
        assert settled.inputs is not InputsVerdict.SAME
        assert settled.outcomes is Outcomes.IDENTICAL
        assert settled.headline in (Headline.UNAFFECTED, Headline.MATCHES)
    else:
        assert settled.inputs is InputsVerdict.SAME
        assert settled.outcomes in (Outcomes.DIFFERENT, Outcomes.UNKNOWN)
        assert settled.headline in (Headline.NONDETERMINISTIC, Headline.UNVERIFIABLE)


def _meaning(change: Change, side: str) -> Any:
    """What a param spells: a truth value, an exact number, or a document without its layout."""
    fact = getattr(change, side)
    assert isinstance(fact, Known)
    text = str(fact.value).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    try:
        spelled = Decimal(text)
    except InvalidOperation:
        pass
    else:
        return "nan" if spelled.is_nan() else (spelled.is_signed(), spelled)
    try:
        return _canonical(json.loads(text))
    except ValueError:
        return _canonical(ast.literal_eval(text))


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((repr(key), _canonical(inner)) for key, inner in value.items()))
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} {[_canonical(inner) for inner in value]}"
    return repr(value)
