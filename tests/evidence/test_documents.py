from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import (
    load_json,
    load_toml,
    load_yaml,
    mapping,
    sequence,
    string,
    tables,
)

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


def test_yaml_scalars_are_what_was_written() -> None:
    text = "python: 3.10\nmd5: 12345678e9\nyes: no\nday: 2001-99-99\nnothing:\n"
    assert load_yaml(text) == {
        "python": "3.10",
        "md5": "12345678e9",
        "yes": "no",
        "day": "2001-99-99",
        "nothing": "",
    }


def test_yaml_aliases_are_refused() -> None:
    with pytest.raises(ReproError, match="aliases"):
        load_yaml(BOMB)


def test_yaml_tags_make_no_objects() -> None:
    assert load_yaml("!!python/object/apply:os.system [echo]") == ["echo"]


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (load_yaml, "[" * 100_000),
        (load_yaml, "- " * 5_000),
        (load_json, "[" * 200_000),
        (load_toml, "a = " + "[" * 200_000),
        (load_yaml, "a: [1"),
        (load_yaml, "a: 1\n---\nb: 2\n"),
        (load_yaml, "\0"),
        (load_yaml, "? [a, b]\n: c\n"),
        (load_json, "{"),
        (load_json, "1" * 10_000),
        (load_toml, "a = "),
        (load_toml, "a = " + "1" * 10_000),
    ],
)
def test_bad_documents_are_errors_in_words(load: Callable[[str], object], text: str) -> None:
    with pytest.raises(ReproError, match=r"It (is|has)"):
        load(text)


def test_what_is_absent_is_empty_and_what_is_wrong_is_named() -> None:
    assert (mapping(None, "x"), sequence(None, "x"), string(None, "x")) == ({}, [], "")
    for narrow, value in ((mapping, [1]), (sequence, {"a": 1}), (string, 1), (tables, [1])):
        with pytest.raises(ReproError, match="x is no"):
            narrow(value, "x")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for load in (load_json, load_toml, load_yaml):
        assert outcome(load, text) != ""


def outcome(load: Callable[[str], object], text: str) -> tuple[object] | str:
    """What loading gives, or the message of a ReproError; all else is raised."""
    try:
        return (load(text),)
    except ReproError as error:
        return error.message
