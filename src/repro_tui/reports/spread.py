"""How the spread of repeats is spelled, for every report: plain text as in `words`."""

import math
from collections.abc import Iterator

from repro_tui.compare.model import InputsVerdict, OutcomesVerdict
from repro_tui.compare.spread import LEVEL, MetricSpread, Spread, Standing
from repro_tui.reports import words
from repro_tui.text import number, plural

COLUMNS = (
    "metric, last value",
    "original",
    "mean",
    "standard deviation",
    "range",
    f"{LEVEL:.0%} prediction interval",
    "the original is",
)


def title(spread: Spread) -> str:
    return "One run on several seeds" if spread.seeds else "Repeats of one run"


def sentences(spread: Spread) -> Iterator[str]:
    """What the repeats show, the weightiest first."""
    yield f"{_among(spread)} {_original(spread)}"
    yield from _inputs(spread)
    if apart := spread.standing(Standing.DIFFERENT):
        yield (
            f"The last value of {plural(apart, 'metric')} does not vary among the repeats, and "
            "the original has another."
        )
    inside, outside = (spread.standing(s) for s in (Standing.INSIDE, Standing.OUTSIDE))
    if judged := inside + outside:
        yield (
            f"The last value of {plural(judged, 'metric')} varies: the original's lies inside the "
            f"{LEVEL:.0%} prediction interval for {inside:,}, outside it for {outside:,}."
        )
        yield (
            "The interval is mean ± t·s·√(1 + 1/N), for values that are normally distributed, "
            f"with N = {spread.count} and t = {spread.quantile:.4g}. By chance alone one in "
            "twenty lies outside."
        )
        yield (
            "Inside is not the same: the original is only not shown to differ. "
            "Not significant is not the same."
        )


def _among(spread: Spread) -> str:
    if spread.seeds:
        return _among_seeds(spread)
    count, found = spread.count, spread.among
    match found.outcomes:
        case OutcomesVerdict.IDENTICAL:
            return f"All {count} repeats came out identical, to the bit."
        case OutcomesVerdict.WITHIN_TOLERANCE:
            return f"All {count} repeats came out within tolerance of the first, not identical."
        case OutcomesVerdict.UNKNOWN:
            return f"Whether the {count} repeats came out the same is not fully known."
        case OutcomesVerdict.DIFFERENT:
            return (
                f"The {count} repeats differ among themselves: {found.identical} of the other "
                f"{count - 1} came out identical to the first."
            )


def _among_seeds(spread: Spread) -> str:
    """Executions on different seeds are not expected to agree."""
    seeds = ", ".join("not known" if seed is None else str(seed) for seed in spread.seeds)
    which = f"{spread.count} executions, with the seeds {seeds},"
    match spread.among.outcomes:
        case OutcomesVerdict.IDENTICAL:
            return f"The {which} came out identical, to the bit: no seed reached the outcomes."
        case OutcomesVerdict.WITHIN_TOLERANCE:
            return f"The {which} came out within tolerance of the first, not identical."
        case OutcomesVerdict.UNKNOWN:
            return f"Whether the {which} came out the same is not fully known."
        case OutcomesVerdict.DIFFERENT:
            return (
                f"The {which} came out differently, as seeds may have it: no sign of "
                "nondeterminism."
            )


def _original(spread: Spread) -> str:
    match spread.original.outcomes:
        case OutcomesVerdict.IDENTICAL:
            return "So did the original."
        case OutcomesVerdict.WITHIN_TOLERANCE:
            return "The original is within tolerance of them."
        case OutcomesVerdict.UNKNOWN:
            return "Whether the original came out as they did is not fully known."
        case OutcomesVerdict.DIFFERENT if spread.original.identical:
            return f"The original is identical to {spread.original.identical} of {spread.count}."
        case OutcomesVerdict.DIFFERENT:
            return "The original is identical to none of them."


def _inputs(spread: Spread) -> Iterator[str]:
    match spread.among.inputs:
        case InputsVerdict.CHANGED if spread.seeds:
            yield "Their inputs differ by the seeds, and by what the table of inputs shows."
        case InputsVerdict.CHANGED:
            yield "The repeats' inputs differ: what they show is not chance alone."
        case InputsVerdict.UNKNOWN:
            yield "Not all inputs of the repeats are known to be the same."
    match spread.original.inputs:
        case InputsVerdict.CHANGED:
            yield "The original's inputs differ from those of the repeats."
        case InputsVerdict.UNKNOWN:
            yield "Not all inputs of the original are known to be those of the repeats."


def rows(spread: Spread) -> list[tuple[str, ...]]:
    """A row of `COLUMNS` for each metric."""
    return [row(metric) for metric in spread.metrics]


def row(metric: MetricSpread) -> tuple[str, ...]:
    """What stands in `COLUMNS`; numbers rounded to three digits of the standard deviation."""
    scale = metric.deviation
    ends = "" if metric.range is None else " to ".join(dict.fromkeys(map(number, metric.range)))
    interval = (
        ""
        if metric.interval is None
        else " to ".join(_rounded(end, scale) for end in metric.interval)
    )
    standing = str(metric.standing)
    if metric.standing is Standing.SET_ASIDE:
        standing = f"set aside by the rule “{metric.rule}”"
    return (
        metric.metric,
        words.point(metric.original),
        "" if metric.mean is None else _rounded(metric.mean, scale),
        "" if scale is None else f"{scale:.3g}",
        ends,
        interval,
        standing,
    )


def _rounded(value: float, scale: float | None) -> str:
    if not scale or not math.isfinite(scale) or not math.isfinite(value):
        return number(value)
    return number(round(value, 2 - math.floor(math.log10(scale))))
