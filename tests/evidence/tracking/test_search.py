"""MLflow's search syntax, read and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.search import (
    Comparison,
    Entity,
    SortKey,
    parse_filter,
    parse_order,
)
from repro_tui.text import visible


def test_a_filter_is_read() -> None:
    assert parse_filter(
        "metrics.loss<0.1 and params.`batch size` = \"it's\" AND run_id in ('a', 'b')"
        " AND tag.x.y is  not null AND start_time >= 17 AND dataset.context ILIKE '%n'"
    ) == (
        Comparison(Entity.METRIC, "loss", "<", 0.1),
        Comparison(Entity.PARAM, "batch size", "=", "it's"),
        Comparison(Entity.ATTRIBUTE, "run_id", "IN", ("a", "b")),
        Comparison(Entity.TAG, "x.y", "IS NOT NULL", None),
        Comparison(Entity.ATTRIBUTE, "start_time", ">=", 17),
        Comparison(Entity.DATASET, "context", "ILIKE", "%n"),
    )
    assert parse_filter("  ") == ()


def test_an_order_is_read() -> None:
    assert parse_order(("Created", "metrics.`val loss` desc", 'tag."a b" ASC')) == (
        SortKey(Entity.ATTRIBUTE, "start_time", descending=False),
        SortKey(Entity.METRIC, "val loss", descending=True),
        SortKey(Entity.TAG, "a b", descending=False),
    )


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("metrics.loss ~ 3", "character 14, “~ 3”", "compared by one of =, !=, <"),
        ("metrics.loss < 'a'", "character 16", "compared with a number"),
        ("params.lr = 0.1", "character 13", "a text in quotes"),
        ("params.lr = 'a' or x = 'b'", "character 17, “or x", "joined by AND"),
        ("params.lr = 'a' AND", "at its end", "a name"),
        ("colour.lr = 'a'", "character 1, “colour", "none of attributes, metrics"),
        ("color = 'a'", "character 1", "the attributes are run_id"),
        ("status IN ('a')", "character 8", "compared by one of"),
        ("run_id IN 'a'", "character 11", "a list in parentheses"),
        ("run_id IN ('a'", "at its end", "not closed"),
        ("params.lr = '\x1b[2J", r"character 13, “'\x1b[2J”", "a text in quotes"),
    ],
)
def test_a_mistake_is_pointed_to(text: str, where: str, why: str) -> None:
    with pytest.raises(ReproError) as refusal:
        parse_filter(text)
    assert where in refusal.value.message
    assert why in refusal.value.message
    assert refusal.value.hint


@pytest.mark.parametrize("clause", ["", "metrics.loss UP", "dataset.name", "nothing", "a.b.c"])
def test_a_mistaken_order_is_refused(clause: str) -> None:
    with pytest.raises(ReproError, match="order is not understood"):
        parse_order((clause,))


def test_sorting_twice_by_one_name_is_refused() -> None:
    with pytest.raises(ReproError, match="another clause sorts by the same name"):
        parse_order(("created", "start_time DESC"))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    said = ""
    try:
        found = parse_filter(text)
    except ReproError as refusal:
        said = refusal.message
    assert said == visible(said)
    assert said or bool(found) == bool(text.strip())


@given(
    key=st.text(st.characters(exclude_characters="`"), min_size=1),
    value=st.text(st.characters(exclude_characters="'")),
    number=st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_name_and_value_can_be_asked_for(key: str, value: str, number: float) -> None:
    found = parse_filter(f"tags.`{key}` = '{value}' AND metrics.`{key}` < {number!r}")
    assert found == (
        Comparison(Entity.TAG, key, "=", value),
        Comparison(Entity.METRIC, key, "<", number),
    )
