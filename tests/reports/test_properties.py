"""Nothing that a view prints is missing from the JSON of the same comparison.

Only the table of the two runs at the head spells what JSON holds otherwise: times as
dates, milliseconds as durations. Everything below it is checked, word for word.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.builders import compared, diverged, hostile, unverifiable
from tests.reports.test_json import checked, strings
from tests.strategies import changes, policies, twin, whole, with_gaps

from repro_tui.compare.model import Comparison, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Evidence
from repro_tui.reports import words
from repro_tui.reports.json import to_json
from repro_tui.reports.markdown import markdown
from repro_tui.reports.terminal import plain
from repro_tui.text import visible

EXAMPLES = [diverged, unverifiable, hostile]
KINDS = {f"{words.symbol(kind)} {kind}" for kind in Kind}
NOWHERE = {"not there", "not known", "cannot be read", "(empty)", "(the whole section)"}


def held(comparison: Comparison) -> set[str]:
    return {visible(text) for text in strings(checked(to_json(comparison)))} | KINDS | NOWHERE


# --- Markdown ----------------------------------------------------------------------

_LABELS = re.compile(
    r"""Numbers\ are\ compared\ (?P<how>.*)\. | Sections? | Suspects | First\ divergence
    | Inputs | Outcomes
    | Changed\ inputs,\ the\ likeliest\ first\..* | More\ lines\ differ;\ they\ are\ not\ shown\.
    | section | found | key | left | right | read\ from | rule | pattern | why | §(\ /\ §)*
    | \w+\ §:\ .*\ →\ .*\.\ (?P<why>.*) | Not\ known,\ and\ so\ not\ cleared:\ (\w+\ §(,\ )?)*\.
    """,
    re.VERBOSE | re.DOTALL,
)


def printed(text: str) -> Iterator[tuple[str, bool]]:
    """What a reader of the Markdown sees, block by block, and whether it is quoted.

    In sentences and cells, quoted parts are replaced by §.
    """
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "fence":
            yield from ((line[1:], True) for line in token.content.splitlines() if line[0] != "@")
        elif token.type == "inline":
            parts = token.children or []
            yield from ((part.content, True) for part in parts if part.type == "code_inline")
            yield "".join(map(_shown, parts)), False


def _shown(part: Token) -> str:
    return {"code_inline": "§", "text": part.content, "text_special": part.content}.get(
        part.type, ""
    )


def missing_from_markdown(comparison: Comparison) -> list[str]:
    known = held(comparison)
    below = (
        "Numbers are compared"
        + markdown(comparison, full=True).partition("Numbers are compared")[2]
    )
    missing = []
    for text, quoted in printed(below):
        if not text or "\\x7c" in text or text in known:  # a pipe is spelled out in tables
            continue
        if quoted and "…" in (text[0], text[-1]) and text.strip("…") in "\n".join(known):
            continue  # the list of suspects shows the part of a long value that differs
        label = None if quoted else _LABELS.fullmatch(text)
        if label is None or not {*label.groupdict().values()} <= {None, *known}:
            missing.append(text)
    return missing


# --- Text --------------------------------------------------------------------------

_HEADS = {
    *("Inputs", "Outcomes", "First divergence", "Suspects, the likeliest first; none is proven"),
    *("key", "left", "right", "found", "read from", "More lines differ; they are not shown."),
}


def lines_of(document: dict[str, Any]) -> Iterator[str]:
    """The lines that the text puts together out of several parts of the JSON."""
    for number, suspect in enumerate(document["suspects"], 1):
        key = words.key(tuple(suspect["key"]))
        yield f"{number}. {suspect['section']} {key}: {suspect['why']}"
    for gap in document["not_compared"]:
        yield f"?  {gap['section']} {words.key(tuple(gap['key']))}: not known"
    for section in document["sections"]:
        yield f"{section['name']}: {section['summary']}"
        for change in section["changes"]:
            yield from insides_of(change, ())


def insides_of(change: dict[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    """The headings of what lies inside a value, and the lines that differ."""
    where = (*above, words.key(tuple(change["key"])))
    detail = change["detail"] or {}
    yield f"inside {' : '.join(where)}"
    text = detail if detail.get("type") == "text" else detail.get("text") or {"lines": []}
    for line in text["lines"]:
        yield f"{_MARKS[line['mark']]}{line['text']}"
    for inner in detail.get("changes", ()):
        yield from insides_of(inner, where)


_MARKS = {"context": " ", "removed": "-", "added": "+", "skipped": "@ "}


def missing_from_text(comparison: Comparison) -> list[str]:
    """Two spaces part the columns of a table: each piece is looked for in the JSON."""
    below = plain(comparison, full=True).partition("Numbers are compared ")[2]
    tolerance, _, below = below.partition("\n")
    below = f"{tolerance.removesuffix('.')}\n{below.partition('user')[2]}"
    composed = {visible(line) for line in lines_of(to_json(comparison))}
    known = "\n".join((*held(comparison), *composed))
    pieces = {piece.strip() for line in below.splitlines() for piece in re.split(" {2,}", line)}
    return sorted(
        piece
        for piece in pieces
        if piece not in known and piece not in _HEADS and not set(piece) <= {"─", " "}
    )


# --- Both --------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_of_the_examples_is_missing(example: Any) -> None:
    assert missing_from_markdown(example()) == []
    assert missing_from_text(example()) == []


def test_what_is_missing_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = diverged()
    said = words.finding_note
    monkeypatch.setattr(words, "finding_note", lambda finding: f"{said(finding)} indeed")
    known = held(comparison)
    monkeypatch.setattr(f"{__name__}.held", lambda _: known - {x for x in known if "indeed" in x})
    assert missing_from_markdown(comparison)
    assert missing_from_text(comparison)


@settings(max_examples=30)
@given(whole, whole, st.data(), policies)
def test_nothing_that_a_view_prints_is_missing(
    left: Evidence, right: Evidence, data: st.DataObject, policy: Policy
) -> None:
    if data.draw(st.booleans(), "close to each other"):
        right = data.draw(changes(left)).made(left)
    right = with_gaps(right, data)
    comparison = compared(left, twin(right), policy)
    assert missing_from_markdown(comparison) == []
    assert missing_from_text(comparison) == []
