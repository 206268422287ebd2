"""The verdict: read off what went in and what came out, with what it rests on.

| inputs, outcomes | identical | within tolerance | different | not fully known |
|---|---|---|---|---|
| all the same | reproduced | reproduced within tolerance | nondeterministic | unverifiable |
| some changed | unaffected by the changes | unaffected within tolerance | diverged | unverifiable |
| some unknown | matches, inputs not all known | …within tolerance | diverged | unverifiable |
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
    Verdict,
)
from repro_tui.compare.numbers import ulp
from repro_tui.errors import ExitCode
from repro_tui.evidence.model import NOT_SEEDED, History, Known, Run, SectionName, Side
from repro_tui.text import plural

Sections = Mapping[SectionName, SectionComparison]


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
    return Verdict(inputs, outcomes, headline, tuple(_reasons(left, right, sections, astray)))


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


def _side(sections: Sections, side: Side) -> list[tuple[SectionName, Finding]]:
    return [
        (name, finding)
        for name, section in sections.items()
        if name.side is side
        for finding in section.findings
    ]


def _inputs(sections: Sections) -> InputsVerdict:
    kinds = {finding.kind for _, finding in _side(sections, Side.INPUTS)}
    if any(kind.differs for kind in kinds):
        return InputsVerdict.CHANGED
    return InputsVerdict.UNKNOWN if Kind.UNKNOWN in kinds else InputsVerdict.SAME


def _outcomes(left: Run, right: Run, sections: Sections) -> OutcomesVerdict:
    findings = _side(sections, Side.OUTCOMES)
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


def _reasons(left: Run, right: Run, sections: Sections, astray: tuple[str, str]) -> Iterator[str]:
    """The sentences that the verdict rests on, the weightiest first."""
    yield from _ended(left, right)
    outcomes, inputs = (_side(sections, side) for side in (Side.OUTCOMES, Side.INPUTS))
    differing = [pair for pair in outcomes if pair[1].kind.differs]
    yield f"Outcomes that differ: {_by_section(differing) or 'none'}."
    if not sections[SectionName.ARTIFACTS].findings and not differing:
        # A store whose files went elsewhere lists none either.
        yield "No file lies where the artifacts of either run belong: metrics alone were compared."
    if within := [pair for pair in outcomes if pair[1].kind is Kind.WITHIN_TOLERANCE]:
        rules = ", ".join(sorted({finding.rule for _, finding in within}))
        yield f"Equal only within tolerance ({rules}): {_by_section(within)}."
    changed = [pair for pair in inputs if pair[1].kind.differs]
    yield f"Inputs that differ: {_by_section(changed) or 'none'}."
    if differing and (free := list(_unseeded(sections))):
        yield f"Random number generators that nobody seeded in either run: {', '.join(free)}."
    if differing:
        yield from _left_to_the_card(sections)
    yield from _astray(*astray)
    for noun, findings in (("Outcomes", outcomes), ("Inputs", inputs)):
        unknown = [pair for pair in findings if pair[1].kind is Kind.UNKNOWN]
        if unknown:
            yield f"{noun} that could not be compared: {_by_section(unknown)}."
    yield f"Compared: {_compared(outcomes, inputs)}."
    if aside := [pair for pair in (*outcomes, *inputs) if pair[1].kind is Kind.SET_ASIDE]:
        rules = ", ".join(sorted({finding.rule for _, finding in aside}))
        yield f"Set aside by rule ({rules}): {_by_section(aside)}."


def _ended(left: Run, right: Run) -> Iterator[str]:
    """How a run ended, where that alone makes outcomes differ or says that they are to come."""
    for name, run in (("left", left), ("right", right)):
        if not run.finished:
            yield f"The {name} run has not ended: it is {run.status}."
        elif run.status != "FINISHED" and left.status != right.status:
            yield (
                f"The {name} run ended as {run.status}: what it did not come to log counts as "
                "different, and explains nothing."
            )


def _astray(left: str, right: str) -> Iterator[str]:
    if left and left == right:
        yield f"Both runs had other packages than their locks say: {left}."
        return
    for side, said in (("left", left), ("right", right)):
        if said:
            yield f"The {side} run had other packages than its locks say: {said}."


def _unseeded(sections: Sections) -> Iterator[str]:
    """Equal inputs that explain differing outcomes: generators left to chance on both sides."""
    for finding in sections[SectionName.RANDOMNESS].findings:
        match finding:
            case Finding(kind=Kind.EQUAL, left=Known(value=value)) if value == NOT_SEEDED:
                yield finding.key[0]


def _left_to_the_card(sections: Sections) -> Iterator[str]:
    """Equal inputs that explain differing outcomes: algorithms of a card that need not repeat."""
    device = _same(sections[SectionName.DEVICE], "device")
    randomness = sections[SectionName.RANDOMNESS]
    enforced = _same(randomness, "torch", "deterministic algorithms")
    if not str(device).startswith("cuda") or enforced is not False:
        return
    timed = _same(randomness, "cudnn", "benchmark") is True
    clock = "; cuDNN chose its own by the clock (cudnn benchmark)" if timed else ""
    yield (
        f"Both computed on {device} without deterministic algorithms, where sums need not "
        f"repeat{clock}. The determinism strict enforces them."
    )


def _same(section: SectionComparison, *key: str) -> object:
    """The value that both runs are known to have; None where there is none."""
    for finding in section.findings:
        match finding:
            case Finding(kind=Kind.EQUAL, left=Known(value=value)) if finding.key == key:
                return value
    return None


def _by_section(findings: Iterable[tuple[SectionName, Finding]]) -> str:
    """`2 in metrics, 1 in artifacts`."""
    counts = Counter(name for name, _ in findings)
    return ", ".join(f"{counts[name]:,} in {name}" for name in SectionName if name in counts)


def _compared(
    outcomes: Iterable[tuple[SectionName, Finding]], inputs: Iterable[tuple[SectionName, Finding]]
) -> str:
    """How many points, files and facts were compared: neither set aside nor unknown."""
    aside = (Kind.SET_ASIDE, Kind.UNKNOWN)
    points = metrics = files = 0
    for name, finding in outcomes:
        if finding.kind in aside:
            continue
        if isinstance(finding.detail, HistoryDetail):
            metrics += 1
            points += finding.detail.distance.compared
        elif name is SectionName.ARTIFACTS and None not in (finding.left, finding.right):
            files += 1
    facts = sum(finding.kind not in aside for _, finding in inputs)
    return (
        f"{plural(points, 'point')} of {plural(metrics, 'metric')}, {plural(files, 'file')}, "
        f"{plural(facts, 'input')}"
    )
