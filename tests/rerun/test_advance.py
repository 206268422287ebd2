"""How far a re-execution has come."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import history
from tests.rerun.conftest import Store
from tests.rerun.test_plan import planned

from repro_tui.compare.departure import SoFar
from repro_tui.engine import Engine
from repro_tui.evidence.tracking import StoreLocation
from repro_tui.rerun.advance import Advance, Course, Steps, advance, steps
from repro_tui.rerun.model import Job, JobState
from repro_tui.settings import load


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


def test_a_job_is_held_against_its_original_while_it_runs(store: Store, tmp_path: Path) -> None:
    def run(values: list[float], ended: bool) -> str:
        run_id: str = store.client.create_run(store.experiment_id).info.run_id
        for step, value in enumerate(values):
            store.client.log_metric(run_id, "loss", value, timestamp=1000 * step, step=step)
        if ended:
            store.client.set_terminated(run_id)
        return run_id

    engine = Engine(load(), StoreLocation(store.uri, "a test"), store.reader)
    plan = replace(planned(), tracking_uri=store.uri, reexecutes=run([1.0, 0.5, 0.25], True))
    again = run([1.0, 0.5], False)
    job = Job("1", tmp_path, plan, JobState.RUNNING, 1, run_id=again)
    course = engine.course(job)
    assert course.so_far == SoFar(None, 2, 3)
    assert course.advance == Advance("loss", 1, 2, 2 / 3)
    assert len(course.original["loss"]) == 3
    store.client.log_metric(again, "loss", 0.125, timestamp=2000, step=2)
    held = engine.course(job).so_far
    assert held is not None
    assert held.departed is not None
    assert (held.departed.step, held.steps) == (2, {"loss": 2})
    # Before it has a run, or against a run that still goes on, there is nothing to tell.
    assert engine.course(replace(job, run_id=None)).so_far is None
    going = replace(plan, reexecutes=run([1.0], False))
    assert engine.course(replace(job, plan=going)).so_far is None
    elsewhere = replace(plan, tracking_uri="sqlite:////elsewhere.db")
    assert engine.course(replace(job, plan=elsewhere)) == Course()
