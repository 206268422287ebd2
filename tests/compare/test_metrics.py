import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import history, known

from repro_tui.compare.metrics import aligned, compare_histories
from repro_tui.compare.model import Finding, HistoryDetail, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import History
from repro_tui.evidence.tracking.history import ordered_history

NAN, INF = float("nan"), float("inf")


def compared(left: History, right: History, policy: Policy | None = None) -> Finding:
    return compare_histories(("loss",), known(left), known(right), policy or Policy())


def detail(left: History, right: History, policy: Policy | None = None) -> HistoryDetail:
    found = compared(left, right, policy).detail
    assert isinstance(found, HistoryDetail)
    return found


def test_equal_values_are_equal_whenever_they_were_logged() -> None:
    left = history([1.0, NAN, INF, -0.0], timestamps=[1, 2, 3, 4])
    right = history([1.0, NAN, INF, -0.0], timestamps=[9, 10, 11, 12])
    found = compared(left, right)
    assert found.kind is Kind.EQUAL
    assert detail(left, right).distance.compared == 4
    assert detail(left, right).first_step is None


def test_the_first_differing_step_and_the_largest_distance() -> None:
    found = detail(history([1.0, 2.0, 3.0], [10, 20, 30]), history([1.0, 2.5, 5.0], [10, 20, 30]))
    assert (found.first_step, found.first_left, found.first_right) == (20, 2.0, 2.5)
    assert (found.last_left, found.last_right) == (3.0, 5.0)
    assert (found.distance.max_abs, found.distance.max_abs_at) == (2.0, 30)


def test_one_ulp_and_signed_zero_are_differences() -> None:
    assert compared(history([0.25]), history([float(np.nextafter(0.25, 1))])).kind is Kind.CHANGED
    assert compared(history([0.0]), history([-0.0])).kind is Kind.CHANGED


def test_points_without_counterpart_on_either_side() -> None:
    found = detail(history([1.0, 2.0, 4.0], [0, 1, 3]), history([1.0, 3.0, 4.0], [0, 2, 3]))
    assert (found.only_left, found.only_right) == (1, 1)
    assert (found.first_step, found.first_left, found.first_right) == (1, 2.0, None)
    assert found.distance.compared == 2
    assert found.distance.differing == 0


def test_a_dropped_last_step() -> None:
    found = detail(history([1.0, 2.0]), history([1.0]))
    assert (found.first_step, found.first_left, found.first_right) == (1, 2.0, None)
    assert compared(history([1.0, 2.0]), history([1.0])).kind is Kind.CHANGED


def test_a_missing_point_before_a_differing_value_comes_first() -> None:
    left, right = history([9.0, 1.0], [1, 5]), history([2.0], [5])
    assert detail(left, right).first_step == 1


def test_repeated_steps_are_matched_in_order() -> None:
    left, right = history([1.0, 2.0, 3.0], [0, 0, 1]), history([1.0, 2.0, 2.5, 3.0], [0, 0, 0, 1])
    found = detail(left, right)
    assert (found.only_left, found.only_right, found.first_step) == (0, 1, 0)
    swapped = history([2.0, 1.0, 3.0], [0, 0, 1])
    assert compared(left, swapped).kind is Kind.CHANGED


def test_points_of_one_millisecond_have_no_order() -> None:
    # A store gives points of one step and time by value: left was logged 3, 1, 2.
    left = history([1.0, 3.0, 2.0], [0, 0, 0], [5, 5, 6])
    right = history([3.0, 1.0, 2.0], [0, 0, 0], [5, 6, 7])
    found = compared(left, right)
    assert found.kind is Kind.EQUAL
    assert "no recorded order" in found.note
    assert right.values.tolist() == [3.0, 1.0, 2.0]
    assert compared(right, left).kind is Kind.EQUAL


@pytest.mark.parametrize(
    "right",
    [
        history([1.0, 2.0, 3.0], [0, 0, 0], [5, 6, 7]),  # 2 before 3: not an order of left
        history([3.0, 4.0, 2.0], [0, 0, 0], [5, 6, 7]),
        history([3.0, 1.0], [0, 0], [5, 6]),
    ],
)
def test_an_order_that_is_recorded_counts(right: History) -> None:
    left = history([1.0, 3.0, 2.0], [0, 0, 0], [5, 5, 6])
    assert compared(left, right).kind is Kind.CHANGED
    assert compared(right, left).kind is Kind.CHANGED


def test_nan_and_infinity_are_values() -> None:
    assert detail(history([1.0, NAN]), history([1.0, 1.0])).first_step == 1
    assert compared(history([INF]), history([-INF])).kind is Kind.CHANGED
    assert compared(history([NAN]), history([INF])).kind is Kind.CHANGED


def test_what_passes_by_tolerance_alone_is_visible_as_such() -> None:
    found = compared(history([1.0, 2.0]), history([1.0, 2.001]), Policy(rtol=0.01))
    assert (found.kind, found.rule) == (Kind.WITHIN_TOLERANCE, "rtol 0.01")
    assert compared(history([1.0, 2.0]), history([1.0]), Policy(rtol=0.01)).kind is Kind.CHANGED


def test_empty_histories() -> None:
    assert compared(history([]), history([])).kind is Kind.EQUAL
    found = detail(history([]), history([1.0], [7]))
    assert (found.first_step, found.first_left, found.first_right) == (7, None, 1.0)
    assert (found.last_left, found.last_right) == (None, 1.0)


def test_many_points_are_joined_fast_and_right() -> None:
    rng = np.random.default_rng(0)
    steps = np.sort(rng.choice(10**6, 200_000, replace=False))
    values = rng.random(200_000)
    left = History(steps, steps, values)
    kept = np.arange(200_000) % 1000 != 7
    right = History(steps[kept], steps[kept] + 5, values[kept])
    found = detail(left, right)
    assert (found.only_left, found.only_right, found.distance.differing) == (200, 0, 0)
    assert found.first_step == steps[7]


points = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([0.0, 1.0, 2.0, NAN, INF])),
    max_size=8,
).map(sorted)


def of(found: list[tuple[int, int, float]]) -> History:
    steps, times, values = zip(*found, strict=True) if found else ((), (), ())
    return history(values, steps, times)


@given(points)
def test_a_history_equals_itself_at_other_times(found: list[tuple[int, int, float]]) -> None:
    left = of(found)
    later = History(left.steps, left.timestamps * 2 + 9, left.values)
    assert compared(left, later).kind is Kind.EQUAL


@given(points, points)
def test_sides_swap(a: list[tuple[int, int, float]], b: list[tuple[int, int, float]]) -> None:
    left, right = of(a), of(b)
    there, back = detail(left, right), detail(right, left)
    assert compared(left, right).kind == compared(right, left).kind
    assert (there.only_left, there.only_right) == (back.only_right, back.only_left)
    assert there.first_step == back.first_step
    assert there.distance.differing == back.distance.differing
    equal = sorted(zip(left.steps, map(str, left.values), strict=True)) == sorted(
        zip(right.steps, map(str, right.values), strict=True)
    )
    if compared(left, right).kind is Kind.EQUAL:
        assert equal


POINTS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0.0, -0.0, NAN]))
)


@given(POINTS, POINTS)
def test_views_pair_the_points_that_are_compared(
    left: list[tuple[int, int, float]], right: list[tuple[int, int, float]]
) -> None:
    a, b = ordered_history(left), ordered_history(right)
    pairs = [
        (i < 0, j < 0) if min(i, j) < 0 else (a.values[i].tobytes(), b.values[j].tobytes())
        for i, j in zip(*aligned(a, b), strict=True)
    ]
    assert (compared(a, b).kind is Kind.EQUAL) == all(first == second for first, second in pairs)
