"""How far a re-execution has come."""

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import history

from repro_tui.rerun.advance import Advance, Steps, advance, steps


def test_the_metric_with_the_most_steps_tells() -> None:
    original = steps({"val": history([1.0] * 3), "loss": history([1.0] * 12)})
    now = steps({"val": history([1.0] * 2), "loss": history([1.0] * 6)})
    assert advance(original, now) == Advance("loss", 5, 11, 0.5)


def test_steps_need_not_start_at_nought() -> None:
    original = steps({"loss": history([1.0] * 4, steps=[100, 200, 300, 400])})
    now = steps({"loss": history([1.0] * 2, steps=[100, 250])})
    assert advance(original, now) == Advance("loss", 250, 400, 151 / 301)


def test_what_tells_nothing_is_not_known() -> None:
    loss = steps({"loss": history([1.0] * 4)})
    assert advance(loss, {}) is None
    assert advance({}, loss) is None
    # One value at the end of all: it is there when the run is over.
    assert advance({"score": Steps(3, 3)}, {"score": Steps(3, 3)}) is None
    assert steps({"system/cpu": history([1.0] * 4), "empty": history([])}) == {}


_STEPS = st.tuples(st.integers(), st.integers()).map(lambda pair: Steps(min(pair), max(pair)))
_METRICS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _STEPS)


@given(_METRICS, _METRICS)
def test_a_fraction_is_never_out_of_range(
    original: dict[str, Steps], now: dict[str, Steps]
) -> None:
    come = advance(original, now)
    assert come is None or 0 <= come.fraction <= 1


@given(_METRICS)
def test_a_run_that_has_come_as_far_as_its_original_is_done(original: dict[str, Steps]) -> None:
    come = advance(original, original)
    assert come is None or come.fraction == 1
