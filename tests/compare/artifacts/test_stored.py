"""Elements that are compared where they lie in a file, against plain NumPy."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.compare.artifacts.opened import at, inside, opened, zipped

from repro_tui.compare import numbers
from repro_tui.compare.artifacts import OpenFile
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.archives import Members
from repro_tui.compare.artifacts.file import Inside
from repro_tui.compare.artifacts.tensors import Stored
from repro_tui.compare.model import TensorDetail
from repro_tui.compare.policy import Tolerance

Array = npt.NDArray[Any]
EXACT = Tolerance()
DTYPES = ["<f2", "<f4", ">f4", "<f8", "<c8", "<c16", "i1", "<i2", ">i4", "<u8", "?", "<M8[s]"]
SMALL = 64
"""Bytes of a chunk, so that small arrays have many."""


@pytest.fixture(autouse=True, scope="module")
def _small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_CHUNK", SMALL)
        yield


def stored(array: Array, before: int) -> Stored:
    content = bytes(before) + array.tobytes() + b"after"
    file = opened("x", content).part("y", 1, len(content) - 1)
    return Stored(file, before - 1, array.dtype, array.shape)


@given(data=st.data())
@settings(max_examples=300)
def test_any_difference_is_found_wherever_it_lies(data: st.DataObject) -> None:
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    per_chunk = SMALL // dtype.itemsize
    size = data.draw(
        st.integers(0, 3 * per_chunk) | st.sampled_from([per_chunk, per_chunk + 1, 2 * per_chunk])
    )
    left: Array = data.draw(hnp.arrays(dtype, size))
    right = left.copy()
    flipped = data.draw(st.sets(st.integers(0, size * dtype.itemsize - 1))) if size else set()
    if dtype.kind == "b":
        right[list(flipped)] ^= True
    else:
        right.view(np.uint8)[list(flipped)] ^= data.draw(st.integers(1, 255))

    found = numbers.distance(stored(left, 7), stored(right, 3), EXACT)

    part = dtype.itemsize // (2 if dtype.kind == "c" else 1)
    bits = [x.view(f"V{part}").tolist() for x in (left, right)]
    assert found.differing == sum(a != b for a, b in zip(*bits, strict=True)) == sum(found.where)
    with np.errstate(all="ignore"):
        # Chunks of one side's memory layout, or none: the same is found.
        whole = numbers.distance(np.repeat(left, 2)[::2], right, EXACT)
    assert found == whole


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_nan_and_signed_zero_are_told_by_their_bits(dtype: str) -> None:
    values = np.array([np.nan, 0.0, 1.0] * 100, dtype)
    assert numbers.distance(stored(values, 1), stored(values, 9), EXACT).differing == 0
    assert numbers.distance(stored(values, 1), stored(-values, 1), EXACT).differing == 300


def test_a_file_that_becomes_shorter_is_no_agreement(tmp_path: Path) -> None:
    sides = []
    for name in "ab":
        path = tmp_path / f"{name}.npy"
        np.save(path, np.zeros(100_000))
        sides.append(path.open("rb"))
    left, right = (OpenFile("a.npy", s.seek(0, 2), s) for s in sides)
    a, b = (Stored(f, 128, np.dtype(float), (100_000,)) for f in (left, right))
    (tmp_path / "a.npy").write_bytes(bytes(1000))
    with pytest.raises(Exception, match="shorter"):
        numbers.distance(a, b, EXACT)
    for side in sides:
        side.close()


def _never(*_: object) -> Inside:
    raise AssertionError


@given(st.dictionaries(st.text("abé/.", min_size=1), st.binary(max_size=300), max_size=5))
def test_a_stored_member_is_what_zipfile_reads(contents: dict[str, bytes]) -> None:
    packed = b"before" + zipped(contents, compression=zipfile.ZIP_STORED)
    file = opened("x.zip", packed)
    allowance = Allowance.of(_never, file)
    left = allowance.left[0]
    members = Members.of_zip(file, allowance)
    for name, content in contents.items():
        assert members.in_place(name).read() == content
    assert allowance.left[0] == left


def test_members_that_overlap_are_not_read_in_place() -> None:
    packed = zipped({"a": bytes(100)}, compression=zipfile.ZIP_STORED)
    start = packed.index(b"PK\x01\x02")
    end = packed.index(b"PK\x05\x06")
    entry, tail = packed[start:end], bytearray(packed[end:])
    tail[8:12] = b"\2\0\2\0"
    tail[12:16] = (2 * len(entry)).to_bytes(4, "little")
    file = opened("x.zip", packed[:start] + entry * 2 + bytes(tail))
    allowance = Allowance.of(_never, file)
    left = allowance.left[0]
    assert Members.of_zip(file, allowance).in_place("a").size == 100
    assert allowance.left[0] == left - 100


def test_arrays_of_an_uncompressed_npz_are_compared() -> None:
    sides = []
    for last in (1, 2):
        stream = io.BytesIO()
        np.savez(stream, x=np.append(np.zeros(999), last), y=np.asfortranarray(np.eye(3)))
        sides.append(stream.getvalue())
    left, right = sides
    seen = inside("a.npz", left, right)
    detail = at(seen, "x").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.differing, detail.distance.max_abs_at) == (1, 999)
