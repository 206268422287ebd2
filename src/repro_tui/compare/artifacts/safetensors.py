"""safetensors: a JSON header, then the elements (safetensors' README, `Format`)."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Stored, Tensor, compare_tensor, storage_dtype
from repro_tui.compare.artifacts.values import compare_scalars, pair
from repro_tui.compare.documents import load_json
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import known

_DTYPES = {
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


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a header is malformed or its offsets do not fit the file."""
    paths = left.path, right.path
    (a, meta_a), (b, meta_b) = _read(left), _read(right)
    findings = [compare_tensor((name,), x, y, policy, paths) for name, x, y in pair(a, b)]
    for name, m, n in pair(meta_a, meta_b):
        key = ("__metadata__", name)
        if m is None or n is None:
            kind = Kind.ADDED if m is None else Kind.REMOVED
            facts = [None if v is None else known(v, p) for v, p in zip((m, n), paths, strict=True)]
            findings.append(Finding(key, kind, facts[0], facts[1]))
        else:
            findings.append(compare_scalars(key, m, n, policy, paths))
    return settle("safetensors", findings, asides.TENSOR_LAYOUT)


def _read(file: OpenFile) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    length = int.from_bytes(file.head(8), "little")
    if not 2 <= length <= min(_HEADER, file.size - 8):
        raise Unsuited(f"its header would be {length:,} bytes long")
    header = load_json(file.stream.read(length).decode())
    if not isinstance(header, dict):
        raise Unsuited("its header is no table")
    metadata = header.pop("__metadata__", {})
    if not (isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())):
        raise Unsuited("its metadata is not text by name")
    start, end = 8 + length, 0
    tensors: dict[str, Tensor] = {}
    for name, (begin, stop), dtype, shape in sorted(_entries(header), key=lambda entry: entry[1]):
        elements = storage_dtype(dtype).newbyteorder("<")
        size = math.prod(shape) * elements.itemsize
        if begin != end or stop - begin != size:
            raise Unsuited(f"the offsets of its tensor {name!r} overlap, leave a gap or do not fit")
        end = stop
        tensors[name] = Tensor.of(dtype, Stored(file, start + begin, elements, shape))
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
                if dtype not in _DTYPES:
                    raise Unsuited(f"its tensor {name!r} has the unknown dtype {dtype!r}")
                yield name, (b, e), _DTYPES[dtype], tuple(shape)
            case _:
                raise Unsuited(f"its header says nothing readable of the tensor {name!r}")
