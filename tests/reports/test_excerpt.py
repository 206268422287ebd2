"""`reports.excerpt`: what is out of sight still counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import diverged

from repro_tui.compare.model import Comparison
from repro_tui.compare.verdict import exit_code
from repro_tui.evidence.model import SectionName
from repro_tui.reports.excerpt import excerpt
from repro_tui.reports.formats import FORMATS, written

names = st.frozensets(st.sampled_from(SectionName))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return diverged()


@given(only=names, skip=names)
def test_the_verdict_is_that_of_all_sections(
    comparison: Comparison, only: frozenset[SectionName], skip: frozenset[SectionName]
) -> None:
    shown = excerpt(comparison, only, skip)
    assert set(shown.sections) == (only or set(SectionName)) - skip
    assert exit_code(shown) == exit_code(comparison)
    assert shown.verdict.headline == comparison.verdict.headline
    assert {suspect.section for suspect in shown.suspects} <= set(shown.sections)
    hidden = [name for name in SectionName if name not in shown.sections]
    if hidden:
        assert shown.verdict.reasons[-1].endswith(f"{', '.join(hidden)}.")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_report_says_what_it_leaves_out(comparison: Comparison, format_: str) -> None:
    text = written(excerpt(comparison, (SectionName.METRICS,), ()), format_)
    assert "Not shown here, but part of this verdict: code, params," in text
    assert "momentum" not in text


def test_without_a_choice_nothing_changes(comparison: Comparison) -> None:
    assert excerpt(comparison, (), ()) is comparison
