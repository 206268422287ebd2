"""Nested configuration held in one string, as params often do: compared by structure."""

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.evidence.model import Key, Known, Value
from repro_tui.text import plural

_LONGEST = 65_536
"""Characters; MLflow itself keeps at most 6,000 of a param."""
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping or list, and the notation in which a string spells it."""

    content: dict[Any, Any] | list[Any]
    notation: str


_PARSERS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("JSON", json.loads),
    ("Python", ast.literal_eval),
    ("YAML", yaml.safe_load),
)


def parse(text: str) -> Document | None:
    """The document that `text` spells as JSON, Python literal or YAML; None for all else.

    YAML with aliases is left alone: a few lines of it can stand for billions of values.
    """
    if len(text) > _LONGEST or not any(mark in text for mark in "{[(:-"):
        return None
    brackets = accumulate((c in "{[(") - (c in ")]}") for c in text)
    if max(brackets, default=0) > _DEEPEST:
        return None
    for notation, parser in _PARSERS:
        if notation == "YAML" and "&" in text and "*" in text:
            return None
        try:
            content = parser(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, yaml.YAMLError):
            continue
        if isinstance(content, tuple):
            content = list(content)
        if isinstance(content, dict | list):
            return Document(content, notation) if _depth(content) <= _DEEPEST else None
    return None


def compare_documents(
    left: Document, right: Document, sources: tuple[str, str]
) -> FileDetail | None:
    """The paths at which two documents differ, or None where they are the same.

    1 and 1.0 differ here, and so do 1 and True: a program can tell them apart.
    """
    # deepdiff costs two seconds to import; most params are not documents that differ.
    from deepdiff import DeepDiff

    found = DeepDiff(left.content, right.content, view="tree", ignore_nan_inequality=True)
    levels = {
        (tuple(map(str, level.path(output_format="list"))), report): level
        for report, tree in found.items()
        for level in tree
    }
    findings = [
        _finding(key, report, level, sources) for (key, report), level in sorted(levels.items())
    ]
    if not findings:
        return None
    summary = plural(len(findings), "differing value")
    return FileDetail("structure", summary, tuple(findings))


def _finding(key: Key, report: str, level: Any, sources: tuple[str, str]) -> Finding:
    if report.endswith("_added"):
        return Finding(key, Kind.ADDED, None, Known(_value(level.t2), sources[1]))
    if report.endswith("_removed"):
        return Finding(key, Kind.REMOVED, Known(_value(level.t1), sources[0]), None)
    facts = Known(_value(level.t1), sources[0]), Known(_value(level.t2), sources[1])
    return Finding(key, Kind.CHANGED, *facts)


def _value(value: object) -> Value:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return repr(value)


def _depth(value: object) -> int:
    """How deeply `value` nests, but never more than one beyond the deepest allowed."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list | tuple)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
