import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.compare import texts
from repro_tui.compare.model import DiffMark, TextDetail


def shown(detail: TextDetail) -> list[str]:
    return [f"{line.mark}{line.text}" for line in detail.lines]


def test_a_changed_line_stands_in_its_context() -> None:
    left = "".join(f"line {n}\n" for n in range(20))
    detail = texts.diff(left, left.replace("line 9\n", "line nine\n"))
    assert shown(detail) == [
        "@6 equal lines",
        *(f" line {n}" for n in (6, 7, 8)),
        "-line 9",
        "+line nine",
        *(f" line {n}" for n in (10, 11, 12)),
        "@7 equal lines",
    ]
    assert detail.summary == "1 line removed, 1 line added"
    assert (detail.lines[4].left, detail.lines[5].right, detail.lines[6].right) == (10, 10, 11)


def test_a_moved_block_keeps_the_longer_part_in_place() -> None:
    detail = texts.diff("a\nb\nc\nd\n", "d\na\nb\nc\n")
    assert shown(detail) == ["+d", " a", " b", " c", "-d"]


def test_line_endings_and_the_last_newline_are_differences() -> None:
    assert shown(texts.diff("a\r\n", "a\n")) == ["-a\r", "+a"]
    detail = texts.diff("a\n", "a")
    assert shown(detail) == ["-a", "+a"]
    assert detail.summary.endswith("only the left one ends with a newline")


def test_empty_against_something() -> None:
    assert shown(texts.diff("", "a\n")) == ["+a"]
    assert texts.diff("", "").lines == ()


def test_too_many_differences_are_cut_and_say_so() -> None:
    left = "".join(f"{n}\n" for n in range(5000))
    detail = texts.diff(left, "")
    assert detail.cut
    assert detail.summary == "5,000 lines removed, 0 lines added"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a\nb\n" * 20_000, "b\na\na\n" * 20_000),
        ("".join(f"{n}\n" for n in range(40_000)), "".join(f"{n}\n" for n in range(40_000, 0, -1))),
        ("x\n" * 50_000 + "y\n", "y\n" + "x\n" * 49_000),
    ],
)
def test_hostile_texts_take_seconds_at_most(left: str, right: str) -> None:
    before = time.process_time()
    detail = texts.diff(left, right)
    assert time.process_time() - before < 5
    assert detail.lines


@given(*[st.lists(st.sampled_from("abcde\r"), max_size=30).map("\n".join)] * 2)
def test_both_texts_can_be_rebuilt_from_the_lines(left: str, right: str) -> None:
    detail = texts.diff(left, right)
    lines = {DiffMark.REMOVED: 0, DiffMark.ADDED: 0}
    sides = {
        "left": left.removesuffix("\n").split("\n"),
        "right": right.removesuffix("\n").split("\n"),
    }
    for line in detail.lines:
        if line.mark in lines:
            lines[line.mark] += 1
        if line.left is not None:
            assert sides["left"][line.left - 1] == line.text
        if line.right is not None:
            assert sides["right"][line.right - 1] == line.text
    assert (left == right) == (sum(lines.values()) == 0)
    count = len(sides["left"] if left else []) - lines[DiffMark.REMOVED]
    assert count == len(sides["right"] if right else []) - lines[DiffMark.ADDED]


def test_only_utf8_without_nul_is_text() -> None:
    assert texts.decode("é\n".encode()) == "é\n"
    assert texts.decode(b"\xff") is None
    assert texts.decode(b"a\0b") is None
