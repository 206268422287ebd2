"""Comparisons of examples, whole."""

from tests.builders import diverged, facts, nondeterministic, reproduced, unverifiable

from repro_tui.compare.model import Headline
from repro_tui.evidence.model import SectionName


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
