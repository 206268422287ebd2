"""How one thing is measured against others: interleaved rounds, and the median of ratios.

Machines differ, drift and are shared; the two halves of a pair share all of that. So the
ratio is taken within each round, and its median over the rounds is what counts.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Figure = Callable[[], float]
"""Does a thing once, and returns what it cost in the row's unit."""


class Unit(StrEnum):
    SECONDS = "s"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Rival:
    """What we are held against."""

    name: str
    figure: Figure
    goal: float
    """The largest ratio, ours to the rival's, that is good enough."""
    held: float | None = None
    """The ratio that was come to, where the goal is known to be out of reach so far: the short
    form sees to it that it gets no worse."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation: what it costs us, and what it costs others."""

    operation: str
    ours: Figure
    rivals: tuple[Rival, ...]
    unit: Unit = Unit.SECONDS


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation against one rival."""

    operation: str
    against: str
    goal: float
    held: float | None
    unit: Unit
    ours: tuple[float, ...]
    """One figure a round."""
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def goal_met(self) -> bool:
        return self.ratio <= self.goal

    def holds(self, factor: float) -> bool:
        """Whether the ratio is no worse than `factor` times its goal, or what it is held to."""
        return self.ratio <= factor * (self.goal if self.held is None else self.held)


def measure(row: Row, rounds: int) -> list[Measured]:
    """The row against each of its rivals, after one round that is not counted.

    In each round everybody has one turn. Every other round goes backwards, so that
    nobody always profits from what the one before has left warm.
    """
    figures = (row.ours, *(rival.figure for rival in row.rivals))
    counted: list[list[float]] = [[] for _ in figures]
    for number in range(rounds + 1):
        turns = list(enumerate(figures))
        for place, figure in reversed(turns) if number % 2 else turns:
            cost = figure()
            if number:
                counted[place].append(cost)
    ours, *others = (tuple(costs) for costs in counted)
    return [
        Measured(row.operation, rival.name, rival.goal, rival.held, row.unit, ours, theirs)
        for rival, theirs in zip(row.rivals, others, strict=True)
    ]
