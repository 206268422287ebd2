"""What a pickle describes, as parts by dotted name. Nothing of it is unpickled."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from repro_tui.compare.artifacts.file import Unsuited
from repro_tui.compare.artifacts.parts import Container, Part
from repro_tui.compare.artifacts.pickles import Call, Global, Persistent, Table
from repro_tui.compare.artifacts.tensors import Tensor
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.scalars import Scalar, known

_SETS = frozenset(
    {"builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset"}
)
_DEEPEST = 200
_MOST_PARTS = 100_000
_LONGEST_NAME = 2000
_MOST_FIELDS = 1000
"""Of a record."""

Leaf = Callable[[Call | Persistent], Tensor | None]
"""The tensor that a call or a reference stands for; None where it is something else."""


def name_parts(description: object, leaf: Leaf) -> dict[str, Part]:
    """Every value of the description by its name, depth first.

    An object that stands at several places is described at the first one; the others say
    that it is the same one. Raises Unsuited where there are too many values.
    """
    found = list(_Walk(leaf).parts("", description, 0))
    names = unique(name or "(all)" for name, _ in found)
    return {name: part for name, (_, part) in zip(names, found, strict=True)}


class _Walk:
    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._count = 0
        # The objects are kept, too: a number of one that is gone is given to another.
        self._places: dict[int, tuple[str, object]] = {}

    def parts(self, name: str, value: Any, depth: int) -> Iterator[tuple[str, Part]]:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_PARTS or len(name) > _LONGEST_NAME:
            raise Unsuited("its values are too many, too deep or have too long names")
        match value:
            case None | bool() | int() | float() | str() | bytes() | Tensor():
                yield name, value
            case Global():
                yield name, Container(f"the name {value}")
            case Persistent():
                tensor = self._leaf(value)
                yield name, tensor or Container("a reference")
                if tensor is None:
                    yield from self.parts(f"{name}()", value.identity, depth + 1)
            case tuple():
                yield name, Container("tuple")
                yield from self._items(name, value, depth)
            case Table() | list() | Call():
                yield from self._object(name, value, depth)
            case _:
                raise Unsuited(f"its pickle describes a {type(value).__name__}")

    def _object(
        self, name: str, value: Table | list[Any] | Call, depth: int
    ) -> Iterator[tuple[str, Part]]:
        """Something that can be changed later, so that it matters whether it is one or two."""
        tensor = (self._leaf(value) or numpy_array(value)) if isinstance(value, Call) else None
        if tensor is not None:
            yield name, tensor
            return
        if id(value) in self._places:
            yield name, Container(f"the same object as {self._places[id(value)][0] or '(all)'}")
            return
        # A dtype cannot be changed.
        if not (isinstance(value, Call) and value.function == Global("numpy", "dtype")):
            self._places[id(value)] = name, value
        if isinstance(value, Call):
            yield from self._call(name, value, depth)
        elif isinstance(value, Table):
            yield name, Container("dict")
            yield from self._pairs(name, value.pairs, depth)
        else:
            yield name, Container("list")
            yield from self._items(name, value, depth)

    def _items(self, name: str, items: Any, depth: int) -> Iterator[tuple[str, Part]]:
        for index, item in enumerate(items):
            yield from self.parts(f"{name}[{index}]", item, depth + 1)

    def _pairs(
        self, name: str, pairs: list[tuple[object, object]], depth: int
    ) -> Iterator[tuple[str, Part]]:
        for key, value in pairs:
            if isinstance(key, Scalar):
                spelled = known(key, "").value
                named = isinstance(key, str) and key
                below = f"{name}.{spelled}".lstrip(".") if named else f"{name}[{spelled}]"
            else:
                yield from self.parts(f"{name}{{key}}", key, depth + 1)
                below = f"{name}{{value}}"
            yield from self.parts(below, value, depth + 1)

    def _call(self, name: str, call: Call, depth: int) -> Iterator[tuple[str, Part]]:
        """What is called and with what, and what is then put into it."""
        called = str(call.function) if isinstance(call.function, Global) else "a call"
        yield name, Container(called)
        if not isinstance(call.function, Global):
            yield from self.parts(f"{name}.__call__", call.function, depth + 1)
        arguments, items = call.arguments, call.items
        if called in _SETS:
            arguments, items = _in_order(arguments), _in_order(items)
        for index, argument in enumerate(arguments if isinstance(arguments, tuple) else ()):
            yield from self.parts(f"{name}({index})", argument, depth + 1)
        if not isinstance(arguments, tuple):
            yield from self.parts(f"{name}()", arguments, depth + 1)
        yield from self._pairs(name, call.pairs, depth)
        yield from self._items(name, items, depth)
        for state in call.state:
            yield from self.parts(name, state, depth + 1)


def _in_order(elements: Any) -> Any:
    """The elements of a set, sorted: their order is drawn anew by hash randomisation."""
    if isinstance(elements, tuple) and len(elements) == 1:
        return (_in_order(elements[0]),)
    if isinstance(elements, list) and all(isinstance(item, Scalar) for item in elements):
        return sorted(elements, key=repr)
    return elements


def numpy_array(call: Call) -> Tensor | None:
    """The array that NumPy's own `__reduce__` describes, or None where it is something else."""
    match call:
        case Call(
            function=Global(name="_reconstruct"),
            state=[(int(), tuple(shape), Call() as dtype, bool(fortran), bytes(data))],
        ):
            return array(data, dtype, shape, fortran=fortran)
        case Call(
            # With protocol 5 the elements are a buffer.
            function=Global(name="_frombuffer"),
            arguments=(bytes(data), Call() as dtype, tuple(shape), str(order)),
            state=[],
        ):
            return array(data, dtype, shape, fortran=order == "F")
    return None


def array(data: bytes, dtype: object, shape: tuple[object, ...], *, fortran: bool) -> Tensor | None:
    """Elements as an array; None where its dtype holds objects or is not described so."""
    kind = numpy_dtype(dtype)
    sizes = tuple(n for n in shape if isinstance(n, int) and n >= 0)
    if kind is None or kind.hasobject or len(sizes) != len(shape):
        return None
    if math.prod(sizes) * kind.itemsize != len(data):
        return None
    flat = np.frombuffer(data, kind)
    name = kind.name if kind.names is None else str(kind)
    return Tensor(name, sizes, lambda: flat.reshape(sizes, order="F" if fortran else "C"))


def numpy_dtype(described: object) -> "np.dtype[Any] | None":
    """The dtype that `numpy.dtype.__reduce__` describes; None where it is beyond that.

    Its state: version, byte order, sub-array, names, fields (each a dtype and an offset),
    size and alignment, the last two for records alone (numpy's `arraydescr_reduce`).
    """
    try:
        match described:
            case Call(
                function=Global(module="numpy", name="dtype"),
                state=[(int(), str(), None, tuple(names), Table(pairs=pairs), int(size), *_)],
            ):
                fields = {name: field for name, field in pairs if isinstance(name, str)}
                return _record(names, fields, size)
        return _simple_dtype(described)
    except (TypeError, ValueError, KeyError):
        return None


def _simple_dtype(described: object) -> "np.dtype[Any] | None":
    """Any dtype but a record. Raises TypeError or ValueError where NumPy has none of the code."""
    match described:
        case Call(
            function=Global(module="numpy", name="dtype"),
            arguments=(str(code), *_),
            state=[(int(), str(order), None, None, None, *_)],
        ):
            return np.dtype(code).newbyteorder(order)  # type: ignore[arg-type]
    return None


def _record(names: tuple[Any, ...], fields: dict[Any, Any], size: int) -> "np.dtype[Any] | None":
    """Raises what NumPy raises where fields lie outside.

    None for records in records: shared ones could be walked through for ever.
    """
    if len(names) > _MOST_FIELDS or not all(isinstance(name, str) for name in names):
        return None
    simple = [_simple_dtype(fields[name][0]) for name in names]
    formats = [each for each in simple if each is not None and not each.hasobject]
    if len(formats) != len(names):
        return None
    offsets = [fields[name][1] for name in names]
    return np.dtype(
        {"names": list(names), "formats": formats, "offsets": offsets, "itemsize": size}
    )
