"""The verdict: read off what went in and what came out, with what it rests on.

| inputs, outcomes | identical | within tolerance | different | not fully known |
|---|---|---|---|---|
| all the same | reproduced | reproduced within tolerance | nondeterministic | unverifiable |
| some changed | unaffected by the changes | unaffected within tolerance | diverged | unverifiable |
| some unknown | matches, inputs not all known | …within tolerance | diverged | unverifiable |
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import numpy as np

from repro_tui.compare.model import (
    Comparison,
    Finding,
    FirstDivergence,
    Headline,
    HistoryDetail,
    InputsVerdict,
    Kind,
    OutcomesVerdict,
    SectionComparison,
    Sections,
    Verdict,
)
from repro_tui.compare.numbers import ulp
from repro_tui.compare.reasons import by_side, reasons
from repro_tui.errors import ExitCode
from repro_tui.evidence.model import History, Known, Run, SectionName, Side


class FailOn(StrEnum):
    """The side of a comparison that an exit code is read off."""

    OUTCOMES = "outcomes"
    INPUTS = "inputs"
    ANY = "any"


_TABLE = {
    (InputsVerdict.SAME, OutcomesVerdict.IDENTICAL): Headline.REPRODUCED,
    (InputsVerdict.SAME, OutcomesVerdict.WITHIN_TOLERANCE): Headline.REPRODUCED_WITHIN_TOLERANCE,
    (InputsVerdict.SAME, OutcomesVerdict.DIFFERENT): Headline.NONDETERMINISTIC,
    (InputsVerdict.CHANGED, OutcomesVerdict.IDENTICAL): Headline.UNAFFECTED,
    (InputsVerdict.CHANGED, OutcomesVerdict.WITHIN_TOLERANCE): Headline.UNAFFECTED_WITHIN_TOLERANCE,
    (InputsVerdict.CHANGED, OutcomesVerdict.DIFFERENT): Headline.DIVERGED,
    (InputsVerdict.UNKNOWN, OutcomesVerdict.IDENTICAL): Headline.MATCHES,
    (InputsVerdict.UNKNOWN, OutcomesVerdict.WITHIN_TOLERANCE): Headline.MATCHES_WITHIN_TOLERANCE,
    (InputsVerdict.UNKNOWN, OutcomesVerdict.DIFFERENT): Headline.DIVERGED,
}

_INPUTS_EXIT_CODES = {
    InputsVerdict.SAME: ExitCode.SAME,
    InputsVerdict.CHANGED: ExitCode.DIFFERENT,
    InputsVerdict.UNKNOWN: ExitCode.UNVERIFIABLE,
}
_OUTCOMES_EXIT_CODES = {
    OutcomesVerdict.IDENTICAL: ExitCode.SAME,
    OutcomesVerdict.WITHIN_TOLERANCE: ExitCode.SAME,
    OutcomesVerdict.DIFFERENT: ExitCode.DIFFERENT,
    OutcomesVerdict.UNKNOWN: ExitCode.UNVERIFIABLE,
}

INPUTS_GRAVEST_FIRST = (InputsVerdict.CHANGED, InputsVerdict.UNKNOWN, InputsVerdict.SAME)
OUTCOMES_GRAVEST_FIRST = (
    OutcomesVerdict.DIFFERENT,
    OutcomesVerdict.UNKNOWN,
    OutcomesVerdict.WITHIN_TOLERANCE,
    OutcomesVerdict.IDENTICAL,
)

_EVIDENCE = (SectionName.METRICS, SectionName.ARTIFACTS)
"""The outcomes that can show a run to be reproduced. That both ended well cannot."""


def verdict(
    left: Run, right: Run, sections: Sections, astray: tuple[str, str] = ("", "")
) -> Verdict:
    """Judge two runs by the findings of all sections.

    `astray` says for each run what it had installed otherwise than its locks say.

    A difference outweighs what is unknown, on either side, except that a run which has
    not ended says nothing yet. Outcomes are identical only where something was compared,
    nothing differs by more than a rule of the policy, and nothing is unknown.
    """
    inputs, outcomes = _inputs(sections), _outcomes(left, right, sections)
    headline = _TABLE.get((inputs, outcomes), Headline.UNVERIFIABLE)
    return Verdict(inputs, outcomes, headline, tuple(reasons(left, right, sections, astray)))


def exit_code(comparison: Comparison, fail_on: FailOn = FailOn.OUTCOMES) -> ExitCode:
    """How a program that ends in this comparison exits.

    With both sides asked for, a difference on either outweighs what is unknown.
    """
    inputs = _INPUTS_EXIT_CODES[comparison.verdict.inputs]
    outcomes = _OUTCOMES_EXIT_CODES[comparison.verdict.outcomes]
    if fail_on is FailOn.OUTCOMES:
        return outcomes
    if fail_on is FailOn.INPUTS:
        return inputs
    return gravest((inputs, outcomes))


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """One exit code for several: a difference outweighs what is unknown."""
    return min(codes, key=(ExitCode.DIFFERENT, ExitCode.UNVERIFIABLE, ExitCode.SAME).index)


def first_divergence(metrics: SectionComparison) -> FirstDivergence | None:
    """The earliest point at which the runs part, over all metrics that are not set aside."""
    return next((divergence for _, divergence in divergences(metrics)), None)


def divergences(metrics: SectionComparison) -> tuple[tuple[Finding, FirstDivergence], ...]:
    """Where each metric parts that differs and has points, the earliest first.

    `FirstDivergence` says what earliest means.
    """
    starts = [
        min((int(h.timestamps.min()) for h in side if h is not None and len(h)), default=0)
        for side in zip(*map(histories, metrics.findings), strict=True)
    ]
    found = []
    for finding in metrics.differing:
        for divergence in _divergence(finding):
            sides = zip(histories(finding), (divergence.left, divergence.right), strict=True)
            elapsed = [
                int(history.timestamps[np.searchsorted(history.steps, divergence.step)]) - start
                for (history, value), start in zip(sides, starts, strict=True)
                if history is not None and value is not None
            ]
            order = sum(elapsed) / len(elapsed), divergence.step, divergence.metric
            found.append((order, (finding, divergence)))
    return tuple(each for _, each in sorted(found, key=lambda item: item[0]))


def histories(finding: Finding) -> tuple[History | None, History | None]:
    """What both runs have of a metric, as far as it is known."""
    left, right = (
        fact.value if isinstance(fact, Known) and isinstance(fact.value, History) else None
        for fact in (finding.left, finding.right)
    )
    return left, right


def _divergence(finding: Finding) -> Iterator[FirstDivergence]:
    """Where a metric parts, if it has points."""
    a, b = histories(finding)
    metric = "/".join(finding.key)
    if isinstance(finding.detail, HistoryDetail) and finding.detail.first_step is not None:
        left, right = finding.detail.first_left, finding.detail.first_right
        yield FirstDivergence(metric, finding.detail.first_step, left, right, _ulp(left, right))
    elif a is not None and b is None and len(a):
        yield FirstDivergence(metric, int(a.steps[0]), float(a.values[0]), None, None)
    elif b is not None and a is None and len(b):
        yield FirstDivergence(metric, int(b.steps[0]), None, float(b.values[0]), None)


def _ulp(left: float | None, right: float | None) -> int | None:
    return None if left is None or right is None else ulp(left, right)


def _inputs(sections: Sections) -> InputsVerdict:
    kinds = {finding.kind for _, finding in by_side(sections, Side.INPUTS)}
    if any(kind.differs for kind in kinds):
        return InputsVerdict.CHANGED
    return InputsVerdict.UNKNOWN if Kind.UNKNOWN in kinds else InputsVerdict.SAME


def _outcomes(left: Run, right: Run, sections: Sections) -> OutcomesVerdict:
    findings = by_side(sections, Side.OUTCOMES)
    kinds = {finding.kind for _, finding in findings}
    if not (left.finished and right.finished):
        return OutcomesVerdict.UNKNOWN
    if any(kind.differs for kind in kinds):
        return OutcomesVerdict.DIFFERENT
    shown = (Kind.EQUAL, Kind.WITHIN_TOLERANCE)
    if Kind.UNKNOWN in kinds or not any(
        name in _EVIDENCE and finding.kind in shown for name, finding in findings
    ):
        return OutcomesVerdict.UNKNOWN
    if Kind.WITHIN_TOLERANCE in kinds:
        return OutcomesVerdict.WITHIN_TOLERANCE
    return OutcomesVerdict.IDENTICAL
