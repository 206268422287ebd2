"""Repeated executions of one run summed up: do they agree, and does the original fit in?

Whether they agree is read off whole comparisons, every point and every file. Where they
do not, the last value of each metric has a spread, and the original is held against the
prediction interval for one further observation of a normal population,

    mean ± t · s · √(1 + 1/N)

with the standard deviation s of N values (divisor N - 1) and the quantile t of Student's
distribution with N - 1 degrees of freedom (Hahn and Meeker, Statistical Intervals, on
prediction intervals for one future observation). Where s is 0 only the same bits will do.

Executions that were given different seeds need not agree: nothing about them is a repeat
but the code, and their spread is that over seeds.
"""

import math
import re
import statistics
import struct
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from repro_tui.compare.model import (
    Comparison,
    Finding,
    InputsVerdict,
    Kind,
    OutcomesVerdict,
)
from repro_tui.compare.verdict import INPUTS_GRAVEST_FIRST, OUTCOMES_GRAVEST_FIRST
from repro_tui.evidence.model import Fact, History, Key, Known, Run, SectionName
from repro_tui.evidence.tags import Tag

_SEED = re.compile("[0-9]{1,10}", re.ASCII)
LEVEL = 0.95
"""How often such an interval holds a further value of the same population."""


class Standing(StrEnum):
    """How the original's last value of a metric stands to those of the repeats."""

    SAME = "the same to the bit"
    DIFFERENT = "different"
    """The repeats have no spread that could explain it."""
    INSIDE = "inside the interval"
    """Not shown to be different, which is less than being the same."""
    OUTSIDE = "outside the interval"
    UNKNOWN = "cannot be told"
    """A value is missing, or is NaN or infinite in some of the runs."""
    SET_ASIDE = "set aside"


class MetricSpread(Struct, frozen=True):
    """The last value of one metric in the original and in every repeat."""

    metric: str
    original: float | None
    values: tuple[float | None, ...]
    """In the order of the repeats; None where a repeat has no point, or it is not known."""
    standing: Standing
    mean: float | None = None
    """This and the next two are None where a value is missing or not finite."""
    deviation: float | None = None
    """The standard deviation, with the divisor N - 1."""
    interval: tuple[float, float] | None = None
    """Between which one further value is expected; None without a deviation above 0."""
    rule: str = ""
    """The rule that sets the metric aside."""

    @property
    def range(self) -> tuple[float, float] | None:
        """The smallest and the largest value of the repeats, where all are finite."""
        finite = [value for value in self.values if value is not None and math.isfinite(value)]
        return (min(finite), max(finite)) if len(finite) == len(self.values) else None


class Agreement(Struct, frozen=True):
    """What several comparisons come to: the gravest of each side, and how many agree."""

    inputs: InputsVerdict
    outcomes: OutcomesVerdict
    identical: int
    """How many of the comparisons found identical outcomes."""


class Spread(Struct, frozen=True):
    """N repeats of one run summed up."""

    count: int
    """N, at least 2."""
    among: Agreement
    """The first repeat against every other one."""
    original: Agreement
    """The original against every repeat."""
    metrics: tuple[MetricSpread, ...]
    quantile: float
    """Student's t for `LEVEL` and N - 1 degrees of freedom."""
    seeds: tuple[int | None, ...] = ()
    """The seed that each repeat was given, None where it is not known; empty where no two
    are known to differ."""

    def standing(self, *standings: Standing) -> int:
        """How many metrics stand so."""
        return sum(metric.standing in standings for metric in self.metrics)


def spread(original: Sequence[Comparison], among: Sequence[Comparison]) -> Spread:
    """Sum up N repeats by the comparisons of the original with each of them.

    `among` are the comparisons of the first repeat with every other one, in order.
    Raises ValueError where there are fewer than two repeats or the two do not fit.
    """
    count = len(original)
    if count < 2 or [each.right for each in original[1:]] != [each.right for each in among]:
        raise ValueError("a spread takes two repeats or more, each compared with the first")
    quantile = student(count - 1)
    return Spread(
        count=count,
        among=_agreement(among),
        original=_agreement(original),
        metrics=tuple(_metrics(original, among, quantile)),
        quantile=quantile,
        seeds=_seeds([each.right for each in original]),
    )


def _seeds(runs: Sequence[Run]) -> tuple[int | None, ...]:
    told = [_SEED.fullmatch(run.tags.get(Tag.SEED, "")) for run in runs]
    seeds = tuple(None if seed is None else int(seed[0]) for seed in told)
    return seeds if len(set(seeds) - {None}) > 1 else ()


def student(freedom: int) -> float:
    """The t beyond which, on either side, Student's distribution has (1 - `LEVEL`) / 2."""
    from scipy.special import stdtrit  # one second, and only repeats need it

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def measure(
    metric: str, original: float | None, values: tuple[float | None, ...], quantile: float
) -> MetricSpread:
    """One metric's spread over two or more repeats, and how the original stands to it."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    mean = deviation = None
    if len(finite) == len(values):
        mean = statistics.mean(finite)
        deviation = _deviation(finite)
    if original is None or None in values:
        return MetricSpread(metric, original, values, Standing.UNKNOWN, mean, deviation)
    bits = {_bits(value) for value in values if value is not None}
    if len(bits) == 1 or deviation == 0:
        standing = Standing.SAME if bits == {_bits(original)} else Standing.DIFFERENT
        return MetricSpread(metric, original, values, standing, mean, deviation)
    if mean is None or deviation is None or not math.isfinite(original):
        return MetricSpread(metric, original, values, Standing.UNKNOWN, mean, deviation)
    reach = quantile * deviation * math.sqrt(1 + 1 / len(values))
    interval = mean - reach, mean + reach
    inside = interval[0] <= original <= interval[1]
    standing = Standing.INSIDE if inside else Standing.OUTSIDE
    return MetricSpread(metric, original, values, standing, mean, deviation, interval)


def _deviation(values: list[float]) -> float:
    """Exact until the last step, as `statistics` sums fractions; infinite beyond all floats."""
    try:
        return statistics.stdev(values)
    except OverflowError:
        return math.inf


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


def _agreement(comparisons: Sequence[Comparison]) -> Agreement:
    verdicts = [each.verdict for each in comparisons]
    return Agreement(
        min((each.inputs for each in verdicts), key=INPUTS_GRAVEST_FIRST.index),
        min((each.outcomes for each in verdicts), key=OUTCOMES_GRAVEST_FIRST.index),
        sum(each.outcomes is OutcomesVerdict.IDENTICAL for each in verdicts),
    )


def _metrics(
    original: Sequence[Comparison], among: Sequence[Comparison], quantile: float
) -> Iterator[MetricSpread]:
    tables = [_findings(each) for each in original]
    aside = {
        key: finding.rule
        for comparison in (*original, *among)
        for key, finding in _findings(comparison).items()
        if finding.kind is Kind.SET_ASIDE
    }
    for key in sorted({key for table in tables for key in table}):
        rows = [table.get(key) for table in tables]
        firsts = (_last(finding.left) for finding in rows if finding is not None)
        base = next((value for value in firsts if value is not None), None)
        values = tuple(None if finding is None else _last(finding.right) for finding in rows)
        if base is None and not any(value is not None for value in values):
            continue
        name = "/".join(key)
        found = measure(name, base, values, quantile)
        if key in aside:
            mean, deviation = found.mean, found.deviation
            found = MetricSpread(
                name, base, values, Standing.SET_ASIDE, mean, deviation, rule=aside[key]
            )
        yield found


def _findings(comparison: Comparison) -> dict[Key, Finding]:
    return {finding.key: finding for finding in comparison[SectionName.METRICS].findings}


def _last(fact: Fact | None) -> float | None:
    if isinstance(fact, Known) and isinstance(fact.value, History) and len(fact.value):
        return float(fact.value.values[-1])
    return None
