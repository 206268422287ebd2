"""Several runs written out: as text, as Markdown and by the JSON schema."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.builders import HOSTILE, compared, evidence, hostile_several, repeats, several
from tests.compare.test_several import named
from tests.reports.test_json import checked, missing_from_json
from tests.strategies import whole

from repro_tui.compare.several import Several, compare_several
from repro_tui.compare.spread import Standing
from repro_tui.evidence.model import Evidence, SectionName
from repro_tui.reports import several as words
from repro_tui.reports import spread
from repro_tui.reports.excerpt import excerpt_several
from repro_tui.reports.formats import document
from repro_tui.reports.markdown import markdown
from repro_tui.reports.runs import described
from repro_tui.reports.terminal import plain
from repro_tui.text import visible

EXAMPLES = (several, repeats, hostile_several)
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def test_runs_of_one_name_are_told_apart() -> None:
    assert words.names(several()) == (
        "baseline",
        f"twin ({2:032x})",
        f"twin ({3:032x})",
        "lost",
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_fits_the_schema(example: Any) -> None:
    read = checked(document(example()))
    count = len(read["runs"])
    for section in read["sections"]:
        for change in section["changes"]:
            assert len(change["values"]) == count
            assert len(change["against"]) == count - 1


def test_a_document_says_of_all_what_the_gravest_pair_says() -> None:
    read = checked(document(several()))
    assert read["verdict"]["headline"] == "diverged"
    assert read["verdict"]["exit_code"] == 1
    assert [pair["run"] for pair in read["comparisons"]] == [1, 2, 3]
    assert [pair["verdict"]["headline"] for pair in read["comparisons"]] == [
        "reproduced",
        "diverged",
        "unverifiable",
    ]
    assert read["first_divergence"]["runs"] == [0, 2]
    assert [s["run"] for s in read["suspects"]] == [2]
    assert {n["run"] for n in read["not_compared"]} == {3}
    assert read["spread"] is None


def test_a_spread_is_written_with_its_n() -> None:
    read = checked(document(repeats()))["spread"]
    assert read["count"] == 3
    assert read["among"] == {"inputs": "all the same", "outcomes": "different", "identical": 0}
    loss = next(metric for metric in read["metrics"] if metric["metric"] == "loss")
    assert loss["values"] == [0.127, 0.128, 0.129]
    assert loss["mean"] == pytest.approx(0.128)
    assert loss["deviation"] == pytest.approx(0.001)
    assert loss["standing"] == Standing.INSIDE
    for text in (markdown(repeats()), plain(repeats())):
        assert "The 3 repeats differ among themselves" in text
        assert "Not significant is not the same." in text
        assert "N = 3 and t = 4.303" in text
        assert "0.12303 to 0.13297" in text


@pytest.mark.parametrize(
    ("seeds", "told"), [(("1", "2", "3"), [1, 2, 3]), (("1", "9" * 5000, "2"), [1, None, 2])]
)
def test_executions_on_several_seeds_are_not_said_to_be_nondeterministic(
    seeds: tuple[str, ...], told: list[int | None]
) -> None:
    found = repeats(seeds)
    assert checked(document(found))["spread"]["seeds"] == told
    for text in (markdown(found), plain(found)):
        assert "One run on several seeds" in text
        assert "no sign of nondeterminism" in text
        assert "repeats differ" not in text
    assert checked(document(repeats(("4", "4", "4"))))["spread"]["seeds"] == []
    assert "Repeats of one run" in plain(repeats(("4", "4", "")))


def test_repeats_that_agree_need_no_interval() -> None:
    base, *others = [named(evidence(), number) for number in range(3)]
    agreeing = compare_several(base, others, compared, repeats=True)
    assert agreeing.spread is not None
    assert list(spread.sentences(agreeing.spread)) == [
        "All 2 repeats came out identical, to the bit. So did the original."
    ]


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("full", [False, True])
def test_plain_text_holds_nothing_that_a_terminal_obeys(example: Any, full: bool) -> None:
    text = plain(example(), full=full)
    assert text.endswith("\n")
    assert all(visible(line) == line for line in text.split("\n"))


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("full", [False, True])
def test_markdown_is_tables_and_nothing_that_a_stranger_wrote_is_markup(
    example: Any, full: bool
) -> None:
    tokens = PARSER.parse(markdown(example(), full=full))
    inner = [child for token in tokens for child in token.children or []]
    assert not {t.type for t in inner} & {"link_open", "image", "em_open", "s_open"}
    html = {t.content.strip() for t in (*tokens, *inner) if t.type in ("html_block", "html_inline")}
    assert all(text.startswith(("<details><summary>", "</details>", "<!-- -->")) for text in html)
    assert not any("script" in text for text in html)
    widths: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            widths.append(0)
        elif token.type in ("td_open", "th_open"):
            widths[-1] += 1
        elif token.type == "table_close":
            assert len(set(widths)) == 1
            widths = []


def test_hostile_texts_are_shown_whole() -> None:
    shown = "\n".join(
        child.content
        for token in PARSER.parse(markdown(hostile_several(), full=True))
        for child in token.children or []
    )
    for text in HOSTILE:
        assert visible(text).replace("\\|", "|") in shown.replace("\\x7c", "|")


def test_only_what_differs_anywhere_is_told_unless_asked() -> None:
    short, full = markdown(several()), markdown(several(), full=True)
    assert "| ≠ changed | `lr` | `0.001` | = | ≠ `0.01` | = |" in short
    assert "`epochs`" not in short
    assert "`epochs`" in full
    assert "the folder is gone" in short


def test_an_excerpt_keeps_the_verdicts_and_says_what_it_hides() -> None:
    shown = excerpt_several(repeats(), [SectionName.PARAMS], [])
    for text in (markdown(shown), plain(shown)):
        assert "3 nondeterministic" in text
        assert "Not shown here, but part of these verdicts: code, data" in text
        assert "The 3 repeats differ" in text
        assert "epoch_seconds" not in text
    assert [section["name"] for section in checked(document(shown))["sections"]] == ["params"]


def everything(found: Several) -> str:
    """What a report says after its head, which names runs as no field of JSON does."""
    return markdown(found, full=True).split("Numbers are compared", 1)[1]


def derived(found: Several) -> dict[str, Any]:
    """What the runs are called, and their times as people read them."""
    return {"names": words.names(found), "runs": described(found.runs)}


@settings(max_examples=15, deadline=None)
@given(st.lists(whole, min_size=3, max_size=3))
def test_nothing_that_markdown_prints_is_missing(found: list[Evidence]) -> None:
    runs = [named(one, number) for number, one in enumerate(found)]
    one = compare_several(runs[0], runs[1:], compared, repeats=True)
    read = checked(document(one))
    assert missing_from_json(everything(one), {**read, "derived": derived(one)}) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_of_the_examples_is_missing(example: Any) -> None:
    one = example()
    read = checked(document(one))
    assert missing_from_json(everything(one), {**read, "derived": derived(one)}) == []
