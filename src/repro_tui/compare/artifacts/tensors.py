"""Arrays of numbers in files: .npy, .npz and safetensors, tensor by tensor.

Nothing is unpickled: an array of Python objects is said to be unreadable.
Formats: NumPy's NEP 1; safetensors' README, `Format`.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.archives import Allowance, Members
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.structured import reject_duplicates
from repro_tui.compare.artifacts.values import compare_scalars, known, pair
from repro_tui.compare.model import Finding, Kind, Policy, TensorDetail
from repro_tui.compare.numbers import NAMED_DTYPES, comparable, distance
from repro_tui.evidence.model import Known
from repro_tui.text import plural

Array = npt.NDArray[Any]

SAFETENSORS = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
_HEADER = 100_000_000
"""Bytes: the longest header that safetensors itself accepts."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor in a file. Its elements are read when they are asked for.

    `load` gives an array of the shape; of a dtype that NumPy lacks, its bits.
    """

    dtype: str
    shape: tuple[int, ...]
    load: Callable[[], Array]

    def known(self, path: str) -> Known:
        return Known(f"{self.dtype} {list(self.shape)}", path)


def storage_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype that holds the bits of a dtype. Raises Unsuited for others."""
    try:
        return NAMED_DTYPES[name] if name in NAMED_DTYPES else np.dtype(name)
    except TypeError as error:
        raise Unsuited(f"NumPy has no dtype {name!r}") from error


def compare_tensor(
    name: str,
    left: Tensor | None,
    right: Tensor | None,
    policy: Policy,
    paths: tuple[str, str],
) -> Finding:
    """One finding: equal to the bit, within tolerance, changed, or on one side only."""
    key = (name,)
    if left is None or right is None:
        present, kind = (right, Kind.ADDED) if left is None else (left, Kind.REMOVED)
        assert present is not None
        fact = present.known(paths[kind is Kind.ADDED])
        return Finding(key, kind, *((None, fact) if kind is Kind.ADDED else (fact, None)))
    facts = left.known(paths[0]), right.known(paths[1])

    def found(kind: Kind, apart: Any = None, note: str = "", rule: str = "") -> Finding:
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
        return _compare_bits(found, a, b)
    apart = distance(a, b, policy, named)
    if left.dtype != right.dtype:
        return found(Kind.CHANGED, apart, "the dtypes differ")
    if not apart.differing:
        return found(Kind.EQUAL, apart)
    note = f"{apart.differing:,} of {plural(apart.compared, 'element')} differ"
    if apart.beyond_tolerance:
        return found(Kind.CHANGED, apart, note)
    return found(Kind.WITHIN_TOLERANCE, apart, note, asides.tolerance(policy))


def _compare_bits(found: Callable[..., Finding], a: Array, b: Array) -> Finding:
    """Text, records, long doubles: elements whose bits differ are counted, no more."""
    if a.dtype.newbyteorder("=") != b.dtype.newbyteorder("="):
        return found(Kind.CHANGED, note="the dtypes differ")
    width = a.dtype.itemsize
    bits = [np.frombuffer(x.tobytes(), np.uint8).reshape(-1, width) for x in (a, b.astype(a.dtype))]
    differing = int(np.count_nonzero((bits[0] != bits[1]).any(axis=1)))
    if not differing:
        return found(Kind.EQUAL)
    return found(Kind.CHANGED, note=f"{differing:,} of {plural(a.size, 'element')} differ")


def compare_npy(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a file is not a .npy, is cut short or holds objects."""
    finding = compare_tensor(
        "array", read_npy(left), read_npy(right), policy, (left.path, right.path)
    )
    return settle("npy", [finding], asides.TENSOR_LAYOUT)


def read_npy(file: OpenFile) -> Tensor:
    """The one array of a .npy file."""
    file.stream.seek(0)
    version = np.lib.format.read_magic(file.stream)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(file.stream)
    elif version == (2, 0):
        header = np.lib.format.read_array_header_2_0(file.stream)
    else:
        raise Unsuited(f"version {version[0]}.{version[1]} of the format is not known")
    shape, fortran, dtype = header
    if dtype.hasobject:
        raise Unsuited("it holds Python objects, which only unpickling would read")
    start, length = file.stream.tell(), math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or start + length != file.size:
        raise Unsuited(f"its header promises {length:,} bytes, {file.size - start:,} are there")

    def load() -> Array:
        file.stream.seek(start)
        flat = np.frombuffer(file.stream.read(length), dtype)
        return flat.reshape(shape, order="F" if fortran else "C")

    name = dtype.name if dtype.names is None else str(dtype)
    return Tensor(name, shape, load)


def compare_npz(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited where a member is not a .npy or too large to unpack."""
    paths = left.path, right.path
    sides = Members.of_zip(left, allowance), Members.of_zip(right, allowance)
    arrays = [{name: _npy_member(side, name) for name in side.by_name} for side in sides]
    findings = [
        compare_tensor(name.removesuffix(".npy"), a, b, policy, paths)
        for name, a, b in pair(*arrays)
    ]
    return settle("npz", [*findings, *sides[0].compare_packing(sides[1])], asides.ARCHIVE_LAYOUT)


def _npy_member(members: Members, name: str) -> Tensor:
    """The array of a member, unpacked once for its header and again for its elements."""
    tensor = read_npy(members.read(name))
    return Tensor(tensor.dtype, tensor.shape, lambda: read_npy(members.read(name)).load())


def compare_safetensors(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a header is malformed or its offsets do not fit the file."""
    paths = left.path, right.path
    (a, meta_a), (b, meta_b) = _read_safetensors(left), _read_safetensors(right)
    findings = [compare_tensor(name, x, y, policy, paths) for name, x, y in pair(a, b)]
    for name, m, n in pair(meta_a, meta_b):
        key = ("__metadata__", name)
        if m is None or n is None:
            kind = Kind.ADDED if m is None else Kind.REMOVED
            facts = [None if v is None else known(v, p) for v, p in zip((m, n), paths, strict=True)]
            findings.append(Finding(key, kind, facts[0], facts[1]))
        else:
            findings.append(compare_scalars(key, m, n, policy, paths))
    return settle("safetensors", findings, asides.TENSOR_LAYOUT)


def _read_safetensors(file: OpenFile) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    length = int.from_bytes(file.head(8), "little")
    if not 2 <= length <= min(_HEADER, file.size - 8):
        raise Unsuited(f"its header would be {length:,} bytes long")
    header = json.loads(file.stream.read(length), object_pairs_hook=reject_duplicates)
    if not isinstance(header, dict):
        raise Unsuited("its header is no table")
    metadata = header.pop("__metadata__", {})
    if not (isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())):
        raise Unsuited("its metadata is not text by name")
    start, end = 8 + length, 0
    tensors: dict[str, Tensor] = {}
    for name, (begin, stop), dtype, shape in sorted(_entries(header), key=lambda entry: entry[1]):
        size = math.prod(shape) * storage_dtype(dtype).itemsize
        if begin != end or stop - begin != size:
            raise Unsuited(f"the offsets of its tensor {name!r} overlap, leave a gap or do not fit")
        end = stop
        tensors[name] = Tensor(dtype, shape, _loader(file, start + begin, size, dtype, shape))
    if start + end != file.size:
        raise Unsuited(f"its tensors end at byte {start + end:,}, the file at {file.size:,}")
    return tensors, metadata


def _entries(
    header: Mapping[str, Any],
) -> Iterator[tuple[str, tuple[int, int], str, tuple[int, ...]]]:
    for name, entry in header.items():
        match entry:
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(b), int(e)]} if (
                all(isinstance(n, int) and n >= 0 for n in shape)
            ):
                if dtype not in SAFETENSORS:
                    raise Unsuited(f"its tensor {name!r} has the unknown dtype {dtype!r}")
                yield name, (b, e), SAFETENSORS[dtype], tuple(shape)
            case _:
                raise Unsuited(f"its header says nothing readable of the tensor {name!r}")


def _loader(
    file: OpenFile, start: int, size: int, dtype: str, shape: tuple[int, ...]
) -> Callable[[], Array]:
    def load() -> Array:
        file.stream.seek(start)
        data = file.stream.read(size)
        return np.frombuffer(data, storage_dtype(dtype).newbyteorder("<")).reshape(shape)

    return load
