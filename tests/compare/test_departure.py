"""The moment at which a run under way departs from one that has ended."""

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import POLICY, history
from tests.strategies import histories

from repro_tui.compare.departure import SoFar, so_far
from repro_tui.compare.model import FirstDivergence
from repro_tui.compare.policy import Policy, Rule
from repro_tui.evidence.model import History, SectionName

_RUNS = st.dictionaries(st.sampled_from(["a", "b", "c"]), histories, max_size=3)


def only(of: History, points: list[int]) -> History:
    return History(of.steps[points], of.timestamps[points], of.values[points])


@given(_RUNS, st.data())
def test_whatever_part_of_itself_a_run_has_logged_it_has_not_departed(
    ended: dict[str, History], data: st.DataObject
) -> None:
    growing = {}
    for name in data.draw(st.sets(st.sampled_from(sorted(ended)))) if ended else ():
        points = data.draw(st.sets(st.integers(0, len(ended[name]) - 1)))
        growing[name] = only(ended[name], sorted(points))
    found = so_far(ended, growing, POLICY)
    assert found.departed is None
    assert found.compared <= found.points == sum(map(len, ended.values()))
    whole = so_far(ended, ended, POLICY)
    assert (whole.departed, whole.compared) == (None, whole.points)


@given(st.integers(1, 30), st.data())
def test_the_first_changed_point_is_found_once_it_is_there(count: int, data: st.DataObject) -> None:
    values = [float(n) for n in range(count)]
    at = data.draw(st.integers(0, count - 1))
    changed = [value + (0.5 if place >= at else 0) for place, value in enumerate(values)]
    logged = data.draw(st.integers(0, count))
    ended = {"loss": history(values), "other": history(values)}
    found = so_far(ended, {"loss": history(changed[:logged])}, POLICY)
    if logged <= at:
        assert found == SoFar(None, logged, 2 * count)
    else:
        assert found.departed is not None
        assert (found.departed.metric, found.departed.step) == ("loss", at)
        assert (found.departed.left, found.departed.right) == (values[at], changed[at])


def test_the_earliest_over_all_metrics_is_told() -> None:
    ended = {"a": history([1.0] * 4), "b": history([1.0] * 4)}
    growing = {"a": history([1.0, 1.0, 1.0, 2.0]), "b": history([1.0, 3.0])}
    found = so_far(ended, growing, POLICY)
    assert found.departed is not None
    assert (found.departed.metric, found.departed.step, found.departed.right) == ("b", 1, 3.0)
    assert found.steps == {"a": 3, "b": 1}


def test_a_point_that_the_ended_run_never_logged_is_a_departure() -> None:
    extra = so_far({"a": history([1.0])}, {"a": history([1.0, 2.0])}, POLICY)
    assert extra.departed == FirstDivergence("a", 1, None, 2.0, None)
    new = so_far({"a": history([1.0])}, {"b": history([2.0])}, POLICY)
    assert new.departed == FirstDivergence("b", 0, None, 2.0, None)
    assert (new.compared, new.points) == (0, 1)


def test_what_is_set_aside_or_tolerated_is_no_departure() -> None:
    ended = {"a": history([1.0, 1.0]), "seconds": history([1.0])}
    growing = {"a": history([1.0, 1.0 + 1e-9]), "seconds": history([2.0]), "new": history([1.0])}
    rules = tuple(Rule("timing", SectionName.METRICS, name, "") for name in ("seconds", "new"))
    assert so_far(ended, growing, Policy(rtol=1e-6, set_aside=rules)) == SoFar(None, 2, 2, 1)
    departed = so_far(ended, growing, Policy(set_aside=rules)).departed
    assert departed is not None
    assert departed.metric == "a"


def test_a_step_is_compared_once_it_is_whole() -> None:
    ended = {"a": history([1.0, 2.0], steps=[0, 0], timestamps=[5, 5])}
    # In a store the two have no order: 2.0 may be either of them.
    half = {"a": history([2.0], steps=[0], timestamps=[5])}
    assert so_far(ended, half, POLICY) == SoFar(None, 0, 2)
    wrong = {"a": history([2.0, 2.0], steps=[0, 0], timestamps=[5, 6])}
    assert so_far(ended, wrong, POLICY).departed is not None
