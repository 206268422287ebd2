"""Where two texts differ: what is marked, and that what is not marked is the same."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.compare.inline import Spans, spans


def marked(text: str, found: Spans) -> str:
    """The text with what differs in brackets."""
    for start, end in reversed(found):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def rest(text: str, found: Spans) -> str:
    for start, end in reversed(found):
        text = text[:start] + text[end:]
    return text


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("1.234567", "1.234589", ("1.2345[67]", "1.2345[89]")),
        ("0.001", "0.01", ("0.0[01]", "0.0[1]")),
        ("10.5", "1.5", ("[10.5]", "[1.5]")),
        ("1.25e-05", "1.75e-05", ("1.[25]e-05", "1.[75]e-05")),
        ("1.25e-05", "1.25e-04", ("[1.25e-05]", "[1.25e-04]")),
        ("-0.5", "0.5", ("[-]0.5", "0.5")),
        ("2.9.0", "2.10.0", ("2.[9].0", "2.[10].0")),
        ('{"layers": [64, 32]}', '{"layers": [64, 16]}',
         ('{"layers": [64, [32]]}', '{"layers": [64, [16]]}')),
        ("train the model fast", "train the model", ("train the model[ fast]", "train the model")),
        ("confs/base.yaml", "confs/wide.yaml", ("confs/[base].yaml", "confs/[wide].yaml")),
        ("adam", "adamw", ("adam", "adam[w]")),
        ("sha256:1a2b3c4d… (9 bytes)", "sha256:1a2b3cff… (12 bytes)",
         ("sha256:[1a2b3c4d]… ([9] bytes)", "sha256:[1a2b3cff]… ([12] bytes)")),
        ("cat", "dog", ("[cat]", "[dog]")),
        ("same", "same", ("same", "same")),
        ("", "x", ("", "[x]")),
    ],
)  # fmt: skip
def test_what_differs_is_marked(left: str, right: str, wanted: tuple[str, str]) -> None:
    found = spans(left, right)
    assert (marked(left, found[0]), marked(right, found[1])) == wanted


_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="01.9e-ab {}[],:\n", max_size=60),
    st.floats().map(repr),
)


@given(_TEXTS, _TEXTS)
def test_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    a, b = spans(left, right)
    assert rest(left, a) == rest(right, b)
    assert bool(a or b) == (left != right)
    for text, found in ((left, a), (right, b)):
        assert all(0 <= start < end <= len(text) for start, end in found)
        assert all(x[1] < y[0] for x, y in pairwise(found))


@given(_TEXTS)
def test_equal_texts_have_nothing_marked(text: str) -> None:
    assert spans(text, text) == ((), ())


@given(st.text(max_size=30), _TEXTS, _TEXTS, st.text(max_size=30))
def test_either_side_can_be_the_left_one(head: str, left: str, right: str, tail: str) -> None:
    a, b = head + left + tail, head + right + tail
    one, other = spans(a, b), spans(b, a)
    assert rest(a, one[0]) == rest(b, one[1])
    assert rest(b, other[0]) == rest(a, other[1])


def test_long_texts_cost_little() -> None:
    left, right = ("x " * 30_000), ("y " * 30_000)
    assert spans(left, right) == (((0, 59_999),), ((0, 59_999),))
