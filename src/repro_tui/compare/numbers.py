"""How far apart two arrays of numbers are: to the bit, absolute, relative and in ULP.

The one implementation for metrics and tensors. Everything is vectorised and works
through the arrays chunk by chunk, so arrays that are still in a file need a bounded
amount of memory, whatever their size. Where a chunk is equal to the bit, which costs
little more than reading it, no distance is measured.

*To the bit*: two NaNs are equal when their payloads are, and 0.0 differs from -0.0.

*ULP* (units in the last place): the number of steps from one representable number to
the other. IEEE 754 floats are sign and magnitude, so their bits, read as an unsigned
integer with the negative ones turned over and the sign bit flipped, are in the order of
the numbers (M. Herf, "Radix Tricks", 2001; the order is totalOrder of IEEE 754-2019,
5.10). The distance is the difference of these integers. -0.0 and 0.0 are neighbours:
1 ULP apart, although their absolute distance is 0.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from repro_tui.compare.model import Distance
from repro_tui.compare.policy import Tolerance

Array = npt.NDArray[Any]

NAMED_DTYPES: dict[str, np.dtype[Any]] = {
    "bfloat16": np.dtype(np.uint16),
    "float8_e5m2": np.dtype(np.uint8),
    "float8_e4m3fn": np.dtype(np.uint8),
}
"""Floats that NumPy lacks, and the unsigned integers that their bits are handed over as."""

STRETCHES = 64
"""Of equal length, for which differing pairs are counted apart."""
_CHUNK = 2**18
"""Bytes looked at together: two such chunks fit into a processor's second cache."""


class Elements(Protocol):
    """The numbers of an array that need not be in memory, in C order, a slice at a time."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def size(self) -> int: ...
    def __getitem__(self, part: slice, /) -> Array: ...


class Differences(Struct, frozen=True):
    """The pairs of one chunk that are not equal to the bit. Arrays of one length."""

    positions: npt.NDArray[np.int64]
    """Flat indices, in C order."""
    absolute: npt.NDArray[np.float64]
    """|a - b|; meaningless where not finite."""
    relative: npt.NDArray[np.float64]
    """|a - b| / |a|; infinite where a is 0 and b is not."""
    ulp: npt.NDArray[np.uint64]
    finite: npt.NDArray[np.bool_]
    """Whether both numbers are finite."""
    beyond: npt.NDArray[np.bool_]
    """Whether the tolerance does not cover the pair."""


def comparable(left: np.dtype[Any], right: np.dtype[Any]) -> bool:
    """Whether `distance` can compare arrays of these dtypes, whatever their byte order.

    Equal dtypes of numbers, booleans or times can; so can floats of different widths.
    The platform's long double, text, objects and records cannot.
    """
    widths = {(kind, size) for kind in "f" for size in (2, 4, 8)}
    widths |= {("c", 8), ("c", 16), ("b", 1)}
    widths |= {(kind, size) for kind in "iu" for size in (1, 2, 4, 8)}
    widths |= {("m", 8), ("M", 8)}
    sides = [(dtype.kind, dtype.itemsize) for dtype in (left, right)]
    if not all(side in widths for side in sides):
        return False
    return left.newbyteorder("=") == right.newbyteorder("=") or left.kind == right.kind == "f"


def distance(
    left: Array | Elements, right: Array | Elements, tolerance: Tolerance, dtype: str = ""
) -> Distance:
    """Measure how far `right` is from `left`, element by element.

    The arrays have one shape and comparable dtypes (ValueError otherwise). `dtype` names
    one of NAMED_DTYPES when both arrays hold its bits. A complex number is two numbers,
    its real and its imaginary part; `max_abs_at` is the index of the element. Between
    floats of different widths the numbers are compared exactly and ULP are those of the
    narrower one.

    `tolerance.ulp` is for floats: whole numbers may be labels or ids, and the next one is
    another; only `rtol` and `atol`, if asked for, can cover them. No tolerance covers
    booleans, nor a difference in which NaN or infinity takes part.
    """
    differing = nonfinite = beyond = max_ulp = 0
    max_abs, max_abs_at, max_rel = 0.0, None, 0.0
    compared = left.size * (2 if left.dtype.kind == "c" else 1)
    stretches = min(compared, STRETCHES)
    where = np.zeros(stretches, np.int64)
    for chunk in differences(left, right, tolerance, dtype):
        differing += len(chunk.positions)
        where += np.bincount(chunk.positions * stretches // compared, minlength=stretches)
        beyond += int(np.count_nonzero(chunk.beyond))
        finite = chunk.finite
        nonfinite += len(finite) - int(np.count_nonzero(finite))
        if not finite.any():
            continue
        absolute = chunk.absolute[finite]
        largest = int(np.argmax(absolute))
        if max_abs_at is None or absolute[largest] > max_abs:
            max_abs = float(absolute[largest])
            max_abs_at = int(chunk.positions[finite][largest])
        max_rel = max(max_rel, float(chunk.relative[finite].max()))
        max_ulp = max(max_ulp, int(chunk.ulp[finite].max()))
    if left.dtype.kind == "c" and max_abs_at is not None:
        max_abs_at //= 2
    return Distance(
        compared=compared,
        differing=differing,
        max_abs=max_abs,
        max_abs_at=max_abs_at,
        max_rel=max_rel,
        max_ulp=max_ulp,
        nonfinite=nonfinite,
        beyond_tolerance=beyond,
        where=tuple(where.tolist()) if differing else (),
    )


def differences(
    left: Array | Elements, right: Array | Elements, tolerance: Tolerance, dtype: str = ""
) -> Iterator[Differences]:
    """The pairs that are not equal to the bit, for each chunk that holds any.

    Arguments as for `distance`; complex parts are counted apart.
    """
    if left.shape != right.shape:
        raise ValueError(f"shapes {left.shape} and {right.shape} differ")
    if not comparable(left.dtype, right.dtype):
        raise ValueError(f"dtypes {left.dtype} and {right.dtype} cannot be compared")
    parts = 2 if left.dtype.kind == "c" else 1
    flat_left, flat_right = _flat(left), _flat(right)
    step = _CHUNK // max(left.dtype.itemsize, right.dtype.itemsize)
    for start in range(0, left.size, step):
        a, b = flat_left[start : start + step], flat_right[start : start + step]
        if a.dtype == b.dtype and np.array_equal(_words(a), _words(b)):
            continue
        a, b = _plain(a), _plain(b)
        wide = np.promote_types(a.dtype, b.dtype)
        where = np.flatnonzero(
            _bits(a.astype(wide, copy=False)) != _bits(b.astype(wide, copy=False))
        )
        if len(where):
            positions = where.astype(np.int64) + start * parts
            yield _measure(positions, a[where], b[where], tolerance, dtype)


def first_beyond(left: Array, right: Array, tolerance: Tolerance) -> int | None:
    """The flat index of the first pair that differs beyond tolerance, if any does."""
    for chunk in differences(left, right, tolerance):
        if chunk.beyond.any():
            return int(chunk.positions[np.argmax(chunk.beyond)])
    return None


def ulp(left: float, right: float) -> int | None:
    """The ULP between two float64; None where one of them is not finite."""
    if not np.isfinite([left, right]).all():
        return None
    return distance(np.array([left]), np.array([right]), Tolerance()).max_ulp


def _measure(
    positions: npt.NDArray[np.int64], a: Array, b: Array, tolerance: Tolerance, dtype: str
) -> Differences:
    """Distances of pairs that are known to differ."""
    narrow = a.dtype if a.dtype.itemsize <= b.dtype.itemsize else b.dtype
    floating = narrow.kind == "f" or bool(dtype)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        left_order, right_order = (_ordered(x.astype(narrow), floating) for x in (a, b))
        ulp = np.where(
            left_order > right_order, left_order - right_order, right_order - left_order
        ).astype(np.uint64)
        x, y = _float64(a, dtype), _float64(b, dtype)
        # Whole numbers: their distance is exact in integers and might not be in float64.
        absolute = np.abs(x - y) if floating else ulp.astype(np.float64)
        relative = np.where(absolute == 0, 0.0, absolute / np.abs(x))
        finite = np.isfinite(x) & np.isfinite(y)
        covered = np.zeros(len(positions), dtype=np.bool_)
        if not tolerance.exact and a.dtype.kind != "b":
            smaller = np.minimum(np.abs(x), np.abs(y))
            covered = absolute <= tolerance.atol + tolerance.rtol * smaller
            if floating:
                covered |= ulp <= tolerance.ulp
    return Differences(positions, absolute, relative, ulp, finite, ~(covered & finite))


def _flat(array: Array | Elements) -> "Elements | np.flatiter[Array]":
    if not isinstance(array, np.ndarray):
        return array
    # `flat` walks arrays of any memory layout in C order without copying them whole.
    return array.reshape(-1) if array.flags.c_contiguous else array.flat


def _words(chunk: Array) -> Array:
    """The bits of a contiguous chunk in the largest words that it is a whole number of."""
    return chunk.view(np.uint64 if chunk.nbytes % 8 == 0 else np.uint8)


def _plain(chunk: Array) -> Array:
    """In this machine's byte order, contiguous; complex numbers as parts, times as integers."""
    chunk = np.ascontiguousarray(chunk, dtype=chunk.dtype.newbyteorder("="))
    if chunk.dtype.kind == "c":
        return chunk.view(np.dtype(f"f{chunk.dtype.itemsize // 2}"))
    return chunk.view(np.int64) if chunk.dtype.kind in "mM" else chunk


def _bits(values: Array) -> Array:
    return values.view(np.dtype(f"u{values.dtype.itemsize}"))


def _ordered(values: Array, floating: bool) -> Array:
    """Unsigned integers in the order of the numbers; neighbours are 1 apart."""
    bits = _bits(values)
    sign = bits.dtype.type(1 << (8 * bits.dtype.itemsize - 1))
    if floating:
        return np.where(bits & sign, ~bits, bits | sign)
    return bits ^ sign if values.dtype.kind == "i" else bits


def _float64(values: Array, dtype: str) -> npt.NDArray[np.float64]:
    """The numbers as float64: exact for every float, rounded for integers above 2**53."""
    if dtype == "bfloat16":  # the upper half of a float32
        values = (values.astype(np.uint32) << 16).view(np.float32)
    elif dtype == "float8_e5m2":  # the upper half of a float16
        values = (values.astype(np.uint16) << 8).view(np.float16)
    elif dtype == "float8_e4m3fn":
        values = _E4M3FN[values]
    elif dtype:
        raise ValueError(f"no dtype is named {dtype!r} here")
    return values.astype(np.float64)


def _e4m3fn() -> npt.NDArray[np.float64]:
    """All 256 numbers of the format: no infinities (OCP 8-bit Floating Point, OFP8, 1.0)."""
    bits = np.arange(256)
    exponent, mantissa = (bits >> 3) & 15, bits & 7
    magnitude = np.where(
        exponent == 0, np.ldexp(mantissa, -9), np.ldexp(mantissa + 8, exponent - 10)
    )
    magnitude[(bits & 0x7F) == 0x7F] = np.nan
    return np.asarray(np.where(bits & 0x80, -magnitude, magnitude), dtype=np.float64)


_E4M3FN = _e4m3fn()
