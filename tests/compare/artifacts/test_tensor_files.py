"""npy, npz and safetensors, written by NumPy and safetensors."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save as save_safetensors
from tests.compare.artifacts.opened import at, inside, not_equal, zipped

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy

Array = npt.NDArray[Any]


def npy(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npz(**arrays: Array) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def flip(array: Array, index: int, bit: int = 0) -> Array:
    """The array with one bit of one element turned over."""
    flipped = array.copy()
    flipped.reshape(-1).view(np.uint8)[index * array.dtype.itemsize] ^= 1 << bit
    return flipped


WEIGHTS = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    ("path", "key", "write"),
    [
        ("weights.npy", "array", npy),
        ("weights.npz", "w", lambda a: npz(w=a, b=np.zeros(2))),
        ("model.safetensors", "w", lambda a: save_safetensors({"w": a, "b": np.zeros(2)})),
    ],
)
def test_one_flipped_bit_is_found_and_measured(path: str, key: str, write: Any) -> None:
    seen = inside(path, write(WEIGHTS), write(flip(WEIGHTS, 5)))
    assert seen.kind is Kind.CHANGED
    assert [k for k, kind in not_equal(seen).items() if kind is Kind.CHANGED] == [(key,)]
    detail = at(seen, key).detail
    assert isinstance(detail, TensorDetail)
    assert detail.left_shape == (3, 4)
    assert detail.left_dtype == "float32"
    assert detail.distance is not None
    assert (detail.distance.differing, detail.distance.max_ulp) == (1, 1)
    assert detail.distance.max_abs_at == 5


def test_a_tolerance_covers_it_and_is_named() -> None:
    seen = inside("w.npy", npy(WEIGHTS), npy(flip(WEIGHTS, 5)), Policy(ulp=1, rtol=1e-6))
    assert seen.kind is Kind.WITHIN_TOLERANCE
    assert seen.rule == "rtol 1e-06, ulp 1"


def test_shapes_and_dtypes_are_told_apart() -> None:
    seen = inside("w.npy", npy(WEIGHTS), npy(WEIGHTS.T.copy()))
    assert at(seen, "array").note == "the shapes differ"
    seen = inside("w.npy", npy(WEIGHTS), npy(WEIGHTS.astype(np.int64)))
    assert at(seen, "array").note == "the dtypes differ"
    seen = inside("w.npy", npy(WEIGHTS), npy(WEIGHTS.astype(np.float64)))
    assert seen.kind is Kind.CHANGED
    detail = at(seen, "array").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert detail.distance.differing == 0


def test_byte_order_and_memory_order_are_layout() -> None:
    for other in (WEIGHTS.astype(">f4"), np.asfortranarray(WEIGHTS)):
        seen = inside("w.npy", npy(WEIGHTS), npy(other))
        assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "tensor file layout")
        assert at(seen, "array").kind is Kind.EQUAL


def test_text_records_and_long_doubles_are_compared_by_their_bits() -> None:
    records = np.zeros(3, np.dtype([("a", "<i4"), ("b", "<f8")], align=True))
    changed = records.copy()
    changed.view(np.uint8)[4] = 1  # between a and b
    changed["b"][2] = -0.0
    texts = np.array(["ab", "cd"]), np.array(["ab", "ce"])
    longs = np.ones(2, np.longdouble), np.array([1, 2], np.longdouble)
    for left, right in ((records, changed), texts, longs):
        seen = inside("w.npy", npy(left), npy(right))
        assert seen.kind is Kind.CHANGED
        assert at(seen, "array").note == f"1 of {len(left)} values differ"


def test_arrays_that_come_and_go() -> None:
    seen = inside("w.npz", npz(a=WEIGHTS, b=WEIGHTS), npz(b=WEIGHTS, c=WEIGHTS))
    assert seen.kind is Kind.CHANGED
    assert at(seen, "a").kind is Kind.REMOVED
    assert at(seen, "b").kind is Kind.EQUAL
    assert at(seen, "c").kind is Kind.ADDED


def test_an_array_of_objects_is_never_opened() -> None:
    left, right = npy(np.array([{"a": 1}], object)), npy(np.array([{"a": 2}], object))
    seen = inside("w.npy", left, right)
    assert seen.detail.comparer == "bytes"
    assert "Python objects, which only unpickling would read" in seen.detail.summary
    archives = zipped({"x.npy": left}), zipped({"x.npy": right})
    assert inside("w.npz", archives[0], archives[1]).detail.comparer == "zip"


def test_safetensors_metadata_counts() -> None:
    left = save_safetensors({"w": WEIGHTS}, {"format": "pt", "run_id": "0" * 32})
    right = save_safetensors({"w": WEIGHTS}, {"format": "np", "run_id": "1" * 32})
    seen = inside("m.safetensors", left, right)
    assert at(seen, "__metadata__", "format").kind is Kind.CHANGED
    assert at(seen, "__metadata__", "run_id").rule == "generated ids"


def test_bfloat16_is_measured_in_its_own_ulp() -> None:
    header = {"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    start = len(text).to_bytes(8, "little") + text
    seen = inside("m.safetensors", start + b"\x80\x3f\x80\x3f", start + b"\x80\x3f\x81\x3f")
    detail = at(seen, "w").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.max_ulp, detail.distance.max_abs) == (1, 2**-7)


def header_of(entries: dict[str, Any], data: bytes = bytes(8)) -> bytes:
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header_of({"a": entry(0, 8, [2]), "b": entry(4, 8, [1])}), "overlap"),
        (header_of({"a": entry(0, 4, [1])}), "its tensors end at byte"),
        (header_of({"a": entry(0, 10**18, [10**18])}), "overlap, leave a gap or do not fit"),
        (header_of({"a": entry(0, 8, [-2])}), "nothing readable"),
        (header_of({"a": entry(0, 8, [2], "F3")}), "unknown dtype 'F3'"),
        (header_of({"a": 3}), "nothing readable"),
        (b"\xff" * 8 + b"{}", "header would be"),
        (b"\x02" + bytes(7) + b"[]", "no table"),
        (save_safetensors({"w": WEIGHTS})[:-1], "its tensors end at byte"),
    ],
)
def test_a_hostile_safetensors_header_leads_to_bytes(content: bytes, reason: str) -> None:
    seen = inside("m.safetensors", content, save_safetensors({"w": WEIGHTS}))
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "bytes"
    assert reason in seen.detail.summary


def test_a_promising_npy_header_allocates_nothing() -> None:
    content = npy(np.zeros(4))
    huge = content.replace(b"(4,), }            ", b"(4000000000000,), }")
    assert huge != content
    seen = inside("w.npy", content, huge)
    assert seen.detail.comparer == "bytes"
    assert "its header promises 32,000,000,000,000 bytes" in seen.detail.summary


tensors = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64, np.uint32]),
    hnp.array_shapes(max_dims=3, max_side=5),
)


@given(array=tensors, data=st.data(), file=st.sampled_from(["npy", "npz", "safetensors"]))
@settings(max_examples=150, deadline=None)
def test_any_flipped_bit_is_found(array: Array, data: st.DataObject, file: str) -> None:
    index = data.draw(st.integers(0, array.size - 1))
    bit = data.draw(st.integers(0, 7))
    write: dict[str, Callable[[Array], bytes]] = {
        "npy": npy,
        "npz": lambda a: npz(t=a),
        "safetensors": lambda a: save_safetensors({"t": a}),
    }
    seen = inside(f"t.{file}", write[file](array), write[file](flip(array, index, bit)))
    assert seen.kind is Kind.CHANGED
    found = at(seen, "array" if file == "npy" else "t")
    assert isinstance(found.detail, TensorDetail)
    assert found.detail.distance is not None
    assert found.detail.distance.differing == 1
