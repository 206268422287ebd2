"""Reads the zip that `torch.save` writes, without torch; nothing is unpickled.

`data.pkl` is read as an inert description of dicts, scalars and tensors; a tensor is a
view (offset, shape, strides) of a storage, and the storages are members of their own
(torch/serialization.py, `_save`; torch/_utils.py, `_rebuild_tensor_v2` and `_v3`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from repro_tui.compare.artifacts.archives import Allowance, Members
from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.pickles import Call, Global, Persistent, Table, describe
from repro_tui.compare.artifacts.tensors import Array, Tensor, storage_dtype
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.scalars import Scalar, known

_DTYPES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "UntypedStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_PARAMETERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"})
_SETS = frozenset(
    {"builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset"}
)
_DEEPEST = 200
_MOST_PARTS = 100_000
_LONGEST_NAME = 2000
_LARGEST_PICKLE = 1 << 26
"""Bytes; tensors' elements are kept beside it."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers in a member of the zip."""

    key: str
    dtype: str
    device: str


@dataclass(frozen=True, slots=True)
class Extent:
    """Which elements of a storage a tensor shows: offset and strides in elements.

    Elements repeated by `expand` have stride 0; one of them stands for all.
    """

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def covers(self, size: int, width: int) -> bool:
        """Whether it shows all of a storage of `size` bytes, in order, `width` bytes each."""
        dense, count = True, 1
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            dense = dense and (n == 1 or stride == count)
            count *= n
        return dense and self.offset == 0 and count * width == size

    def of(self, flat: Array) -> Array:
        """A view of the elements, which must lie within the array."""
        strides = [stride * flat.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides)


@dataclass(frozen=True, slots=True)
class View:
    """A tensor, and which elements of which storage it shows."""

    tensor: Tensor
    storage: Storage
    extent: Extent
    width: int
    """Bytes of one element."""
    requires_grad: bool


@dataclass(frozen=True, slots=True)
class Container:
    """That something is a dict, list or object stands for itself among the parts."""

    what: str


Part = View | Tensor | Container | Scalar


class Checkpoint:
    """One checkpoint: its parts by dotted name, and its members without the root folder."""

    def __init__(self, file: OpenFile, allowance: Allowance) -> None:
        members = Members.of_zip(file, allowance)
        roots = {name.partition("/")[0] for name in members.by_name}
        if len(roots) != 1:
            raise Unsuited("it has no single root folder")
        (self.root,) = roots
        self.members = Members(
            file.path,
            {name.partition("/")[2]: member for name, member in members.by_name.items()},
            allowance,
        )
        in_order = "byteorder" in self.members.by_name
        order = self.members.read("byteorder").read() if in_order else b"little"
        self._order: Literal["<", ">"] = ">" if order == b"big" else "<"
        # Tensors that share a storage mostly follow each other.
        self._storage = lru_cache(maxsize=2)(self._read_storage)
        self._count = 0
        pickled = self.members.read("data.pkl")
        if pickled.size > _LARGEST_PICKLE:
            raise Unsuited("its pickle is too large")
        found = list(self._parts("", describe(pickled.read()), 0))
        names = unique(name or "(all)" for name, _ in found)
        self.parts: dict[str, Part] = {
            name: part for name, (_, part) in zip(names, found, strict=True)
        }

    def _read_storage(self, key: str) -> bytes:
        return self.members.read(f"data/{key}").read()

    def _parts(self, name: str, value: Any, depth: int) -> Iterator[tuple[str, Part]]:
        """Every value below `value` with its name, depth first."""
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_PARTS or len(name) > _LONGEST_NAME:
            raise Unsuited("its values are too many, too deep or have too long names")
        match value:
            case None | bool() | int() | float() | str() | bytes():
                yield name, value
            case Global():
                yield name, Container(f"the name {value}")
            case Persistent():
                storage, count = _storage(value)
                yield name, self._view(storage, storage.dtype, 0, (count,), (1,), False)
            case Table():
                yield name, Container("dict")
                yield from self._pairs(name, value.pairs, depth)
            case list() | tuple():
                yield name, Container(type(value).__name__)
                yield from self._items(name, value, depth)
            case Call():
                yield from self._call(name, value, depth)
            case _:
                raise Unsuited(f"its pickle describes a {type(value).__name__}")

    def _items(self, name: str, items: Any, depth: int) -> Iterator[tuple[str, Part]]:
        for index, item in enumerate(items):
            yield from self._parts(f"{name}[{index}]", item, depth + 1)

    def _pairs(
        self, name: str, pairs: list[tuple[object, object]], depth: int
    ) -> Iterator[tuple[str, Part]]:
        for key, value in pairs:
            if isinstance(key, Scalar):
                spelled = known(key, "").value
                named = isinstance(key, str) and key
                below = f"{name}.{spelled}".lstrip(".") if named else f"{name}[{spelled}]"
            else:
                yield from self._parts(f"{name}{{key}}", key, depth + 1)
                below = f"{name}{{value}}"
            yield from self._parts(below, value, depth + 1)

    def _call(self, name: str, call: Call, depth: int) -> Iterator[tuple[str, Part]]:
        """A tensor or an array where it is one, else what is called and with what."""
        tensor = self._tensor(call) or _numpy_array(call)
        if tensor is not None:
            yield name, tensor
            return
        called = str(call.function) if isinstance(call.function, Global) else "a call"
        yield name, Container(called)
        if not isinstance(call.function, Global):
            yield from self._parts(f"{name}.__call__", call.function, depth + 1)
        arguments, items = call.arguments, call.items
        if called in _SETS:
            arguments, items = _in_order(arguments), _in_order(items)
        for index, argument in enumerate(arguments if isinstance(arguments, tuple) else ()):
            yield from self._parts(f"{name}({index})", argument, depth + 1)
        if not isinstance(arguments, tuple):
            yield from self._parts(f"{name}()", arguments, depth + 1)
        yield from self._pairs(name, call.pairs, depth)
        yield from self._items(name, items, depth)
        for state in call.state:
            yield from self._parts(name, state, depth + 1)

    def _tensor(self, call: Call) -> View | None:
        match call:
            case Call(
                function=Global(module="torch._utils", name=function),
                arguments=(Call() as inner, bool(requires_grad), hooks),
                state=[],
            ) if function in _PARAMETERS and _empty(hooks):
                view = self._tensor(inner)
                return view and replace(view, requires_grad=requires_grad)
            case Call(
                function=Global(module="torch._utils", name="_rebuild_tensor_v2"),
                arguments=(Persistent() as p, int(offset), tuple(shape), tuple(strides),
                           bool(grad), hooks),
                state=[],
            ) if _empty(hooks):  # fmt: skip
                storage, _ = _storage(p)
                return self._view(storage, storage.dtype, offset, shape, strides, grad)
            case Call(
                function=Global(module="torch._utils", name="_rebuild_tensor_v3"),
                arguments=(Persistent() as p, int(offset), tuple(shape), tuple(strides),
                           bool(grad), hooks, Global(module="torch", name=dtype)),
                state=[],
            ) if _empty(hooks):  # fmt: skip
                storage, _ = _storage(p)
                return self._view(storage, dtype, offset, shape, strides, grad)
        return None

    def _view(
        self,
        storage: Storage,
        dtype: str,
        offset: int,
        shape: tuple[Any, ...],
        strides: tuple[Any, ...],
        requires_grad: bool,
    ) -> View:
        """Raises Unsuited where the view does not lie within its storage."""
        numbers = (offset, *shape, *strides)
        if len(shape) != len(strides) or not all(type(n) is int and n >= 0 for n in numbers):
            raise Unsuited("a tensor's shape or strides are no whole numbers")
        member = self.members.by_name.get(f"data/{storage.key}")
        if member is None:
            raise Unsuited(f"the storage {storage.key} of a tensor is not there")
        width = storage_dtype(dtype).itemsize
        extents = zip(shape, strides, strict=True)
        last = offset + sum((n - 1) * stride for n, stride in extents) if 0 not in shape else -1
        if (last + 1) * width > member.size:
            raise Unsuited(f"a tensor reaches beyond its storage {storage.key}")
        seen = tuple(1 if not stride and n else n for n, stride in zip(shape, strides, strict=True))
        if math.prod(seen) * width > member.size:
            raise Unsuited("a tensor shows the elements of its storage many times over")
        extent = Extent(offset, seen, strides)

        def load() -> Array:
            order = storage_dtype(dtype).newbyteorder(self._order)
            data = self._storage(storage.key)
            return extent.of(np.frombuffer(data, order, count=len(data) // width))

        return View(Tensor(dtype, shape, load), storage, extent, width, requires_grad)

    def hidden(self, key: str, views: Sequence[View]) -> tuple[bytes, bytes]:
        """Which bytes of a storage none of these views shows (a mask), and these bytes."""
        size = self.members.by_name[f"data/{key}"].size
        if any(view.extent.covers(size, view.width) for view in views):
            return b"", b""
        data = np.frombuffer(self._storage(key), np.uint8)
        mask = np.ones(len(data), np.bool_)
        for view in views:
            elements = mask[: len(mask) // view.width * view.width].view(f"V{view.width}")
            view.extent.of(elements)[...] = bytes(view.width)
        return mask.tobytes(), data[mask].tobytes()

    @property
    def read(self) -> set[str]:
        """The members that its parts are made of."""
        views = [part for part in self.parts.values() if isinstance(part, View)]
        return {"data.pkl", "byteorder"} | {f"data/{view.storage.key}" for view in views}


def _in_order(elements: Any) -> Any:
    """The elements of a set, sorted: their order is drawn anew by hash randomisation."""
    if isinstance(elements, tuple) and len(elements) == 1:
        return (_in_order(elements[0]),)
    if isinstance(elements, list) and all(isinstance(item, Scalar) for item in elements):
        return sorted(elements, key=repr)
    return elements


def _empty(hooks: object) -> bool:
    return hooks is None or (isinstance(hooks, Call) and not (hooks.pairs or hooks.state))


def _storage(reference: Persistent) -> tuple[Storage, int]:
    """The storage that a persistent id names, and its length in elements."""
    match reference.identity:
        case ("storage", Global(name=name), str(key), str(device), int(count)) if name in _DTYPES:
            return Storage(key, _DTYPES[name], device), count
    raise Unsuited("its pickle refers to something that is no known storage")


def _numpy_array(call: Call) -> Tensor | None:
    """The array that NumPy's own `__reduce__` describes, or None where it is something else."""
    match call:
        case Call(
            function=Global(name="_reconstruct"),
            state=[(int(), tuple(shape), Call(function=Global(module="numpy", name="dtype"),
                    arguments=(str(code), *_), state=[(int(), str(order), *_)]),
                    bool(fortran), bytes(data))],
        ) if all(type(n) is int and n >= 0 for n in shape):  # fmt: skip
            try:
                dtype = np.dtype(code).newbyteorder(order)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                return None
            if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data):
                return None
            flat = np.frombuffer(data, dtype)
            return Tensor(
                dtype.name, shape, lambda: flat.reshape(shape, order="F" if fortran else "C")
            )
    return None
