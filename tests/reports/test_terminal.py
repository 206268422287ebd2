import io
import re

import pytest
from rich.console import Console
from tests.builders import (
    HOSTILE,
    changed,
    compared,
    diverged,
    evidence,
    hostile,
    known,
    nondeterministic,
    reproduced,
    rerun_evidence,
    unverifiable,
)

from repro_tui.evidence.model import SectionName
from repro_tui.reports.terminal import plain, render
from repro_tui.text import visible


@pytest.mark.parametrize("example", [reproduced, nondeterministic, diverged, unverifiable, hostile])
@pytest.mark.parametrize("full", [False, True])
def test_plain_text_holds_nothing_that_a_terminal_obeys(example: object, full: bool) -> None:
    assert callable(example)
    text = plain(example(), full=full)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(visible(line) == line for line in text.split("\n"))


def test_hostile_texts_are_spelled_out_in_colour_as_well() -> None:
    console = Console(file=io.StringIO(), width=400, force_terminal=True, color_system="truecolor")
    with console.capture() as written:
        console.print(render(hostile()))
    text = re.sub(r"\x1b\[[0-9;]*m", "", written.get())
    assert all(c == "\n" or visible(c) == c for c in text)
    for attack in HOSTILE:
        assert visible(attack) in text


def test_the_verdict_comes_first() -> None:
    first = plain(diverged()).splitlines()[0]
    assert first == "diverged (inputs some changed, outcomes different)"


def test_what_is_equal_only_when_asked() -> None:
    assert "OpenBLAS" not in plain(reproduced())
    assert "OpenBLAS" in plain(reproduced(), full=True)


def test_digests_are_whole_on_one_line() -> None:
    text = plain(diverged())
    for name in ("models/digits/weights.bin", "predictions.csv"):
        (line,) = (n for n in text.splitlines() if name in n.replace(" / ", "/") and "sha256" in n)
        assert len(re.findall(r"sha256:[0-9a-f]{64}\b", line)) == 2


def test_long_values_are_folded_not_cut() -> None:
    value = "".join(f"{number:04d}" for number in range(200))
    right = changed(rerun_evidence(), SectionName.PARAMS, ("lr",), known(value))
    text = plain(compared(evidence(), right), full=True)
    assert value in "".join(re.findall(r"[0-9]{199,}", text))


def test_kinds_are_told_without_colour() -> None:
    text = plain(diverged())
    for word in ("≠ changed", "+ added", "- removed", "? unknown", "~ set aside"):
        assert word in text


def test_what_differs_in_a_value_is_underlined() -> None:
    console = Console(file=io.StringIO(), width=400, force_terminal=True, color_system="standard")
    with console.capture() as written:
        console.print(render(diverged()))
    (line,) = (text for text in written.get().splitlines() if " lr " in text and "0.0" in text)
    underlined = re.findall(r"\x1b\[[\d;]*\b4\b[\d;]*m([^\x1b]*)", line)
    assert underlined == ["01", "1"]
