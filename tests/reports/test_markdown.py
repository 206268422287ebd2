import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.builders import (
    HOSTILE,
    changed,
    compared,
    diverged,
    evidence,
    file,
    hostile,
    known,
    nondeterministic,
    reproduced,
    rerun_evidence,
    unverifiable,
)

from repro_tui.compare.model import Comparison
from repro_tui.evidence.model import SectionName
from repro_tui.reports.markdown import markdown
from repro_tui.reports.markdown.primitives import code, prose
from repro_tui.text import visible

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")
EXAMPLES = (reproduced, nondeterministic, diverged, unverifiable, hostile)


def tokens(text: str) -> list[Token]:
    return [inner for token in PARSER.parse(text) for inner in (token, *(token.children or []))]


def said(text: str) -> str:
    """What a reader sees: text and code, without markup."""
    kinds = ("text", "code_inline", "fence")
    return "\n".join(token.content for token in tokens(text) if token.type in kinds)


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("full", [False, True])
def test_it_ends_in_one_newline_and_holds_only_our_html(example: object, full: bool) -> None:
    assert callable(example)
    text = markdown(example(), full=full)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    found = tokens(text)
    assert not {t.type for t in found} & {"link_open", "image", "em_open", "s_open"}
    ours = re.compile(
        r"<details><summary>(<code>[^<>]*</code>|[^<>&@]*)</summary>|</details>|<!-- -->"
    )
    for token in found:
        if token.type in ("html_block", "html_inline"):
            assert ours.fullmatch(token.content.strip()), token.content
    assert all(c == "\n" or visible(c) == c for c in text)
    opened, closed = (
        sum(t.content.count(tag) for t in found if t.type == "html_block")
        for tag in ("<details>", "</details>")
    )
    assert opened == closed


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_table_row_has_as_many_cells_as_its_head(example: object) -> None:
    assert callable(example)
    counts: list[int] = []
    for token in PARSER.parse(markdown(example(), full=True)):
        if token.type == "tr_open":
            counts.append(0)
        elif token.type in ("td_open", "th_open"):
            counts[-1] += 1
        elif token.type == "table_close":
            assert len(set(counts)) == 1
            counts = []


def lines(comparison: Comparison, *, full: bool = False) -> list[str]:
    return markdown(comparison, full=full).splitlines()


def test_the_verdict_comes_first_with_what_it_rests_on() -> None:
    found = lines(diverged())
    assert found[0] == "# diverged: `baseline` and `re-execution`"
    assert found[2] == "Inputs **some changed**, outcomes **different**."
    assert "- Outcomes that differ: 2 in metrics, 3 in artifacts." in found
    assert "## Suspects" in found
    assert any(line.startswith("1. params `conf`") for line in found)
    assert "Not known, and so not cleared: environment `libraries`." in found


def test_only_what_is_not_plainly_equal_is_told_unless_asked() -> None:
    short, full = markdown(diverged()), markdown(diverged(), full=True)
    assert "| ≠ changed | `lr` | `0.001` | `0.01` |" in short
    assert "`epochs` | `3` | `3.0` | the same value, written differently" in short
    assert "OpenBLAS" not in short
    assert "packages / numpy" not in short
    assert "packages / numpy" in full
    assert "### randomness" not in short
    assert "### randomness" in full
    assert "| `test` |" in full


def test_a_reproduced_run_needs_few_words() -> None:
    text = markdown(reproduced())
    assert text.startswith("# reproduced: ")
    assert "## Suspects" not in text
    assert "## First divergence" not in text
    assert len(text.splitlines()) < 80


def test_digests_are_whole() -> None:
    right = changed(
        rerun_evidence(), SectionName.ARTIFACTS, ("predictions.csv",), known(file("p", b"other"))
    )
    text = markdown(compared(evidence(), right))
    for side in (evidence(), right):
        fact = side[SectionName.ARTIFACTS].facts["predictions.csv",]
        assert fact.value.digest in text  # type: ignore[union-attr]  # a known file


def test_a_long_value_is_cut_around_its_difference_and_whole_in_full() -> None:
    values = ["x" * 500 + end + "y" * 500 for end in ("left", "right")]
    sides = [
        changed(side, SectionName.PARAMS, ("prompt",), known(value))
        for side, value in zip((evidence(), rerun_evidence()), values, strict=True)
    ]
    short, full = (markdown(compared(sides[0], sides[1]), full=f) for f in (False, True))
    assert "xleft" in short
    assert "xright" in short
    assert values[0] not in short
    assert values[0] in full
    assert values[1] in full


def test_many_findings_are_folded() -> None:
    right = rerun_evidence()
    for number in range(40):
        right = changed(right, SectionName.PARAMS, (f"p{number}",), known("1"))
    assert "<details><summary>40 findings</summary>" in markdown(compared(evidence(), right))
    assert "40 findings" not in markdown(compared(evidence(), right), full=True)


def test_long_texts_are_shown_by_their_first_lines_so_that_a_forge_takes_them() -> None:
    left, right = ("\n".join(f"{n},{n * k}" for n in range(3000)) for k in (2, 3))
    sides = [
        changed(side, SectionName.ARTIFACTS, ("log.txt",), known(file("log.txt", text.encode())))
        for side, text in ((evidence(), left), (rerun_evidence(), right))
    ]
    found = compared(sides[0], sides[1])
    short, full = markdown(found), markdown(found, full=True)
    assert len(short) < 65_536  # the most that GitHub takes as a comment
    (fence,) = (t for t in PARSER.parse(short) if t.type == "fence")
    assert len(fence.content.splitlines()) == 60
    assert re.search(r"Not shown: [\d,]+ further lines\. More lines differ", short)
    assert len(full) > len(short) + 20_000


def test_code_is_diffed_in_a_fence_that_its_lines_cannot_close() -> None:
    text = markdown(hostile())
    fences = [t for t in PARSER.parse(text) if t.type == "fence"]
    assert fences
    assert all(t.info == "diff" for t in fences)
    assert any("```" in t.content and len(t.markup) > 3 for t in fences)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_and_do_nothing(text: str) -> None:
    shown = said(markdown(hostile(), full=True))
    assert visible(text).replace("\\|", "|") in shown.replace("\\x7c", "|")


@given(st.text(min_size=1) | st.text(st.sampled_from(" `a|\\"), min_size=1))
def test_a_code_span_holds_any_text_whole(text: str) -> None:
    (inline,) = PARSER.parse(f"a {code(text)} b")[1:2]
    found = [t for t in inline.children or [] if t.type == "code_inline"]
    assert [t.content for t in found] == [visible(text)]


@given(st.text(st.sampled_from("a`|\\*_[]()<>!&#@:/~w.x-")))
def test_prose_shows_any_text_and_means_nothing(text: str) -> None:
    (inline,) = PARSER.parse(f"a {prose(text)} b")[1:2]
    children = inline.children or []
    assert {t.type for t in children} <= {"text", "text_special", "html_inline"}
    shown = "".join(t.content for t in children if t.type != "html_inline")
    assert shown == f"a {text} b"
    assert not re.search(r"[@#]\w|://|www\.", prose(text))
