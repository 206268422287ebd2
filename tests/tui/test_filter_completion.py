"""What a filter can go on with, and that it never breaks on what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.evidence.tracking.search import parse_filter
from repro_tui.tui.filter_completion import Vocabulary, completions

RUNS = [
    builders.run("a", params={"lr": "0.1", "batch size": "8"}, metrics={"val/loss": 1.0}),
    builders.run("b", params={"lr": "0.01"}, metrics={"loss": 1.0}),
]
KNOWN = Vocabulary(RUNS)


def offered(text: str) -> list[str]:
    return [offer.shown for offer in completions(text, KNOWN)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("par", "params.lr"),
        ("params.b", "params.`batch size`"),
        ("metrics.val", "metrics.`val/loss`"),
        ("params.lr ", "="),
        ("params.lr", "params.lr ="),
        ("params.lr = ", "0.01"),
        ("params.lr = '0.1", "0.1"),
        ("metrics.loss < 0.5 ", "AND"),
        ("metrics.loss < 0.5 and ", "metrics.`val/loss`"),
        ("params.lr IS NULL ", "AND"),
        ("status = 'FA", "FAILED"),
        ("params.lr = 'x AND y' AND attributes.us", "attributes.user_id"),
    ],
)
def test_what_is_offered_first(text: str, first: str) -> None:
    assert offered(text)[0] == first


@pytest.mark.parametrize(
    "text", ["", "metrics.loss <", "params.lr = 'x' OR ", "nothing.x = '", "'"]
)
def test_nothing_is_offered_where_nothing_is_known(text: str) -> None:
    assert offered(text) == []


@given(st.lists(st.integers(0, 5), max_size=8))
def test_taking_what_is_offered_leads_to_filters_that_are_understood(picks: list[int]) -> None:
    text = "params."
    for pick in picks:
        offers = completions(text, KNOWN)
        if not offers:
            break
        text = offers[pick % len(offers)].text
        if text.rstrip().endswith(("'", "NULL")):
            parse_filter(text)


@given(st.text(alphabet="abmetrics.params`'\" =<>!()ANDIN\x1b0123", max_size=40))
def test_any_text_is_taken_and_what_was_finished_stays(text: str) -> None:
    finished = "params.lr = '0.1' AND "
    for offer in completions(finished + text, KNOWN):
        assert offer.text.startswith(finished)
