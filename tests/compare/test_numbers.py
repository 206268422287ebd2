import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.compare import numbers
from repro_tui.compare.model import Distance
from repro_tui.compare.policy import Tolerance

EXACT = Tolerance()


def f32(*values: float) -> numbers.Array:
    return np.array(values, dtype=np.float32)


def test_equal_arrays_have_no_distance() -> None:
    values = f32(1.0, float("nan"), float("inf"), -0.0)
    assert numbers.distance(values, values.copy(), EXACT) == Distance(4, 0, 0.0, None, 0.0, 0)


def test_a_flipped_bit_is_one_ulp_at_its_place() -> None:
    left = f32(1.0, 2.0, 3.0)
    right = left.copy()
    right[2] = np.nextafter(np.float32(3.0), np.float32(4.0))
    found = numbers.distance(left, right, EXACT)
    assert (found.differing, found.max_ulp, found.max_abs_at) == (1, 1, 2)
    assert found.max_abs == float(right[2]) - 3.0
    assert found.max_rel == found.max_abs / 3.0
    assert found.beyond_tolerance == 1


def test_signed_zeros_differ_by_one_ulp_and_no_distance() -> None:
    found = numbers.distance(f32(0.0), f32(-0.0), EXACT)
    assert found == Distance(1, 1, 0.0, 0, 0.0, 1, 0, 1, (1,))
    assert numbers.distance(f32(0.0), f32(-0.0), Tolerance(ulp=1)).beyond_tolerance == 0


@given(st.lists(st.booleans(), max_size=400))
def test_every_difference_counts_in_one_stretch(differing: list[bool]) -> None:
    right = np.array(differing, np.float64)
    found = numbers.distance(np.zeros(len(right)), right, EXACT)
    stretches = found.where or (0,)
    assert sum(stretches) == found.differing == sum(differing)
    assert len(stretches) <= numbers.STRETCHES
    if any(differing):
        at = differing.index(True) * len(stretches) // len(differing)
        assert next(i for i, count in enumerate(stretches) if count) == at


def test_a_distance_from_zero_is_infinitely_large_relative_to_it() -> None:
    assert math.isinf(numbers.distance(f32(0.0), f32(1e-30), EXACT).max_rel)


def test_nan_payloads_differ_and_no_tolerance_covers_them() -> None:
    quiet = np.frombuffer(struct.pack("<Q", 0x7FF8000000000000), dtype=np.float64)
    other = np.frombuffer(struct.pack("<Q", 0x7FF8000000000001), dtype=np.float64)
    found = numbers.distance(quiet, other, Tolerance(rtol=1, atol=1, ulp=1000))
    assert (found.differing, found.nonfinite, found.beyond_tolerance) == (1, 1, 1)
    assert (found.max_abs, found.max_abs_at, found.max_ulp) == (0.0, None, 0)


@pytest.mark.parametrize("other", [1.0, float("nan"), -math.inf])
def test_no_tolerance_covers_infinity(other: float) -> None:
    loose = Tolerance(rtol=1, atol=1e300, ulp=2**62)
    found = numbers.distance(np.array([math.inf]), np.array([other]), loose)
    assert (found.nonfinite, found.beyond_tolerance) == (1, 1)


def test_tolerances_cover_what_lies_within_them() -> None:
    left, right = np.array([100.0, 100.0]), np.array([101.0, 102.0])
    assert numbers.distance(left, right, Tolerance(rtol=0.01)).beyond_tolerance == 1
    assert numbers.distance(left, right, Tolerance(atol=2.0)).beyond_tolerance == 0
    assert numbers.distance(left, right, EXACT).beyond_tolerance == 2


@given(
    st.lists(st.tuples(st.floats(), st.floats() | st.floats(0.9, 1.1)), min_size=1),
    st.sampled_from([0.0, 1e-9, 1e-2, 0.5]),
    st.sampled_from([0.0, 1e-9, 0.1]),
)
def test_what_passes_passes_numpys_rule_whichever_side_is_the_base(
    pairs: list[tuple[float, float]], rtol: float, atol: float
) -> None:
    # The second of a pair near 1 is taken as a factor: close numbers are rare otherwise.
    left = np.array([a for a, _ in pairs])
    right = np.array([a * b if 0.9 <= b <= 1.1 else b for a, b in pairs])
    tolerance = Tolerance(rtol, atol)
    there = [numbers.distance(*_one(left, right, i), tolerance) for i in range(len(left))]
    back = [numbers.distance(*_one(right, left, i), tolerance) for i in range(len(left))]
    for i, (one, other) in enumerate(zip(there, back, strict=True)):
        assert one.beyond_tolerance == other.beyond_tolerance
        if one.differing and not one.beyond_tolerance:
            assert np.isclose(*_one(left, right, i), rtol, atol).all()
            assert np.isclose(*_one(right, left, i), rtol, atol).all()


def _one(left: numbers.Array, right: numbers.Array, at: int) -> tuple[numbers.Array, numbers.Array]:
    return left[at : at + 1], right[at : at + 1]


def test_ulp_tolerance_does_not_cover_labels() -> None:
    left, right = np.array([3, 2**63 - 1]), np.array([4, -(2**63)])
    found = numbers.distance(left, right, Tolerance(ulp=10))
    assert found.beyond_tolerance == 2
    assert found.max_ulp == 2**64 - 1


def test_no_tolerance_covers_booleans() -> None:
    loose = Tolerance(rtol=1, atol=1, ulp=1)
    found = numbers.distance(np.array([True, False]), np.array([True, True]), loose)
    assert (found.differing, found.beyond_tolerance, found.max_abs_at) == (1, 1, 1)


def test_complex_numbers_are_compared_by_parts() -> None:
    left = np.array([1 + 1j, 2 + 2j], dtype=np.complex64)
    right = np.array([1 + 1j, 2 + 3j], dtype=np.complex64)
    found = numbers.distance(left, right, EXACT)
    assert (found.compared, found.differing, found.max_abs_at, found.max_abs) == (4, 1, 1, 1.0)


def test_floats_of_two_widths_count_ulp_of_the_narrower() -> None:
    left = f32(1.0, 1.1)
    found = numbers.distance(left, np.array([1.0, 1.1]), EXACT)
    assert (found.differing, found.max_ulp) == (1, 0)
    wide = left.astype(np.float64)
    wide[0] = np.nextafter(np.float32(1.0), np.float32(2.0))
    assert numbers.distance(left, wide, EXACT).max_ulp == 1


@pytest.mark.parametrize(
    ("dtype", "bits", "values"),
    [
        ("bfloat16", [0x3F80, 0xC000, 0x7F80, 0x0001], [1.0, -2.0, math.inf, 2.0**-133]),
        ("float8_e5m2", [0x3C, 0xC0, 0x7C, 0x01], [1.0, -2.0, math.inf, 2.0**-16]),
        ("float8_e4m3fn", [0x38, 0xC0, 0x7E, 0x01], [1.0, -2.0, 448.0, 2.0**-9]),
    ],
)
def test_floats_that_numpy_lacks(dtype: str, bits: list[int], values: list[float]) -> None:
    left = np.array(bits, dtype=numbers.NAMED_DTYPES[dtype])
    for index, value in enumerate(values):
        if math.isinf(value):
            continue
        zero = left.copy()
        zero[index] = 0
        found = numbers.distance(left, zero, EXACT, dtype)
        assert (found.differing, found.max_abs, found.max_abs_at) == (1, abs(value), index)
    following = left.copy()
    following[0] += 1
    assert numbers.distance(left, following, EXACT, dtype).max_ulp == 1


def test_byte_order_and_memory_layout_do_not_matter() -> None:
    left = np.arange(12, dtype="<f4").reshape(3, 4)
    right = np.asfortranarray(left.astype(">f4"))
    assert numbers.comparable(left.dtype, right.dtype)
    assert numbers.distance(left, right, EXACT).differing == 0
    right[2, 1] = -1
    assert numbers.distance(left, right, EXACT).max_abs_at == 9


def test_large_arrays_are_compared_past_the_first_chunk() -> None:
    left = np.zeros(2**20 + 10, dtype=np.int8)
    right = left.copy()
    right[[5, -1]] = [1, 2]
    found = numbers.distance(left, right, EXACT)
    assert (found.compared, found.differing, found.max_abs_at) == (2**20 + 10, 2, 2**20 + 9)


def test_scalars_and_empty_arrays() -> None:
    assert numbers.distance(np.array(1.0), np.array(2.0), EXACT).max_abs_at == 0
    assert numbers.distance(np.empty((0, 3)), np.empty((0, 3)), EXACT).compared == 0


@pytest.mark.parametrize(
    ("left", "right"),
    [("f4", "i4"), ("i4", "i8"), ("U3", "U3"), ("O", "O"), ("g", "g"), ("M8[s]", "M8[ms]")],
)
def test_what_cannot_be_compared_is_refused(left: str, right: str) -> None:
    assert not numbers.comparable(np.dtype(left), np.dtype(right))
    with pytest.raises(ValueError, match="cannot be compared"):
        numbers.distance(np.zeros(1, left), np.zeros(1, right), EXACT)


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="shapes"):
        numbers.distance(np.zeros(2), np.zeros(3), EXACT)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(data=st.data())
def test_ulp_counts_the_steps_of_nextafter(dtype: type[np.floating], data: st.DataObject) -> None:
    width = np.dtype(dtype).itemsize * 8
    largest = float(np.finfo(dtype).max) / 2
    start = data.draw(st.floats(-largest, largest, width=width))  # type: ignore[arg-type]
    steps = data.draw(st.integers(1, 20))
    value = dtype(start)
    for _ in range(steps):
        value = np.nextafter(value, dtype(np.inf))
    found = numbers.distance(np.array([start], dtype), np.array([value], dtype), EXACT)
    # nextafter steps over one of the two zeros, which are neighbours here.
    crosses = start <= 0 <= value and not (start == 0 and not np.signbit(dtype(start)))
    assert found.max_ulp - steps in ((0, 1) if crosses else (0,))


@given(st.lists(st.floats(width=32), min_size=1), st.data())
def test_distance_is_symmetric_but_for_the_base(values: list[float], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.floats(width=32), min_size=len(values), max_size=len(values)))
    left, right = f32(*values), f32(*others)
    there, back = (numbers.distance(*pair, EXACT) for pair in ((left, right), (right, left)))
    assert there.differing == back.differing
    assert there.differing == sum(
        struct.pack("<f", a) != struct.pack("<f", b) for a, b in zip(left, right, strict=True)
    )
    assert (there.max_abs, there.max_ulp) == (back.max_abs, back.max_ulp)
    assert there.nonfinite == back.nonfinite


def test_first_beyond_finds_the_first_pair_that_tolerance_does_not_cover() -> None:
    left, right = np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.5, 3.0])
    assert numbers.first_beyond(left, right, EXACT) == 1
    assert numbers.first_beyond(left, right, Tolerance(atol=1.0)) == 2
    assert numbers.first_beyond(left, right, Tolerance(atol=2.0)) is None
