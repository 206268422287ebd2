"""Tensors as PyTorch pickles them: views of storages, which are kept beside the pickle.

Sources: torch/_utils.py, `_rebuild_tensor_v2` and `_v3`; torch/serialization.py,
`persistent_id`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.pickles import Call, Global, Persistent
from repro_tui.compare.artifacts.tensors import Array, Stored, Tensor, storage_dtype

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


class Storage(Struct, frozen=True):
    """A run of numbers that tensors show parts of."""

    key: str
    dtype: str
    device: str


class Extent(Struct, frozen=True):
    """Which elements of a storage a tensor shows: offset and strides in elements.

    Elements repeated by `expand` have stride 0; one of them stands for all.
    """

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dense(self) -> bool:
        """Whether the elements follow each other in C order."""
        count = 1
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != count:
                return False
            count *= n
        return True

    def covers(self, size: int, width: int) -> bool:
        """Whether it shows all of a storage of `size` bytes, in order, `width` bytes each."""
        return self.dense and self.offset == 0 and math.prod(self.shape) * width == size

    def of(self, flat: Array) -> Array:
        """A view of the elements, which must lie within the array."""
        strides = [stride * flat.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides)


class View(Tensor, frozen=True):
    """A tensor, and which elements of which storage it shows."""

    storage: Storage
    extent: Extent
    width: int
    """Bytes of one element."""
    requires_grad: bool


class Storages:
    """The storages of one file, and the tensors that show them.

    `sizes` are their lengths in bytes by key; `storage` gives one of them.
    """

    def __init__(
        self, sizes: Mapping[str, int], storage: Callable[[str], OpenFile], order: Literal["<", ">"]
    ) -> None:
        self._sizes = sizes
        # Tensors that share a storage mostly follow each other.
        self._storage = lru_cache(maxsize=2)(storage)
        self._read = lru_cache(maxsize=2)(lambda key: self._storage(key).read())
        self._order: Literal["<", ">"] = order

    def leaf(self, value: Call | Persistent) -> View | None:
        """The tensor that a call rebuilds or a whole storage; None for other calls.

        Raises Unsuited where it does not lie within its storage.
        """
        if isinstance(value, Call):
            return self._tensor(value)
        if not is_storage(value):
            return None
        storage, count = storage_of(value)
        return self.view(storage, storage.dtype, 0, (count,), (1,), False)

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
                storage, _ = storage_of(p)
                return self.view(storage, storage.dtype, offset, shape, strides, grad)
            case Call(
                function=Global(module="torch._utils", name="_rebuild_tensor_v3"),
                arguments=(Persistent() as p, int(offset), tuple(shape), tuple(strides),
                           bool(grad), hooks, Global(module="torch", name=dtype)),
                state=[],
            ) if _empty(hooks):  # fmt: skip
                storage, _ = storage_of(p)
                return self.view(storage, dtype, offset, shape, strides, grad)
        return None

    def view(
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
        length = self._sizes.get(storage.key)
        if length is None:
            raise Unsuited(f"the storage {storage.key} of a tensor is not there")
        width = storage_dtype(dtype).itemsize
        extents = zip(shape, strides, strict=True)
        last = offset + sum((n - 1) * stride for n, stride in extents) if 0 not in shape else -1
        if (last + 1) * width > length:
            raise Unsuited(f"a tensor reaches beyond its storage {storage.key}")
        seen = tuple(1 if not stride and n else n for n, stride in zip(shape, strides, strict=True))
        if math.prod(seen) * width > length:
            raise Unsuited("a tensor shows the elements of its storage many times over")
        extent = Extent(offset, seen, strides)

        def load() -> Array | Stored:
            order = storage_dtype(dtype).newbyteorder(self._order)
            if extent.dense:
                return Stored(self._storage(storage.key), offset * width, order, seen)
            data = self._read(storage.key)
            return extent.of(np.frombuffer(data, order, count=len(data) // width))

        return View(dtype, shape, load, storage, extent, width, requires_grad)

    def hidden(self, key: str, views: Sequence[View]) -> tuple[bytes, bytes]:
        """Which bytes of a storage none of these views shows (a mask), and these bytes."""
        if any(view.extent.covers(self._sizes[key], view.width) for view in views):
            return b"", b""
        data = np.frombuffer(self._read(key), np.uint8)
        mask = np.ones(len(data), np.bool_)
        for view in views:
            elements = mask[: len(mask) // view.width * view.width].view(f"V{view.width}")
            view.extent.of(elements)[...] = bytes(view.width)
        return mask.tobytes(), data[mask].tobytes()


def _empty(hooks: object) -> bool:
    return hooks is None or (isinstance(hooks, Call) and not (hooks.pairs or hooks.state))


def is_storage(reference: Persistent) -> bool:
    """Whether a reference is to a storage; before PyTorch 1.6 there were some to classes."""
    return isinstance(reference.identity, tuple) and reference.identity[:1] == ("storage",)


def storage_of(reference: Persistent) -> tuple[Storage, int]:
    """The storage that a persistent id names, and its length in elements."""
    match reference.identity:
        # Before PyTorch 1.6 a sixth part told of views, of which there are none any more.
        case ("storage", Global(name=name), str(key), str(device), int(count)) | (
            "storage",
            Global(name=name),
            str(key),
            str(device),
            int(count),
            None,
        ) if name in _DTYPES:
            return Storage(key, _DTYPES[name], device), count
    raise Unsuited("its pickle refers to something that is no known storage")
