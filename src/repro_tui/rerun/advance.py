"""How far a re-execution has come, held against its original. Pure."""

from collections.abc import Mapping

from msgspec import Struct, field

from repro_tui.compare.departure import SoFar
from repro_tui.evidence.model import History

_NOT_TRAINING = "system/"
"""What MLflow measures of the machine while a run goes on, by the clock."""


class Steps(Struct, frozen=True):
    """The first and the last step of a metric."""

    first: int
    last: int


class Advance(Struct, frozen=True):
    """How far a run has come in the metric that its original logged the most steps of."""

    metric: str
    step: int
    """The last that was logged."""
    last_step: int
    """The original's last."""
    fraction: float
    """Of the original's steps, from 0 to 1."""


class Course(Struct, frozen=True):
    """What is known of a job under way, and of one that has ended."""

    advance: Advance | None = None
    expected: int | None = None
    """Milliseconds that the original took."""
    so_far: SoFar | None = None
    """How its metrics stand to the original's; None: that cannot be told."""
    original: Mapping[str, History] = field(default_factory=dict)
    now: Mapping[str, History] = field(default_factory=dict)
    """The metrics of both."""


def steps(histories: Mapping[str, History]) -> dict[str, Steps]:
    """Where each metric that training logs starts and where it has got to."""
    return {
        name: Steps(int(history.steps[0]), int(history.steps[-1]))
        for name, history in histories.items()
        if len(history.steps) and not name.startswith(_NOT_TRAINING)
    }


def advance(original: Mapping[str, Steps], now: Mapping[str, Steps]) -> Advance | None:
    """None where the runs share no metric yet, or none that went on for several steps."""
    shared = [name for name in original if name in now]
    metric = max(
        shared, key=lambda name: (original[name].last - original[name].first, name), default=None
    )
    if metric is None or original[metric].last == original[metric].first:
        return None
    whole, come = original[metric], now[metric].last
    fraction = (come - whole.first + 1) / (whole.last - whole.first + 1)
    return Advance(metric, come, whole.last, min(max(fraction, 0.0), 1.0))
