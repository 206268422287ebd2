"""Repeats summed up: known values, and what must never be claimed."""

import math
import statistics
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import POLICY, changed, compared, evidence, history, known, run

from repro_tui.compare.model import Comparison, InputsVerdict, OutcomesVerdict
from repro_tui.compare.spread import MetricSpread, Spread, Standing, measure, spread, student
from repro_tui.evidence.model import Evidence, Missing, SectionName

NAN, INF = math.nan, math.inf
floats = st.floats(width=64)


def measured(original: float | None, *values: float | None) -> MetricSpread:
    return measure("loss", original, values, student(len(values) - 1))


def repeat(number: int, losses: list[float], seed: int = 7) -> Evidence:
    of = evidence(run(f"{number:032x}", f"repeat {number}"))
    of = changed(of, SectionName.METRICS, ("loss",), known(history(losses)))
    return changed(of, SectionName.RANDOMNESS, ("seed",), known(seed))


def summed(original: Evidence, *repeats: Evidence) -> Spread:
    def against(base: Evidence, others: tuple[Evidence, ...]) -> list[Comparison]:
        return [compared(base, other, POLICY) for other in others]

    return spread(against(original, repeats), against(repeats[0], repeats[1:]))


def test_students_quantiles_are_those_of_the_printed_tables() -> None:
    printed = {1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 19: 2.093}
    assert {freedom: round(student(freedom), 3) for freedom in printed} == printed


def test_an_interval_by_hand() -> None:
    found = measured(14.9, 9.0, 10.0, 11.0)
    assert (found.mean, found.deviation, found.range) == (10.0, 1.0, (9.0, 11.0))
    # 4.302653 * 1 * sqrt(4 / 3) = 4.968275
    assert found.interval == pytest.approx((5.031725, 14.968275), abs=1e-6)
    assert found.standing is Standing.INSIDE
    assert measured(15.0, 9.0, 10.0, 11.0).standing is Standing.OUTSIDE


def test_such_intervals_hold_a_further_value_as_often_as_they_say() -> None:
    draws = np.random.default_rng(11).normal(5.0, 2.0, (4000, 6))
    standings = [measured(*map(float, row)).standing for row in draws]
    assert standings.count(Standing.INSIDE) / 4000 == pytest.approx(0.95, abs=0.012)
    assert set(standings) == {Standing.INSIDE, Standing.OUTSIDE}


def test_without_a_spread_only_the_same_bits_will_do() -> None:
    beside = float(np.nextafter(0.25, 1))
    assert measured(0.25, 0.25, 0.25).standing is Standing.SAME
    assert measured(beside, 0.25, 0.25).standing is Standing.DIFFERENT
    assert measured(-0.0, 0.0, 0.0).standing is Standing.DIFFERENT
    assert measured(0.0, 0.0, -0.0).standing is Standing.DIFFERENT
    assert measured(0.25, 0.25, 0.25).interval is None


def test_what_is_not_a_number_is_compared_and_never_averaged() -> None:
    assert measured(NAN, NAN, NAN).standing is Standing.SAME
    assert measured(INF, INF, INF).standing is Standing.SAME
    assert measured(1.0, NAN, NAN).standing is Standing.DIFFERENT
    for original, values in ((1.0, (1.0, NAN)), (INF, (1.0, 2.0)), (1.0, (1.0, None)),
                             (None, (1.0, 2.0))):  # fmt: skip
        found = measured(original, *values)
        assert found.standing is Standing.UNKNOWN
        assert found.interval is None
    assert measured(1.0, 1.0, NAN).mean is None
    assert measured(1.0, 1.0, NAN).range is None


def test_numbers_at_the_ends_of_the_range_do_not_break_it() -> None:
    largest = 1.7976931348623157e308
    assert measured(0.0, largest, -largest).standing is Standing.INSIDE
    found = measured(0.0, 5e-324, 1.5e-323)
    assert found.deviation is not None
    assert found.deviation > 0


@given(floats, st.lists(floats, min_size=2, max_size=6))
def test_inside_exactly_where_the_interval_holds_it(original: float, values: list[float]) -> None:
    found = measured(original, *values)
    same = {struct.pack("<d", value) for value in values}
    if len(same) == 1:
        agrees = struct.pack("<d", original) in same
        assert found.standing is (Standing.SAME if agrees else Standing.DIFFERENT)
    elif found.interval is None:
        finite = all(map(math.isfinite, (original, *values)))
        assert not finite or statistics.stdev(values) == 0
        assert found.standing in (Standing.UNKNOWN, Standing.DIFFERENT)
    else:
        low, high = found.interval
        assert (found.standing is Standing.INSIDE) == (low <= original <= high)
        assert found.mean is not None
        assert low <= found.mean <= high


def test_repeats_that_agree_with_the_original() -> None:
    found = summed(*(repeat(n, [1.0, 0.5]) for n in range(4)))
    assert found.count == 3
    for agreement, pairs in ((found.among, 2), (found.original, 3)):
        assert agreement.outcomes is OutcomesVerdict.IDENTICAL
        assert agreement.identical == pairs
        assert agreement.inputs is InputsVerdict.SAME
    metrics = {metric.metric: metric for metric in found.metrics}
    assert metrics["loss"].standing is Standing.SAME
    assert metrics["loss"].values == (0.5, 0.5, 0.5)


def test_repeats_that_agree_among_themselves_alone() -> None:
    found = summed(repeat(0, [1.0, 0.25]), *(repeat(n, [1.0, 0.5]) for n in range(1, 4)))
    assert found.among.outcomes is OutcomesVerdict.IDENTICAL
    assert found.original.outcomes is OutcomesVerdict.DIFFERENT
    assert found.original.identical == 0
    assert found.standing(Standing.DIFFERENT) == 1


def test_an_equal_last_value_does_not_make_runs_agree() -> None:
    found = summed(*(repeat(n, [n / 8, 0.5]) for n in range(4)))
    assert found.among.outcomes is found.original.outcomes is OutcomesVerdict.DIFFERENT
    assert {m.metric: m.standing for m in found.metrics}["loss"] is Standing.SAME


def test_a_set_aside_metric_is_summed_up_and_not_judged() -> None:
    repeats = [
        changed(repeat(n, [0.5]), SectionName.METRICS, ("epoch_seconds",), known(history([n + 1])))
        for n in range(4)
    ]
    found = summed(*repeats)
    timing = next(m for m in found.metrics if m.metric == "epoch_seconds")
    assert timing.standing is Standing.SET_ASIDE
    assert timing.rule == "timing"
    assert (timing.mean, timing.deviation) == (3.0, 1.0)
    assert found.among.outcomes is OutcomesVerdict.IDENTICAL


def test_a_metric_that_a_repeat_lacks_cannot_be_told() -> None:
    without = changed(repeat(3, [0.5]), SectionName.METRICS, ("loss",), None)
    unread = changed(repeat(4, [0.5]), SectionName.METRICS, ("loss",), Missing("lost"))
    for other in (without, unread):
        found = summed(repeat(0, [0.5]), repeat(1, [0.5]), other)
        loss = next(m for m in found.metrics if m.metric == "loss")
        assert loss.values == (0.5, None)
        assert loss.standing is Standing.UNKNOWN


def test_other_inputs_among_the_repeats_are_no_secret() -> None:
    found = summed(repeat(0, [0.5]), repeat(1, [0.5]), repeat(2, [0.25], seed=8))
    assert found.among.inputs is InputsVerdict.CHANGED
    assert found.among.outcomes is OutcomesVerdict.DIFFERENT


def test_one_repeat_has_no_spread() -> None:
    pair = compared(repeat(0, [1.0]), repeat(1, [1.0]))
    with pytest.raises(ValueError, match="two repeats or more"):
        spread([pair], [])
    with pytest.raises(ValueError, match="each compared with the first"):
        spread([pair, pair], [])
