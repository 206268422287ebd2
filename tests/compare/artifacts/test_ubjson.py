"""UBJSON: what is written is what is read, and bad bytes are refused."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compare.artifacts.opened import inside, not_equal

from repro_tui.compare.model import Kind


def encoded(value: Any) -> bytes:
    """As XGBoost writes it: lengths in 8 bytes, arrays of numbers with their type ahead."""
    match value:
        case None:
            return b"Z"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"L" + struct.pack(">q", value)
        case float():
            return b"D" + struct.pack(">d", value)
        case str():
            return b"S" + text(value)
        case np.ndarray():
            marker = {"f": b"d", "i": b"l"}[value.dtype.kind]
            swapped = value.astype(value.dtype.newbyteorder(">"))
            return b"[$" + marker + b"#L" + struct.pack(">q", len(value)) + swapped.tobytes()
        case list():
            return b"[" + b"".join(map(encoded, value)) + b"]"
        case dict():
            return b"{" + b"".join(text(k) + encoded(v) for k, v in value.items()) + b"}"
    raise TypeError(value)


def text(value: str) -> bytes:
    return b"L" + struct.pack(">q", len(value.encode())) + value.encode()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.lists(st.floats(width=32), max_size=4).map(lambda v: np.array(v, np.float32)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(left=VALUES, right=VALUES)
def test_files_differ_where_their_values_do(left: Any, right: Any) -> None:
    sides = encoded({"v": left}), encoded({"v": right})
    if sides[0] != sides[1]:
        seen = inside("m.ubj", *sides)
        assert seen.detail.comparer == "UBJSON"
        assert not_equal(seen)


def test_one_number_of_one_array_is_named_and_measured() -> None:
    sides = [
        encoded({"trees": [{"leaf": np.array([1, x], np.float32)}, {"n": 3}]}) for x in (2, 2.5)
    ]
    seen = inside("m.ubj", sides[0], sides[1])
    assert not_equal(seen) == {("trees[0].leaf",): Kind.CHANGED}
    assert seen.detail.findings[0].key == ("(all)",) or len(seen.detail.findings) >= 2


def test_another_spelling_of_the_same_numbers_is_layout() -> None:
    plain = b"{i\x01a[U\x01U\x02]i\x01b{}}"
    counted = b"{i\x01a[$U#i\x02\x01\x02i\x01b{}}"
    assert inside("m.ubj", plain, plain.replace(b"i\x01b", b"U\x01b")).rule == "document layout"
    # One is a list of two numbers, the other one an array of bytes.
    assert inside("m.ubj", plain, counted).kind is Kind.CHANGED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{i\x01aS", "cut short"),
        (b"{i\x01a", "cut short"),
        (b"{}x", "something follows"),
        (b"{i\x01aSi\xff}", "cut short"),
        (b"{i\x01aSi\x01\xff}", "not UTF-8"),
        (b"{i\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff}", "cut short"),
        (b"{i\x01a[$d}", "without a count"),
        (b"{i\x01a[#i\xff}", "without a count"),
        (b"{i\x01a?}", "begins no value"),
        (b"{?\x01aZ}", "is no length"),
        (b"[" * 200, "too deep"),
        (b"[$Z#L" + (2**62).to_bytes(8, "big"), "too many"),
    ],
)
def test_bad_bytes_are_left_to_the_next(content: bytes, reason: str) -> None:
    seen = inside("m.ubj", encoded({"a": 1}), content)
    assert seen.detail.comparer in ("bytes", "text")
    assert reason in seen.detail.summary
