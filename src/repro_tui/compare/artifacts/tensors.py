"""One tensor of a file, and how two of them are compared."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.model import Distance, Finding, Kind, TensorDetail
from repro_tui.compare.numbers import NAMED_DTYPES, comparable, distance
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Key, Known, SectionName
from repro_tui.text import plural

Array = npt.NDArray[Any]


class Stored(Struct, frozen=True):
    """An array whose elements lie in a file in C order; a slice of them is read each time."""

    file: OpenFile
    start: int
    """The byte at which they begin."""
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __getitem__(self, part: slice, /) -> Array:
        """Consecutive elements. Raises Unsuited where the file has become shorter."""
        first, end, _ = part.indices(self.size)
        width = self.dtype.itemsize
        self.file.stream.seek(self.start + first * width)
        data = self.file.stream.read((end - first) * width)
        if len(data) != (end - first) * width:
            raise Unsuited("it became shorter while it was read")
        return np.frombuffer(data, self.dtype)

    def whole(self) -> Array:
        return self[:].reshape(self.shape)


class Tensor(Struct, frozen=True):
    """One tensor in a file. Its elements are read when they are asked for.

    `load` gives an array of the shape; of a dtype that NumPy lacks, its bits.
    """

    dtype: str
    shape: tuple[int, ...]
    load: Callable[[], Array | Stored]

    @classmethod
    def of(cls, dtype: str, stored: Stored) -> "Tensor":
        return cls(dtype, stored.shape, lambda: stored)

    def known(self, path: str) -> Known:
        return Known(f"{self.dtype} {list(self.shape)}", path)


def storage_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype that holds the bits of a dtype. Raises Unsuited for others."""
    try:
        return NAMED_DTYPES[name] if name in NAMED_DTYPES else np.dtype(name)
    except TypeError as error:
        raise Unsuited(f"NumPy has no dtype {name!r}") from error


def compare_tensor(
    key: Key,
    left: Tensor | None,
    right: Tensor | None,
    policy: Policy,
    paths: tuple[str, str],
) -> Finding:
    """One finding: equal to the bit, within tolerance, changed, or on one side only."""
    if left is None or right is None:
        present, kind = (right, Kind.ADDED) if left is None else (left, Kind.REMOVED)
        assert present is not None
        fact = present.known(paths[kind is Kind.ADDED])
        return Finding(key, kind, *((None, fact) if kind is Kind.ADDED else (fact, None)))
    facts = left.known(paths[0]), right.known(paths[1])

    def found(kind: Kind, apart: Distance | None = None, note: str = "", rule: str = "") -> Finding:
        detail = TensorDetail(left.dtype, right.dtype, left.shape, right.shape, apart)
        return Finding(key, kind, *facts, note=note, rule=rule, detail=detail)

    if left.shape != right.shape:
        return found(Kind.CHANGED, note="the shapes differ")
    a, b = left.load(), right.load()
    named = left.dtype if left.dtype in NAMED_DTYPES else ""
    if left.dtype != right.dtype and (
        named or right.dtype in NAMED_DTYPES or not comparable(a.dtype, b.dtype)
    ):
        return found(Kind.CHANGED, note="the dtypes differ")
    if not comparable(a.dtype, b.dtype):
        return _compare_bits(found, *(x.whole() if isinstance(x, Stored) else x for x in (a, b)))
    tolerance = policy.tolerance(SectionName.ARTIFACTS, key, left.dtype, right.dtype)
    apart = distance(a, b, tolerance, named)
    if left.dtype != right.dtype:
        return found(Kind.CHANGED, apart, "the dtypes differ")
    if not apart.differing:
        return found(Kind.EQUAL, apart)
    note = f"{apart.differing:,} of {plural(apart.compared, 'value')} differ"
    if apart.beyond_tolerance:
        return found(Kind.CHANGED, apart, note)
    return found(Kind.WITHIN_TOLERANCE, apart, note, tolerance.name)


def _compare_bits(found: Callable[..., Finding], a: Array, b: Array) -> Finding:
    """Text, records, long doubles: elements whose bits differ are counted, no more."""
    if a.dtype.newbyteorder("=") != b.dtype.newbyteorder("="):
        return found(Kind.CHANGED, note="the dtypes differ")
    differing = int(np.count_nonzero(_unequal(a, b.astype(a.dtype))))
    if not differing:
        return found(Kind.EQUAL)
    return found(Kind.CHANGED, note=f"{differing:,} of {plural(a.size, 'value')} differ")


def _unequal(a: Array, b: Array) -> npt.NDArray[np.bool_]:
    """For each element whether its bits differ. What fills up a record is none of them."""
    if a.size == 0 or a.dtype.itemsize == 0:
        return np.zeros(a.size, np.bool_)
    if a.dtype.names is not None:
        fields = [_unequal(a[name], b[name]).reshape(a.size, -1) for name in a.dtype.names]
        unequal = np.concatenate(fields, axis=1)
    else:
        bits = [np.frombuffer(x.tobytes(), np.uint8).reshape(a.size, -1) for x in (a, b)]
        if a.dtype.char in "gG" and np.finfo(a.dtype).nmant == 63:
            # x86 keeps 80 bits of a long double in 16 bytes.
            bits = [x.reshape(a.size, -1, 16)[:, :, :10].reshape(a.size, -1) for x in bits]
        unequal = np.not_equal(bits[0], bits[1])
    found: npt.NDArray[np.bool_] = np.logical_or.reduce(unequal, axis=1)
    return found
