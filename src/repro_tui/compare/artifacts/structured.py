"""JSON, YAML and TOML by their values; MLmodel files by their meaning.

An own walk through dicts and lists: it has to tell 1 from True, 0.0 from -0.0 and NaN
from nothing, measure long lists of numbers as tensors, and stop at a bomb; deepdiff does
none of these and costs two seconds of import.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tomli
import yaml

from repro_tui.compare.artifacts import asides, text
from repro_tui.compare.artifacts.file import Aside, Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Tensor, compare_tensor
from repro_tui.compare.artifacts.values import Scalar, compare_scalars, known
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Key, Known
from repro_tui.text import plural

_MOST_VALUES = 300_000
_DEEPEST = 200
_SERIES = 16
"""From this many numbers on, a list is measured as one tensor."""
_YAML_LIMIT = 1 << 19
"""Characters; PyYAML reads about 100 KB a second."""

MLMODEL: Mapping[str, Aside] = {
    "run_id": asides.IDS,
    "model_uuid": asides.IDS,
    "model_id": asides.IDS,
    "utc_time_created": asides.TIMES,
    "artifact_path": asides.MODEL_LOCATION,
    "model_size_bytes": asides.MODEL_SIZE,
}
"""Fields of an MLmodel file that say which model it is and not what it is like."""


def compare_json(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or ValueError where a file is not JSON."""
    return _compare_documents("json", left, right, policy, load_json)


def compare_yaml(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or yaml.YAMLError where a file is not plain YAML."""
    return _compare_documents("yaml", left, right, policy, _load_yaml)


def compare_toml(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or tomli.TOMLDecodeError where a file is not TOML."""
    return _compare_documents("toml", left, right, policy, tomli.loads)


def compare_mlmodel(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """As YAML, with the fields in MLMODEL set aside. Raises what `compare_yaml` raises."""
    return _compare_documents("MLmodel", left, right, policy, _load_yaml, MLMODEL)


def load_json(content: str) -> Any:
    """JSON in which no key comes twice. Raises ValueError."""
    return json.loads(content, object_pairs_hook=_reject_duplicates)


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`: a dict that silently drops a value is no fair reading."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise Unsuited("a key comes twice in one table")
    return table


# Pure Python on purpose: nested deeply enough, a document overruns libyaml's C stack and
# takes the process with it, where this loader raises RecursionError.
class _Loader(yaml.SafeLoader):
    """Plain values only, and no key twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) != len(keys):
            raise Unsuited("a key comes twice in one mapping")
        return super().construct_mapping(node, deep)


def _load_yaml(content: str) -> Any:
    if len(content) > _YAML_LIMIT:
        raise Unsuited(f"it is longer than {_YAML_LIMIT:,} characters")
    return yaml.load(content, Loader=_Loader)  # noqa: S506 - derived from SafeLoader


def _compare_documents(
    comparer: str,
    left: OpenFile,
    right: OpenFile,
    policy: Policy,
    load: Callable[[str], Any],
    fields: Mapping[str, Aside] | None = None,
) -> Inside:
    sides = text.read(left, text.DOCUMENT_LIMIT), text.read(right, text.DOCUMENT_LIMIT)
    values = load(sides[0]), load(sides[1])
    walk = Walk(policy, (left.path, right.path), fields or {})
    findings = list(walk.compare((), *values))
    return settle(comparer, findings, asides.DOCUMENT_LAYOUT, text=text.diff(*sides))


@dataclass(slots=True)
class Walk:
    """A walk through two documents side by side."""

    policy: Policy
    paths: tuple[str, str]
    fields: Mapping[str, Aside]
    """Fields of the top that a rule sets aside."""
    visited: int = 0

    def compare(self, key: Key, left: Any, right: Any) -> Iterator[Finding]:
        """A finding for every value below. Raises Unsuited where there are too many.

        The count also ends the expansion of YAML aliases, however they are nested.
        """
        self.visited += 1
        if self.visited > _MOST_VALUES:
            raise Unsuited(f"it holds more than {_MOST_VALUES:,} values")
        if len(key) > _DEEPEST:
            raise Unsuited(f"it is nested more than {_DEEPEST} deep")
        if len(key) == 1 and key[0] in self.fields and not _same(left, right):
            facts = self._known(left, 0), self._known(right, 1)
            yield self.fields[key[0]].finding(key, *facts)
        elif isinstance(left, dict) and isinstance(right, dict):
            yield from self._compare_tables(key, left, right)
        elif isinstance(left, list) and isinstance(right, list):
            yield from self._compare_lists(key, left, right)
        elif isinstance(left, dict | list) or isinstance(right, dict | list):
            yield Finding(key, Kind.CHANGED, self._known(left, 0), self._known(right, 1))
        else:
            yield compare_scalars(key, _scalar(left), _scalar(right), self.policy, self.paths)

    def _compare_tables(
        self, key: Key, left: dict[Any, Any], right: dict[Any, Any]
    ) -> Iterator[Finding]:
        for name in dict.fromkeys((*left, *right)):
            below = (*key, str(name))
            if name not in right:
                yield Finding(below, Kind.REMOVED, self._known(left[name], 0), None)
            elif name not in left:
                yield Finding(below, Kind.ADDED, None, self._known(right[name], 1))
            else:
                yield from self.compare(below, left[name], right[name])

    def _compare_lists(self, key: Key, left: list[Any], right: list[Any]) -> Iterator[Finding]:
        series = _series(left), _series(right)
        if series[0] and series[1]:
            yield compare_tensor(key, *series, self.policy, self.paths)
            return
        for index in range(max(len(left), len(right))):
            below = (*key, f"[{index}]")
            if index >= len(right):
                yield Finding(below, Kind.REMOVED, self._known(left[index], 0), None)
            elif index >= len(left):
                yield Finding(below, Kind.ADDED, None, self._known(right[index], 1))
            else:
                yield from self.compare(below, left[index], right[index])

    def _known(self, value: Any, side: int) -> Known:
        path = self.paths[side]
        if isinstance(value, dict | list):
            noun = "key" if isinstance(value, dict) else "item"
            return Known(f"{type(value).__name__} of {plural(len(value), noun)}", path)
        return known(_scalar(value), path)


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _scalar(value: Any) -> Scalar:
    """What JSON knows stays as it is; dates and times, which YAML and TOML know, as text."""
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    if isinstance(value, dt.date | dt.time):
        return f"{value} ({type(value).__name__})"
    raise Unsuited(f"it holds a {type(value).__name__}")


def _series(values: list[Any]) -> Tensor | None:
    """A long list of only floats, or only integers, as one tensor."""
    if len(values) < _SERIES:
        return None
    dtype = {float: np.float64, int: np.int64}.get(type(values[0]))
    if dtype is None or any(type(value) is not type(values[0]) for value in values):
        return None
    try:
        array = np.array(values, dtype)
    except OverflowError:
        return None
    return Tensor(array.dtype.name, array.shape, lambda: array)
