"""Which points a drawing keeps: no extreme of any column is lost, whatever the values are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.reports.axes import thinned, ticks

points = st.lists(
    st.tuples(st.integers(0, 6), st.floats(allow_nan=True, allow_infinity=True)), max_size=60
)


@given(points)
def test_every_column_keeps_its_ends_its_extremes_and_that_something_has_no_place(
    made: list[tuple[int, float]],
) -> None:
    made.sort(key=lambda point: point[0])
    columns = np.array([column for column, _ in made], np.int64)
    values = np.array([value for _, value in made], np.float64)
    kept = thinned(columns, values)
    assert (np.diff(kept) > 0).all()
    for column in np.unique(columns):
        here = np.flatnonzero(columns == column)
        of_these = values[np.intersect1d(kept, here)]
        finite = values[here][np.isfinite(values[here])]
        assert len(of_these) <= 5
        assert np.isfinite(of_these).all() == np.isfinite(values[here]).all()
        if len(finite):
            drawn = of_these[np.isfinite(of_these)]
            assert (drawn[0], drawn[-1]) == (finite[0], finite[-1])
            assert (drawn.min(), drawn.max()) == (finite.min(), finite.max())


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_ticks_lie_on_the_axis_and_no_two_read_the_same(low: float, span: float) -> None:
    found = ticks(low, low + span)
    assert all(low - span / 1e6 <= value <= low + span * 1.000001 for value, _ in found)
    assert len({label for _, label in found}) == len(found)
