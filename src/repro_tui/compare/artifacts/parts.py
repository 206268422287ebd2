"""A file as named parts: tensors, plain values, and the containers that hold them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from repro_tui.compare.artifacts.tensors import Tensor, compare_tensor
from repro_tui.compare.artifacts.values import compare_scalars
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import Scalar, known
from repro_tui.evidence.model import Known


class Container(Struct, frozen=True):
    """That something is a dict, list or object stands for itself among the parts."""

    what: str


Part = Tensor | Container | Scalar
ABSENT = Container("nothing")
"""Stands for the part that one side does not have."""


def paired(a: Mapping[str, Part], b: Mapping[str, Part]) -> Iterator[tuple[str, Part, Part]]:
    """Every name once, in the left's order, then what only the right has."""
    for name in dict.fromkeys((*a, *b)):
        yield name, a.get(name, ABSENT), b.get(name, ABSENT)


def compare_parts(
    name: str, left: Part, right: Part, policy: Policy, paths: tuple[str, str]
) -> Iterator[Finding]:
    """The finding on one name; none where two containers are of one type."""
    key = (name,)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        yield compare_tensor(key, left, right, policy, paths)
    elif left is ABSENT:
        yield Finding(key, Kind.ADDED, None, _known(right, paths[1]))
    elif right is ABSENT:
        yield Finding(key, Kind.REMOVED, _known(left, paths[0]), None)
    elif isinstance(left, Scalar) and isinstance(right, Scalar):
        yield compare_scalars(key, left, right, policy, paths)
    elif left != right:
        yield Finding(key, Kind.CHANGED, _known(left, paths[0]), _known(right, paths[1]))


def _known(part: Part, path: str) -> Known:
    if isinstance(part, Tensor):
        return part.known(path)
    return Known(part.what, path) if isinstance(part, Container) else known(part, path)
