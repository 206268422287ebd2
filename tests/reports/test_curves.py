"""Metric curves: every point is where it belongs, and no extreme is lost."""

import math
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import history

from repro_tui.evidence.model import History
from repro_tui.reports.html.curves import BOTTOM, LEFT, RIGHT, TOP, Chart, chart

points = st.lists(
    st.tuples(st.integers(-(2**62), 2**62), st.floats(width=64)), min_size=1, max_size=30
).map(lambda found: history(*reversed(list(zip(*sorted(found, key=lambda p: p[0]), strict=True)))))


def drawn(*histories: History | None, first: int | None = None) -> Chart:
    found = chart(histories, first)
    assert found is not None
    return found


def vertices(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"[ML](\S+) ([^ML]+)", path)
    return [(float(x), float(y)) for x, y in found]


def test_points_lie_where_their_steps_and_values_say() -> None:
    (line,) = drawn(history([0.0, 5.0, 10.0], [0, 50, 100])).lines
    middle = ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2)
    assert vertices(line.path) == [(LEFT, BOTTOM), middle, (RIGHT, TOP)]
    assert line.dots == tuple(vertices(line.path))


def test_both_runs_share_their_axes() -> None:
    left, right = drawn(history([0.0, 1.0]), history([2.0, 4.0], [0, 4])).lines
    assert vertices(left.path)[0] == (LEFT, BOTTOM)
    assert vertices(right.path)[1] == (RIGHT, TOP)
    assert vertices(left.path)[1][0] == round(LEFT + (RIGHT - LEFT) / 4, 2)


@given(points, points)
def test_every_finite_point_of_a_short_history_is_a_vertex(left: History, right: History) -> None:
    found = drawn(left, right)
    for line, of in zip(found.lines, (left, right), strict=True):
        ends = vertices(line.path)
        assert len(ends) == np.count_nonzero(np.isfinite(of.values))
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in ends)
        odd = len(line.up) + len(line.down) + len(line.nan)
        assert odd == np.count_nonzero(~np.isfinite(of.values))
        assert [x for x, _ in ends] == sorted(x for x, _ in ends)
        finite = of.values[np.isfinite(of.values)].tolist()
        for (a, (_, low)), (b, (_, high)) in zip(
            sorted(zip(finite, ends, strict=True)),
            sorted(zip(finite, ends, strict=True))[1:],
            strict=False,
        ):
            assert a <= b
            assert high <= low


@given(points)
def test_ticks_lie_on_the_axes(of: History) -> None:
    found = drawn(of)
    assert all(LEFT <= place <= RIGHT for place, _ in found.x_ticks)
    assert all(TOP <= place <= BOTTOM for place, _ in found.y_ticks)
    assert all(math.isfinite(float(text)) for _, text in (*found.x_ticks, *found.y_ticks))


def test_a_curve_breaks_where_values_are_not_finite() -> None:
    of = history([1.0, 2.0, math.nan, 3.0, math.inf, -math.inf, 1.0, 1.5])
    found = drawn(of)
    (line,) = found.lines
    assert [part.count("L") for part in line.path.split("M")[1:]] == [1, 0, 1]
    assert (len(line.nan), len(line.up), len(line.down)) == (1, 1, 1)
    assert line.up[0][1] == TOP
    assert line.down[0][1] == BOTTOM
    assert found.notes == ("3 values NaN (×) or infinite (triangles at the edge).",)


def test_a_point_alone_is_a_dot_however_long_the_history() -> None:
    values = [math.nan, 1.0, math.nan, *([2.0] * 200)]
    (line,) = drawn(history(values)).lines
    assert len(line.dots) == 1


def test_a_long_history_is_thinned_with_its_extremes_and_this_is_said() -> None:
    values = np.sin(np.arange(100_000) / 500)
    values[33_333], values[77_777], values[50_000] = 40.0, -40.0, math.nan
    found = drawn(history(values.tolist()), history([0.0, 1.0]))
    line = found.lines[0]
    ends = vertices(line.path)
    assert len(ends) < 5 * 500
    assert min(y for _, y in ends) == TOP
    assert max(y for _, y in ends) == BOTTOM
    assert ends[0][0] == LEFT
    assert ends[-1][0] == RIGHT
    assert len(line.nan) == 1
    assert "Drawn thinned" in found.notes[0]
    assert "100,002 points in all" in found.notes[0]
    assert len(vertices(found.lines[1].path)) == 2


def test_the_first_difference_is_marked_at_its_step() -> None:
    assert drawn(history([1.0, 2.0, 3.0]), None, first=1).first == (LEFT + RIGHT) / 2
    assert drawn(history([1.0, 2.0, 3.0])).first is None


def test_one_value_stands_in_the_middle() -> None:
    found = drawn(history([7.0, 7.0]))
    assert {y for _, y in vertices(found.lines[0].path)} == {(TOP + BOTTOM) / 2}
    assert found.y_ticks == (((TOP + BOTTOM) / 2, "7"),)


def test_labels_are_round() -> None:
    found = drawn(history([0.1, 0.95], [0, 138]))
    assert [text for _, text in found.y_ticks] == ["0.2", "0.4", "0.6", "0.8"]
    assert [text for _, text in found.x_ticks] == ["0", "50", "100"]


def test_labels_of_values_that_hardly_differ_count_from_the_first() -> None:
    found = drawn(history([3.0, float(np.nextafter(3, 4))]))
    assert [text for _, text in found.y_ticks] == ["3", "+4.4e-16"]


def test_nothing_to_draw_is_no_picture() -> None:
    assert chart([None, history([])], None) is None
