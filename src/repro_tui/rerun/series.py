"""Request x Series x Situation -> Schedule | Refusal: all executions, and what was chosen. Pure."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from repro_tui.rerun.determinism import THREADS
from repro_tui.rerun.lacks import SEED_LIMIT
from repro_tui.rerun.model import (
    MOST_TIMES,
    Determinism,
    Lack,
    Plan,
    Refusal,
    Request,
    Series,
)
from repro_tui.rerun.plan import DEVICE_NAME, DEVICE_UNKNOWN, SEED_NAMES, SEED_UNKNOWN, plan
from repro_tui.rerun.situation import Situation

_UNKNOWN = "not known"


class Choice(Struct, frozen=True):
    """Something that the person chose otherwise than the original had it."""

    name: str
    original: str
    chosen: str


class Schedule(Struct, frozen=True):
    """The executions that a request leads to."""

    plans: tuple[Plan, ...]
    """One or more, in the order in which they are submitted."""
    choices: tuple[Choice, ...]
    """What differs from the original by the choices made; parameters last."""
    original: Plan | None
    """The plan without any choice; None: there is none."""


def schedule(request: Request, series: Series, situation: Situation) -> Schedule | Refusal:
    """Every execution that is asked for, or everything that stands in the way of one."""
    seeds = series.seeds
    first = plan(request, situation)
    if isinstance(first, Refusal):
        return first
    if seeds or series.other_seeds:
        if request.determinism is Determinism.OFF:
            remedy = "Choose the determinism seed or strict."
            return Refusal((Lack("Without determinism nothing is seeded.", remedy),))
        seeds = seeds or _others(first.seed or 0, series.times)
    times = len(seeds) or series.times
    if not 1 <= times <= MOST_TIMES:
        return Refusal((Lack(f"It cannot be run {times} times.", f"Give 1 to {MOST_TIMES}."),))
    plans = [first] * times
    for place, seed in enumerate(seeds):
        seeded = plan(replace(request, seed=seed), situation)
        if isinstance(seeded, Refusal):
            return seeded
        plans[place] = seeded
    unchosen = plan(_without_choices(request), situation)
    original = unchosen if isinstance(unchosen, Plan) else None
    return Schedule(tuple(plans), tuple(_choices(plans, original, situation)), original)


def _others(seed: int, count: int) -> tuple[int, ...]:
    """The seeds that follow: whoever asks again gets the same."""
    return tuple((seed + n) % SEED_LIMIT for n in range(1, count + 1))


def _without_choices(request: Request) -> Request:
    """The same run, found and supplied as the request has it, executed as the original was."""
    return Request(
        request.run_id,
        repository=request.repository,
        submodules=request.submodules,
        lfs=request.lfs,
        links=request.links,
    )


def _choices(plans: list[Plan], unchosen: Plan | None, situation: Situation) -> Iterator[Choice]:
    if unchosen is None:
        return
    launch = situation.launch
    default = _chosen([unchosen])
    original = default | {
        "determinism": launch.determinism if launch else _UNKNOWN,
        "environment": launch.env_manager if launch else _UNKNOWN,
    }
    for name, caveat in (("device", DEVICE_UNKNOWN), ("seed", SEED_UNKNOWN)):
        if caveat in unchosen.caveats:
            original[name] = _UNKNOWN
    for name, value in _chosen(plans).items():
        # Of what is not known, only what departs from the usual is anybody's choice.
        if value != (default[name] if original[name] == _UNKNOWN else original[name]):
            yield Choice(name, original[name], value)
    for name, value in plans[0].parameters.items():
        had = unchosen.parameters.get(name)
        if value != had and name not in (*SEED_NAMES, DEVICE_NAME):
            yield Choice(name, "not passed" if had is None else had, value)


def _chosen(plans: list[Plan]) -> dict[str, str]:
    first = plans[0]
    seeds = ("none" if each.seed is None else str(each.seed) for each in plans)
    return {
        "device": first.device,
        "seed": ", ".join(dict.fromkeys(seeds)),
        "determinism": first.determinism,
        "threads": first.variables.get(THREADS[0], "as each library chooses"),
        "environment": first.env_manager,
        "backend": first.backend,
    }
