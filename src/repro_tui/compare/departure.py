"""A run that still goes on held against one that has ended: by their metric points alone.

What is not logged yet is no difference. Everything else counts as it does in a comparison
of runs that have ended, so that what is said here stands in the verdict, too.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from repro_tui.compare.metrics import Indices, compare_histories
from repro_tui.compare.model import Finding, FirstDivergence, HistoryDetail, Kind, SectionComparison
from repro_tui.compare.policy import Policy
from repro_tui.compare.verdict import first_divergence
from repro_tui.evidence.model import History, Known, SectionName

_SOURCE = "metric history"


class SoFar(Struct, frozen=True):
    """How the points logged so far stand to those of the run that has ended."""

    departed: FirstDivergence | None
    """The first point that differs, `left` of the run that has ended; None: none does."""
    compared: int
    """Points of that run that were compared."""
    points: int
    """All of its points, of the metrics that are not set aside."""
    within_tolerance: int = 0
    """Compared points that are not equal to the bit and pass by a tolerance."""
    steps: Mapping[str, int] = field(default_factory=dict)
    """The step of the first difference of each metric that has one."""


def so_far(ended: Mapping[str, History], growing: Mapping[str, History], policy: Policy) -> SoFar:
    """Hold the metrics of a run under way against those of one that has ended.

    The points of a step are compared once there are as many of them as in the ended run.
    """
    findings = tuple(_findings(ended, growing, policy))
    return SoFar(
        departed=first_divergence(SectionComparison(SectionName.METRICS, findings)),
        compared=sum(map(_compared, findings)),
        points=sum(len(history) for name, history in ended.items() if _counts(name, policy)),
        within_tolerance=sum(
            found.detail.distance.differing
            for found in findings
            if found.kind is Kind.WITHIN_TOLERANCE and isinstance(found.detail, HistoryDetail)
        ),
        steps=dict(_first_steps(findings)),
    )


def _counts(metric: str, policy: Policy) -> bool:
    return policy.rule_for(SectionName.METRICS, (metric,)) is None


def _findings(
    ended: Mapping[str, History], growing: Mapping[str, History], policy: Policy
) -> Iterator[Finding]:
    for name, right in growing.items():
        if not _counts(name, policy) or not len(right):
            continue
        left = ended.get(name)
        if left is None:
            yield Finding((name,), Kind.ADDED, None, Known(right, _SOURCE))
            continue
        waiting = awaited(left.steps, right.steps)
        compared, come = (
            Known(_only(side, ~np.isin(side.steps, waiting)), _SOURCE) for side in (left, right)
        )
        yield compare_histories((name,), compared, come, policy)


def _first_steps(findings: Iterable[Finding]) -> Iterator[tuple[str, int]]:
    for found in findings:
        alone = first_divergence(SectionComparison(SectionName.METRICS, (found,)))
        if alone is not None:
            yield alone.metric, alone.step


def awaited(ended: Indices, growing: Indices) -> Indices:
    """The steps at which the run under way has fewer points than the other, or none yet."""
    steps, counts = np.unique(ended, return_counts=True)
    come = np.searchsorted(growing, steps, "right") - np.searchsorted(growing, steps, "left")
    waiting: Indices = steps[come < counts]
    return waiting


def _only(history: History, points: npt.NDArray[np.bool_]) -> History:
    return History(history.steps[points], history.timestamps[points], history.values[points])


def _compared(found: Finding) -> int:
    """How many points of the ended run were compared."""
    ended = found.left.value if isinstance(found.left, Known) else None
    return len(ended) if isinstance(ended, History) else 0
