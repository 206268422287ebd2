"""LightGBM's text models: `key=value` lines in blocks, one block a tree.

Source: LightGBM, `GBDT::SaveModelToString` and `Tree::ToString`.
"""

import re
from collections.abc import Iterator

import numpy as np

from repro_tui.compare.artifacts import asides, text
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.parts import Part, compare_parts, paired
from repro_tui.compare.artifacts.tensors import Tensor
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.policy import Policy

MAGIC = b"tree\nversion=v"
_NUMBERS = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?(?: -?[0-9.]+(?:e[+-]?[0-9]+)?)*")
_PARAMETER = re.compile(r"\[([a-z0-9_]+): (.*)\]")


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a file is no such model."""
    paths = left.path, right.path
    sides = text.read(left), text.read(right)
    findings = [
        finding
        for name, a, b in paired(_read(sides[0]), _read(sides[1]))
        for finding in compare_parts(name, a, b, policy, paths)
    ]
    return settle("LightGBM", findings, asides.DOCUMENT_LAYOUT, text=text.diff(*sides))


def _read(content: str) -> dict[str, Part]:
    """Each value by its name: `max_feature_idx`, `Tree=3.leaf_value`, `parameters.seed`."""
    if not content.encode().startswith(MAGIC):
        raise Unsuited("it is no model of LightGBM")
    found = list(_lines(content))
    names = unique(name for name, _ in found)
    return {name: part for name, (_, part) in zip(names, found, strict=True)}


def _lines(content: str) -> Iterator[tuple[str, Part]]:
    block = ""
    for line in content.split("\n"):
        name, equals, value = line.partition("=")
        if name == "Tree" and equals:
            block = f"{line}."
        elif line in ("end of trees", "feature_importances:", "parameters:"):
            block = f"{line.rstrip(':')}." if line.endswith(":") else ""
        elif parameter := _PARAMETER.fullmatch(line):
            yield f"{block}{parameter[1]}", parameter[2]
        elif equals:
            yield f"{block}{name}", _value(value)
        elif line:
            yield f"{block}line", line


def _value(value: str) -> Part:
    if " " in value and _NUMBERS.fullmatch(value):
        array = np.array([float(number) for number in value.split(" ")], np.float64)
        return Tensor(array.dtype.name, array.shape, lambda: array)
    return float(value) if "." in value and _NUMBERS.fullmatch(value) else value
