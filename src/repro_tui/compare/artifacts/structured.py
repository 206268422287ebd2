"""JSON, YAML and TOML files by their values; MLmodel files by their meaning."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tomli

from repro_tui.compare.artifacts import asides, text
from repro_tui.compare.artifacts.file import Aside, Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Tensor, compare_tensor
from repro_tui.compare.artifacts.values import compare_scalars
from repro_tui.compare.documents import Walk, load_json, load_yaml
from repro_tui.compare.model import Finding
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import Scalar, same
from repro_tui.evidence.model import Key

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
    """Raises ValueError or yaml.YAMLError where a file is not plain YAML."""
    return _compare_documents("yaml", left, right, policy, _load_yaml)


def compare_toml(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or tomli.TOMLDecodeError where a file is not TOML."""
    return _compare_documents("toml", left, right, policy, tomli.loads)


def compare_mlmodel(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """As YAML, with the fields in MLMODEL set aside. Raises what `compare_yaml` raises."""
    return _compare_documents("MLmodel", left, right, policy, _load_yaml, MLMODEL)


def _load_yaml(content: str) -> Any:
    if len(content) > _YAML_LIMIT:
        raise Unsuited(f"it is longer than {_YAML_LIMIT:,} characters")
    return load_yaml(content)


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
    findings = list(walk(policy, (left.path, right.path), fields or {}).compare((), *values))
    return settle(comparer, findings, asides.DOCUMENT_LAYOUT, text=text.diff(*sides))


def walk(policy: Policy, paths: tuple[str, str], fields: Mapping[str, Aside]) -> Walk:
    """A walk that measures numbers by the policy; `fields` of the top are set aside."""

    def scalars(key: Key, left: Scalar, right: Scalar) -> Finding:
        return compare_scalars(key, left, right, policy, paths)

    def whole(key: Key, left: Any, right: Any) -> Finding | None:
        if len(key) == 1 and key[0] in fields and not same(left, right):
            return fields[key[0]].finding(key, walking.known(left, 0), walking.known(right, 1))
        if isinstance(left, list) and isinstance(right, list):
            series = _series(left), _series(right)
            if series[0] and series[1]:
                return compare_tensor(key, *series, policy, paths)
        return None

    walking = Walk(paths, scalars, whole)
    return walking


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
