"""Nested documents, value by value: configuration in a param and at a commit; JSON, YAML, TOML.

An own walk, because deepdiff (9.1, measured) finds no difference between [1, 2] and
[True, 2], nor between 0.0 and -0.0; needs 25 s for two lists of 16,000 short strings; and
costs 1.6 s of CPU to import. This one tells all of these apart, in linear time.
"""

import ast
import datetime as dt
import json
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import tomli
import yaml
from msgspec import Struct

from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.scalars import Scalar, known, same, types_note
from repro_tui.evidence.model import Key, Known
from repro_tui.text import plural

_MOST_VALUES = 300_000
_DEEPEST = 200
_LONGEST = 65_536
"""Characters; MLflow itself keeps at most 6,000 of a param."""
_DEEPEST_PARAM = 32
_TWICE = "a key comes twice in one table"


# --- Reading -----------------------------------------------------------------------


def load_json(content: str) -> Any:
    """JSON in which no key comes twice. Raises ValueError, RecursionError."""
    return json.loads(content, object_pairs_hook=_reject_duplicates)


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`: a dict that silently drops a value is no fair reading."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError(_TWICE)
    return table


# Pure Python on purpose: nested deeply enough, a document overruns libyaml's C stack and
# takes the process with it, where this loader raises RecursionError.
class _Loader(yaml.SafeLoader):
    """Plain values only, and no key twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        own = [
            self.construct_object(key)
            for key, _ in node.value
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge"
        ]
        if len(set(own)) != len(own):
            raise ValueError(_TWICE)
        return super().construct_mapping(node, deep)


def load_yaml(content: str) -> Any:
    """YAML of plain values in which no key comes twice. Raises yaml.YAMLError, ValueError."""
    return yaml.load(content, Loader=_Loader)  # noqa: S506 - derived from SafeLoader


def _load_python(content: str) -> Any:
    """A literal in which no key comes twice. Raises what `ast.literal_eval` raises."""
    tree = ast.parse(content.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [ast.literal_eval(key) for key in node.keys if key is not None]
            if len(set(keys)) != len(keys):
                raise ValueError(_TWICE)
    return ast.literal_eval(tree)


class Document(Struct, frozen=True):
    """A mapping or sequence, and the notation in which a string spells it."""

    content: dict[Any, Any] | list[Any] | tuple[Any, ...]
    notation: str


_PARSERS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("JSON", load_json),
    ("Python", _load_python),
    ("YAML", load_yaml),
)


def parse(text: str) -> Document | None:
    """The document that `text` spells as JSON, Python literal or YAML; None for all else.

    YAML with aliases is left alone: a few lines of it can stand for billions of values.
    """
    if len(text) > _LONGEST or not any(mark in text for mark in "{[(:-"):
        return None
    brackets = accumulate((c in "{[(") - (c in ")]}") for c in text)
    if max(brackets, default=0) > _DEEPEST_PARAM:
        return None
    for notation, parser in _PARSERS:
        if notation == "YAML" and "&" in text and "*" in text:
            return None
        try:
            content = parser(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, yaml.YAMLError):
            continue
        if isinstance(content, dict | list | tuple):
            return Document(content, notation)
    return None


_FILES: dict[str, tuple[str, Callable[[str], object]]] = {
    "json": ("JSON", load_json),
    "yaml": ("YAML", load_yaml),
    "yml": ("YAML", load_yaml),
    "toml": ("TOML", tomli.loads),
}


def parse_file(path: str, text: str) -> Document | None:
    """The document that a file of that name holds; None where it is none, or malformed."""
    suffix = path.rpartition(".")[2].lower()
    if suffix not in _FILES or len(text) > _LONGEST:
        return None
    notation, parser = _FILES[suffix]
    try:
        content = parser(text)
    except (ValueError, TypeError, RecursionError, yaml.YAMLError):
        return None
    return Document(content, notation) if isinstance(content, dict | list) else None


# --- Comparing ---------------------------------------------------------------------


def compare_documents(
    left: Document, right: Document, sources: tuple[str, str]
) -> FileDetail | None:
    """The places at which two documents differ, or None where they are the same.

    Raises ValueError where they hold what is neither a plain value nor a table or list.
    """

    def exactly(key: Key, a: Scalar, b: Scalar) -> Finding:
        facts = known(a, sources[0]), known(b, sources[1])
        if same(a, b):
            return Finding(key, Kind.EQUAL, *facts)
        return Finding(key, Kind.CHANGED, *facts, note=types_note(a, b))

    walk = Walk(sources, exactly)
    found = [f for f in walk.compare((), left.content, right.content) if f.kind.differs]
    if not found:
        return None
    return FileDetail("structure", plural(len(found), "differing value"), tuple(found))


class Walk(Struct):
    """A walk through two documents side by side.

    Tables are compared by key, whatever the order of keys; lists by position. A list and a
    tuple, or a table and a value, differ as wholes.
    """

    sources: tuple[str, str]
    compare_scalars: Callable[[Key, Scalar, Scalar], Finding]
    compare_whole: Callable[[Key, Any, Any], Finding | None] = lambda *_: None
    """Asked first at every place: a finding for what is not to be walked into."""
    visited: int = 0

    def compare(self, key: Key, left: Any, right: Any) -> Iterator[Finding]:
        """A finding for every value below. Raises ValueError where there are too many.

        The count also ends the expansion of YAML aliases, however they are nested.
        """
        self.visited += 1
        if self.visited > _MOST_VALUES:
            raise ValueError(f"it holds more than {_MOST_VALUES:,} values")
        if len(key) > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} deep")
        whole = self.compare_whole(key, left, right)
        if whole is not None:
            yield whole
        elif isinstance(left, _NESTING) and type(left) is type(right):
            yield from self._compare_parts(key, _parts(left), _parts(right))
        elif isinstance(left, _NESTING) or isinstance(right, _NESTING):
            facts = self.known(left, 0), self.known(right, 1)
            yield Finding(key, Kind.CHANGED, *facts, note=types_note(left, right))
        else:
            yield self.compare_scalars(key, _scalar(left), _scalar(right))

    def _compare_parts(
        self, key: Key, left: dict[str, tuple[str, Any]], right: dict[str, tuple[str, Any]]
    ) -> Iterator[Finding]:
        for exact, (name, value) in (left | right).items():
            below = (*key, name)
            if exact not in right:
                yield Finding(below, Kind.REMOVED, self.known(value, 0), None)
            elif exact not in left:
                yield Finding(below, Kind.ADDED, None, self.known(value, 1))
            else:
                yield from self.compare(below, left[exact][1], value)

    def known(self, value: Any, side: int) -> Known:
        """A value as a finding carries it: of a table or list, how much it holds."""
        source = self.sources[side]
        if isinstance(value, _NESTING):
            noun = "key" if isinstance(value, dict) else "item"
            return Known(f"{type(value).__name__} of {plural(len(value), noun)}", source)
        return known(_scalar(value), source)


_NESTING = (dict, list, tuple)


def _parts(value: Any) -> dict[str, tuple[str, Any]]:
    """What a table or list holds: by a name that is exact, a name to show, and the part.

    As keys of a dict 1, 1.0 and True are one; spelled out they are three.
    """
    if isinstance(value, dict):
        named = {f"{type(name).__name__} {name!r}": (str(name), value[name]) for name in value}
        if len(named) != len(value):
            raise ValueError(_TWICE)
        return named
    return {f"[{index}]": (f"[{index}]", part) for index, part in enumerate(value)}


def _scalar(value: Any) -> Scalar:
    """What JSON knows stays as it is; dates and times, which YAML and TOML know, as text."""
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    if isinstance(value, dt.date | dt.time):
        return f"{value} ({type(value).__name__})"
    raise ValueError(f"it holds a {type(value).__name__}")
