"""Histories as curves: what is drawn, what is said, and that nothing that differs is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.strategies import histories

from repro_tui.compare.departure import awaited
from repro_tui.compare.metrics import compare_histories
from repro_tui.compare.model import HistoryDetail
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import History
from repro_tui.tui import curves
from repro_tui.tui.curves import Curve, Scale, Window, pairs, stretches, undrawn

finite = st.floats(allow_nan=False, allow_infinity=False)
parts = st.floats(0.0, 1.0)


@given(st.lists(finite, min_size=1, max_size=30).map(lambda v: np.array(v, np.float64)))
def test_the_scale_over_values_holds_them_all_in_their_order(values: np.ndarray) -> None:
    places = Scale.over(values).place(values)
    assert ((places >= 0) & (places <= 1)).all()
    assert (np.diff(places[np.argsort(values, kind="stable")]) >= 0).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_what_has_no_place_on_a_log_scale_is_counted_in_words(made: list[float]) -> None:
    values = np.array(made, np.float64)
    places = Scale.over(values, log=True).place(values)
    lost = int(np.count_nonzero(~np.isfinite(places)))
    said = undrawn(values, log=True)
    assert sum(int(part.split()[0].replace(",", "")) for part in said.split(", ") if part) == lost


def test_what_has_no_place_is_named() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0, 1.0])
    assert undrawn(values, log=False) == "1 NaN, 2 infinite"
    assert undrawn(values, log=True) == "1 NaN, 2 infinite, 1 zero, 1 negative"


@given(parts, st.lists(st.tuples(st.sampled_from([0.5, 0.8, 1.25, 2.0]), parts), max_size=20))
def test_a_window_stays_on_the_axis_and_zooms_about_what_is_pointed_at(
    start: float, turns: list[tuple[float, float]]
) -> None:
    window = Window()
    for factor, part in turns:
        pointed = window.place(part)
        before = window
        window = window.zoomed(factor, pointed)
        assert 0 <= window.low < window.high <= 1
        if factor < 1 and before.high - before.low > 1e-6:
            seen = window.seen(np.array([pointed]))
            assert seen[0] == pytest.approx(part, abs=1e-6)
    assert 0 <= window.holding(start).low <= window.holding(start).high <= 1


@given(histories, histories)
def test_pairs_differ_where_the_comparison_says_so(left: History, right: History) -> None:
    known = builders.known(left), builders.known(right)
    finding = compare_histories(("loss",), *known, Policy())
    detail = finding.detail
    assert isinstance(detail, HistoryDetail)
    found = pairs(left, right)
    assert (np.diff(found.steps) >= 0).all()
    if finding.note:  # points without a recorded order were matched by value
        return
    alone = detail.only_left + detail.only_right
    assert np.count_nonzero(found.differing) == detail.distance.differing + alone
    first = found.next_difference(-1, 1)
    assert (None if first is None else int(found.steps[first])) == detail.first_step


@given(
    st.integers(1, 400).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(0, n - 1), st.integers(1, 20))
    )
)
def test_a_spike_is_drawn_at_every_width(made: tuple[int, int, int]) -> None:
    count, at, columns = made
    values = np.zeros(count)
    values[at] = 1.0
    x = np.arange(count, dtype=np.float64)
    curve = Curve.on(Scale.over(x), x, values)
    assert curve.seen(Window(), columns).values.max() == 1.0
    place = float(curve.places[at])
    near = Window().zoomed(0.3, place).holding(place)
    assert curve.seen(near, columns).values.max() == 1.0


def test_a_spike_among_a_million_points_is_drawn() -> None:
    values = np.zeros(1_000_000)
    values[777_777] = 1.0
    x = np.arange(1_000_000, dtype=np.float64)
    curve = Curve.on(Scale.over(x), x, values)
    for window in (Window(), Window(0.7, 0.8), Window(0.777_776, 0.777_779)):
        seen = curve.seen(window, 120)
        assert seen.values.max() == 1.0
        assert len(seen.places) <= 5 * 120 * 3
    far = replace(curve, coarse=None).seen(Window(), 120)
    assert seen_heights(curve) == seen_heights(Curve(far.places, far.values))


def seen_heights(curve: Curve) -> tuple[float, float]:
    values = curve.seen(Window(), 120).values
    return float(values.min()), float(values.max())


def test_a_line_that_leaves_the_view_is_drawn_to_its_edge() -> None:
    x = np.arange(3, dtype=np.float64)
    curve = Curve.on(Scale.over(x), x, np.array([0.0, 10.0, 0.0]))
    seen = curve.seen(Window(0.25, 0.75), 10)
    assert seen.in_view(log=False).tolist() == [10.0, 5.0, 5.0]
    assert Curve(np.array([]), np.array([])).in_view(log=True).tolist() == []


def test_a_line_breaks_where_there_is_no_height() -> None:
    heights = np.array([1.0, np.nan, 2.0, 3.0, np.nan, np.nan, 4.0])
    assert list(stretches(heights)) == [slice(0, 1), slice(2, 4), slice(6, 7)]
    assert list(stretches(np.array([]))) == []


def test_the_times_of_steps_need_not_be_in_their_order() -> None:
    x = np.array([3.0, 1.0, 2.0])
    curve = Curve.on(Scale.over(x), x, np.array([30.0, 10.0, 20.0]))
    assert curve.values.tolist() == [10.0, 20.0, 30.0]


@given(histories, st.data())
def test_what_is_not_logged_yet_is_no_difference(whole: History, data: st.DataObject) -> None:
    points = sorted(data.draw(st.sets(st.integers(0, len(whole) - 1)))) if len(whole) else []
    logged = History(whole.steps[points], whole.timestamps[points], whole.values[points])
    found = pairs(whole, logged, awaited(whole.steps, logged.steps))
    assert not found.differing.any()
    assert found.awaited[found.in_right < 0].all()


def test_the_cursor_goes_from_difference_to_difference() -> None:
    found = pairs(builders.history([1, 2, 3, 4, 5]), builders.history([1, 0, 3, 4, 0]))
    assert found.next_difference(0, 1) == 1
    assert found.next_difference(1, 1) == 4
    assert found.next_difference(4, 1) is None
    assert found.next_difference(4, -1) == 1
    assert found.next_difference(1, -1) is None
    assert pairs(None, None).next_difference(0, 1) is None
    assert found.row_of(3) == 3
    assert found.row_of(99) == 4
    assert curves.pairs(None, builders.history([1.0])).differing.tolist() == [True]
