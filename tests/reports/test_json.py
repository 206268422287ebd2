import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from tests.builders import (
    POLICY,
    changed,
    compared,
    diverged,
    evidence,
    history,
    hostile,
    known,
    nondeterministic,
    reproduced,
    rerun_evidence,
    unverifiable,
)

from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import SectionName
from repro_tui.reports import words
from repro_tui.reports.formats import written
from repro_tui.reports.json import schema, to_json
from repro_tui.text import visible

EXAMPLES = (reproduced, nondeterministic, diverged, unverifiable, hostile)
VALIDATOR = Draft202012Validator(schema())


def checked(document: dict[str, Any]) -> dict[str, Any]:
    """The document as another program reads it, checked against the schema."""
    read: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    VALIDATOR.validate(read)
    return read


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_fits_the_schema(example: Any) -> None:
    comparison = example()
    read = checked(to_json(comparison))
    assert read["verdict"]["headline"] == comparison.verdict.headline
    assert [run["run_id"] for run in read["runs"]] == [
        comparison.left.run_id,
        comparison.right.run_id,
    ]
    for section in read["sections"]:
        findings = comparison[SectionName(section["name"])].findings
        assert [c["kind"] for c in section["changes"]] == [f.kind for f in findings]


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("verdict"),
        lambda d: d.update(schema="other/1"),
        lambda d: d["sections"][0].update(name="weather"),
        lambda d: d["sections"][0]["changes"][0].update(kind="perhaps"),
        lambda d: d["sections"][0]["changes"][0]["values"].append({"state": "known"}),
        lambda d: d["sections"][7]["changes"][0]["values"][0]["value"].pop("steps"),
    ],
)
def test_the_schema_notices_damage(damage: Any) -> None:
    document = json.loads(json.dumps(to_json(diverged())))
    damage(document)
    assert not VALIDATOR.is_valid(document)


def test_numbers_keep_their_bits() -> None:
    values = [0.1, -0.0, float("nan"), float("inf"), float("-inf"), 5e-324]
    right = changed(rerun_evidence(), SectionName.METRICS, ("loss",), known(history(values)))
    read = checked(to_json(compared(evidence(), right, Policy(set_aside=POLICY.set_aside))))
    metrics = {
        c["key"][0]: c for s in read["sections"] for c in s["changes"] if s["name"] == "metrics"
    }
    spelled = metrics["loss"]["values"][1]["value"]["values"]
    assert [float(value) for value in spelled[:2]] == [0.1, -0.0]
    assert str(spelled[1]) == "-0.0"
    assert spelled[2:5] == ["nan", "inf", "-inf"]
    assert spelled[5] == 5e-324
    assert metrics["loss"]["detail"]["distance"]["max_rel"] == 1.0


def test_what_could_not_be_compared_is_listed_with_its_reason() -> None:
    read = checked(to_json(unverifiable()))
    assert {
        "section": "artifacts",
        "key": [],
        "reason": "right: the artifact folder is gone; 3 facts known of one run only",
    } in read["not_compared"]
    assert read["verdict"]["exit_code"] == 3


def test_a_terminal_obeys_nothing_in_it() -> None:
    text = written(hostile(), "json")
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))


def strings(value: Any) -> Iterator[str]:
    """Every text and number of a JSON document, and its keys as views spell them."""
    match value:
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list() | tuple():
            yield words.key(tuple(map(str, value)))
            for inner in value:
                yield from strings(inner)
        case _:
            yield str(value)


def missing_from_json(text: str, document: dict[str, Any]) -> list[str]:
    """The code and the differing lines of a Markdown report that JSON does not hold."""
    held = {visible(found) for found in strings(document)}
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    spans = [t.content for block in tokens for t in block.children or [] if t.type == "code_inline"]
    fences = [line for t in tokens if t.type == "fence" for line in t.content.splitlines()]
    lines = [line[1:] for line in fences if not line.startswith("@@")]
    spans = [span for span in spans if "\\x7c" not in span]  # a pipe that tables cannot hold
    return [found for found in (*spans, *lines) if found not in held]
