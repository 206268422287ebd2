"""Several executions of one run, and what in them is a person's choice."""

import pytest
from msgspec.structs import replace
from tests.rerun.examples import LAUNCH, REQUEST, SITUATION

from repro_tui.rerun.describe import choice, often
from repro_tui.rerun.model import Determinism, EnvManager, Refusal, Request, Series
from repro_tui.rerun.series import Schedule, schedule
from repro_tui.rerun.situation import Situation

SOME_LAUNCH = replace(SITUATION, launch=LAUNCH)


def scheduled(
    request: Request = REQUEST, series: Series | None = None, situation: Situation = SITUATION
) -> Schedule:
    made = schedule(request, series or Series(), situation)
    assert isinstance(made, Schedule), made
    return made


def chosen(request: Request, situation: Situation = SITUATION) -> list[str]:
    return [choice(each) for each in scheduled(request, situation=situation).choices]


def test_once_or_often_the_plan_is_one() -> None:
    (once,) = scheduled().plans
    assert scheduled(series=Series(3)).plans == (once,) * 3
    assert scheduled().choices == ()
    assert (often((once,)), often((once,) * 3)) == ("", "3: each a job of its own")


def test_other_seeds_follow_the_originals_and_reach_the_project() -> None:
    made = scheduled(series=Series(3, other_seeds=True))
    assert [plan.seed for plan in made.plans] == [8, 9, 10]
    assert [plan.parameters["seed"] for plan in made.plans] == ["8", "9", "10"]
    assert [choice(each) for each in made.choices] == ["seed 7 → 8, 9, 10"]
    assert often(made.plans).endswith("with the seeds 8, 9, 10")
    last = scheduled(replace(REQUEST, seed=2**32 - 1), Series(2, other_seeds=True))
    assert [plan.seed for plan in last.plans] == [0, 1]


def test_seeds_are_taken_as_they_are_named() -> None:
    made = scheduled(series=Series(2, (7, 3)))
    assert [plan.seed for plan in made.plans] == [7, 3]


@pytest.mark.parametrize(
    ("request_", "series", "said"),
    [
        (replace(REQUEST, determinism=Determinism.OFF), Series(2, other_seeds=True), "is seeded"),
        (REQUEST, Series(1, (2**32,)), "out of range"),
        (REQUEST, Series(20), "20 times"),
        (replace(REQUEST, device="cuda:9"), Series(2), "cuda:9"),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(request_: Request, series: Series, said: str) -> None:
    made = schedule(request_, series, SITUATION)
    assert isinstance(made, Refusal)
    assert said in made.lacks[0].what


def test_what_is_chosen_otherwise_is_named_with_what_the_original_had() -> None:
    request = replace(
        REQUEST, device="cuda:0", seed=8, determinism=Determinism.STRICT, threads=2,
        env_manager=EnvManager.UV, overrides={"conf_file": "confs/b.yaml", "note": "1"},
    )  # fmt: skip
    assert chosen(request) == [
        "device cpu → cuda:0",
        "seed 7 → 8",
        "determinism not known → strict",
        "threads as each library chooses → 2",
        "environment not known → uv",
        "conf_file confs/baseline.yaml → confs/b.yaml",
        "note empty → 1",
    ]


def test_choosing_what_the_original_had_is_no_difference() -> None:
    assert chosen(replace(REQUEST, device="cpu", seed=7)) == []
    strict = replace(LAUNCH, determinism="strict", env_manager="uv")
    request = replace(REQUEST, determinism=Determinism.STRICT, env_manager=EnvManager.UV)
    assert chosen(request, replace(SITUATION, launch=strict)) == []
    assert chosen(request, SOME_LAUNCH)[0].startswith(f"determinism {LAUNCH.determinism} → strict")


def test_the_usual_choice_is_named_where_the_original_had_another() -> None:
    launched = replace(LAUNCH, determinism="off", env_manager="uv")
    assert chosen(REQUEST, replace(SITUATION, launch=launched))[:2] == [
        "determinism off → seed",
        "environment uv → local",
    ]


def test_what_is_not_known_of_the_original_is_said_so() -> None:
    bare = replace(SITUATION, run=replace(SITUATION.run, params={"seed": "x", "device": "x"}))
    assert chosen(replace(REQUEST, device="cuda:1", seed=1), bare) == [
        "device not known → cuda:1",
        "seed not known → 1",
    ]
