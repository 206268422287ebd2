"""Histories in a few characters, whatever they hold."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.tui.sparkline import sparkline


def drawn(values: list[float], width: int = 8) -> str:
    return sparkline(np.array(values, dtype=np.float64), width)


def test_the_lowest_and_the_highest_are_seen() -> None:
    assert drawn([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert drawn([]) == ""
    assert drawn([3.0]) == drawn([0.1] * 100)[:1] == "▄"


def test_a_spike_is_not_averaged_away() -> None:
    assert "█" in drawn([0.0] * 5000 + [9.0] + [0.0] * 5000)


def test_what_is_no_number_has_a_sign_of_its_own() -> None:
    assert drawn([1.0, math.nan, math.inf, -math.inf, 2.0]) == "▁×↑↓█"
    assert drawn([math.nan] * 3) == "×××"


def test_the_largest_and_the_smallest_numbers_are_no_trouble() -> None:
    assert drawn([1.7e308, -1.7e308, 1.7e308, 1.7e308]) == "█▁██"
    assert drawn([0.0, 5e-324]) == "▄▄"


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60),
    st.integers(min_value=0, max_value=40),
)
def test_every_history_can_be_drawn(values: list[float], width: int) -> None:
    line = drawn(values, width)
    assert len(line) == min(width, len(values))
    assert set(line) <= set("▁▂▃▄▅▆▇█×↑↓")
