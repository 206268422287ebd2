"""How the benchmark measures; what it measures takes minutes and has a recipe: `just bench`."""

from collections.abc import Iterator
from itertools import count

import pytest
from benchmarks.speed import report
from benchmarks.speed.method import Measured, Rival, Row, Unit, measure


def measured(
    ours: tuple[float, ...], theirs: tuple[float, ...], goal: float, held: float | None = None
) -> Measured:
    return Measured("sorting", "the floor", goal, held, Unit.SECONDS, ours, theirs)


def test_rounds_are_interleaved_and_the_first_is_not_counted() -> None:
    order: list[str] = []
    costs: dict[str, Iterator[float]] = {"a": count(100.0), "b": count(10.0), "c": count(1.0)}

    def figure(name: str) -> float:
        order.append(name)
        return next(costs[name])

    row = Row(
        "sorting",
        lambda: figure("a"),
        (Rival("b", lambda: figure("b"), 2), Rival("c", lambda: figure("c"), 3)),
    )
    against_b, against_c = measure(row, rounds=3)
    assert "".join(order) == "abc" + "cba" + "abc" + "cba"
    assert against_b.ours == against_c.ours
    assert list(against_b.ours) == [101, 102, 103]
    assert list(against_b.theirs) == [11, 12, 13]
    assert (against_c.against, against_c.goal) == ("c", 3)


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that is ten times slower in one round changes nothing."""
    slow = measured((1.0, 10.0, 1.0, 1.0, 10.0), (2.0, 20.0, 2.0, 2.0, 20.0), goal=0.5)
    assert slow.ratio == 0.5
    assert slow.goal_met


def test_one_outlier_does_not_decide() -> None:
    noisy = measured((1.0, 1.0, 9.0), (1.0, 1.0, 1.0), goal=1.0)
    assert noisy.ratio == 1


@pytest.mark.parametrize(
    ("goal", "held", "met", "holds"),
    [
        (1.0, None, False, True),
        (0.7, None, False, False),
        (0.1, 0.8, False, True),
        (0.1, 0.7, False, False),
    ],
)
def test_the_short_form_is_lenient(goal: float, held: float | None, met: bool, holds: bool) -> None:
    one = measured((1.5,), (1.0,), goal, held)
    assert (one.goal_met, one.holds(2)) == (met, holds)


def test_the_table_has_every_row_with_its_goal() -> None:
    good, bad = measured((1.0,), (2.0,), 0.6), measured((0.003,), (0.002,), 1.2, 1.4)
    table = report.markdown(
        [good, bad], {"memory.of_many_runs": "RuntimeError: gone"},
        {"processor": "some", "cores": 2, "memory": "24 GiB", "system": "Linux"},
        {"Python": "3.11.7"}, 7,
    )  # fmt: skip
    assert "| sorting | 1.00 s | the floor | 2.00 s | 0.5 | ≤ 0.6 |  |" in table
    assert "| sorting | 3 ms | the floor | 2 ms | **1.5** | ≤ 1.2 | 1.4 |" in table
    assert "| memory.of_many_runs | not measured: RuntimeError: gone | | | | | |" in table
    assert "2 cores" in table
    assert "Python 3.11.7" in table
