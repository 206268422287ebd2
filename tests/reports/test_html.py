"""The page: whole, inert, without anything from elsewhere, readable without colour."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from tests.builders import (
    HOSTILE,
    changed,
    compared,
    diverged,
    evidence,
    history,
    hostile,
    hostile_several,
    known,
    nondeterministic,
    repeats,
    reproduced,
    rerun_evidence,
    several,
    unverifiable,
)
from tests.reports.test_json import strings
from tests.strategies import twin, whole

from repro_tui.compare.model import Comparison
from repro_tui.compare.several import Several
from repro_tui.evidence.model import Evidence, SectionName
from repro_tui.reports import words
from repro_tui.reports.formats import document, written
from repro_tui.reports.html import html
from repro_tui.reports.runs import described
from repro_tui.reports.several import names
from repro_tui.text import visible

EXAMPLES = (
    reproduced, nondeterministic, diverged, unverifiable, hostile,
    several, repeats, hostile_several,
)  # fmt: skip
VOID = {"meta", "br"}
OURS = {
    *("html", "head", "meta", "title", "style", "body", "main", "footer", "header", "section"),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "b",
        "code",
        "span",
        "div",
        "pre",
        "ins",
        "del",
        "mark",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption"),
    *("svg", "g", "path", "circle", "text", "desc"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "role", "scope", "start"),
    *("aria-label", "aria-labelledby", "aria-hidden", "tabindex"),
    *("viewbox", "width", "height", "d", "cx", "cy", "r", "x", "y", "text-anchor"),
}


class Page(HTMLParser):
    """A page read strictly: every tag is one of ours and is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        """The innermost tag, and a text in it."""
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in OURS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            self.attributes.append((tag, name, value or ""))
        if tag not in VOID:
            self.open.append(tag)
            if tag != "mark":
                self.texts.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"path", "circle"}
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and "code" in self.open[-2:]:
            # Pieces of it may be marked; it is one text.
            self.texts[-1] = "code", self.texts[-1][1] + data
        elif self.open:
            self.texts.append((self.open[-1], data))

    def handle_decl(self, decl: str) -> None:
        assert decl == "DOCTYPE html"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def said(self, *tags: str) -> Iterator[str]:
        """The texts directly in these tags."""
        return (text.strip() for tag, text in self.texts if tag in tags and text.strip())


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("full", [False, True])
def test_it_is_whole_and_only_ours(example: Any, full: bool) -> None:
    text = html(example(), full=full)
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.endswith("</html>\n")
    page = Page(text)
    assert all(c == "\n" or visible(c) == c for c in text)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labels = [v for _, name, v in page.attributes if name == "aria-labelledby"]
    assert {one for label in labels for one in label.split()} <= set(ids)


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_may_load_and_run_nothing(example: Any) -> None:
    text = html(example(), full=True)
    page = Page(text)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(v for tag, n, v in page.attributes if tag == "meta" and v.startswith("default"))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("example", [hostile, hostile_several])
def test_hostile_texts_are_shown_and_do_nothing(text: str, example: Any) -> None:
    page = Page(html(example(), full=True))
    shown = "".join(text for _, text in page.texts)
    assert visible(text) in shown
    assert not any(name.startswith("on") for _, name, _ in page.attributes)


def test_the_verdict_comes_first_and_everything_else_follows() -> None:
    page = Page(html(diverged()))
    assert next(page.said("h1", "span")) == "diverged"
    assert list(page.said("h2")) == [
        "First divergence", "Suspects", "Metric curves", "Runs", "Inputs", "Outcomes",
        "Not compared", "Rules that set something aside",
    ]  # fmt: skip
    shown = " ".join(text for _, text in page.texts)
    for text in (
        "Outcomes that differ: 2 in metrics, 3 in artifacts.",
        "None is proven",
        "no record of the execution",
        "a measured time never repeats",
    ):
        assert text in shown


def test_only_what_is_not_plainly_equal_is_told_unless_asked() -> None:
    short, full = html(diverged()), html(diverged(), full=True)
    assert "packages / numpy" not in short
    assert "packages / numpy" in full
    assert "<li>randomness: = 6 equal</li>" in short
    assert "sklearn.datasets.load_digits" in full
    long = changed(rerun_evidence(), SectionName.PARAMS, ("lr",), known("x" * 900))
    values = [
        html(compared(evidence(), long), full=full).count("x" * 900) for full in (False, True)
    ]
    assert values == [0, 1]


def test_curves_of_both_runs_with_the_first_difference_marked() -> None:
    text = html(nondeterministic())
    page = Page(text)
    assert "loss by step" in list(page.said("title"))
    (figure,) = re.findall("<figure>.*?</figure>", text.split("<details>")[0], re.DOTALL)
    assert figure.count('<path class="line run0"') == 2  # the legend's and the curve
    assert figure.count('<path class="line run1"') == 2
    assert "first differs</text>" in figure
    assert "2 metrics equal or set aside" in text


def test_what_several_runs_come_to() -> None:
    page = Page(html(several()))
    assert next(page.said("h1", "span")) == "1 diverged, 1 unverifiable, 1 reproduced"
    shown = " ".join(text for _, text in page.texts)
    assert "the folder is gone" in shown
    assert "Repeats" not in shown
    page = Page(html(repeats()))
    shown = " ".join(text for _, text in page.texts)
    assert "Not significant is not the same." in shown
    assert "N = 3 and t = 4.303" in shown
    assert "0.12303 to 0.13297" in shown


def test_many_metrics_are_not_all_drawn_and_this_is_said() -> None:
    left, right = evidence(), rerun_evidence()
    for number in range(30):
        left = changed(left, SectionName.METRICS, (f"m{number}",), known(history([1.0])))
        right = changed(right, SectionName.METRICS, (f"m{number}",), known(history([2.0])))
    text = html(compared(left, right))
    assert text.count("<figure>") == 24
    assert "Not drawn: 9 further metrics." in text
    assert html(compared(left, right), full=True).count("<figure>") == 33


def told(found: Comparison | Several) -> set[str]:
    """Every text of the JSON document, and what is put together from such texts."""
    read = document(found)
    held = set(strings(read))
    held |= {f"{each['section']} {words.key(tuple(each['key']))}" for each in read["suspects"]}
    runs = found.runs if isinstance(found, Several) else (found.left, found.right)
    held |= {text for _, texts in described(runs) for text in texts}
    if isinstance(found, Several):
        held |= set(names(found))
    return {visible(text).strip() for text in held}


def missing(found: Comparison | Several) -> list[str]:
    """The values, sources, notes and lines of a page that JSON does not hold."""
    page = Page(html(found, full=True))
    ours = {"not there", "not known", "cannot be read", "not told", "(empty)", "--full"}
    symbols = set("=≠+-≈~?")
    lines = (line[1:].strip() for line in page.said("ins", "del"))
    cells = (text for text in page.said("code", "td", "div") if text not in symbols)
    held = told(found) | ours
    return [text for text in (*cells, *lines) if text not in held]


@settings(max_examples=15, deadline=None)
@given(whole, whole)
def test_nothing_that_it_prints_is_missing_from_json(left: Evidence, right: Evidence) -> None:
    assert missing(compared(left, twin(right))) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_of_the_examples_is_missing_from_json(example: Any) -> None:
    assert missing(example()) == []


def schemes() -> Iterator[dict[str, str]]:
    """The colours in light, in dark and on paper."""
    (style,) = re.findall("<style>(.*?)</style>", html(reproduced()), re.DOTALL)
    for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL):
        yield dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_stand_out_in_light_in_dark_and_on_paper() -> None:
    found = list(schemes())
    assert len(found) == 3
    for colours in found:
        backs = [luminance(colours[name]) for name in ("back", "panel")]
        for name, colour in colours.items():
            if name in ("back", "panel", "rule"):
                continue
            for back in backs:
                low, high = sorted((back, luminance(colour)))
                least = 3 if name.startswith("run") else 4.5
                assert (high + 0.05) / (low + 0.05) >= least, name


def test_runs_are_told_apart_without_colour() -> None:
    style = html(reproduced())
    dashes = re.findall(r"\.line\.run(\d) \{ stroke-dasharray: ([\d ]+); \}", style)
    assert [run for run, _ in dashes] == ["1", "2", "3", "4", "5"]
    assert len({dash for _, dash in dashes}) == 5


def test_it_is_one_of_the_formats() -> None:
    assert written(diverged(), "html", full=True) == html(diverged(), full=True)


def test_what_differs_in_a_value_is_marked() -> None:
    page = html(diverged())
    assert "<code>0.0<mark>01</mark></code>" in page
    assert "<code>0.0<mark>1</mark></code>" in page
    assert "[64, <mark>32</mark>]" in page
