"""Which metrics of a comparison are drawn, and what is said beside each picture."""

from collections.abc import Iterator

from msgspec import Struct

from repro_tui.compare.model import Comparison, Finding, HistoryDetail, Kind
from repro_tui.compare.several import Several
from repro_tui.evidence.model import Fact, History, Key, Known, SectionName
from repro_tui.reports import several, words
from repro_tui.reports.html.curves import Chart, chart

RUNS = 6
"""Runs that one picture tells apart without colour; further ones are in the tables alone."""


class Picture(Struct, frozen=True):
    """The curves of one metric."""

    metric: str
    kind: Kind
    chart: Chart
    curves: tuple[str, ...]
    """Of each run that is drawn: how many points, and the last value."""
    said: tuple[str, ...]
    """What was found."""

    @property
    def apart(self) -> bool:
        """Whether the curves are told apart by more than a rule."""
        return self.kind not in (Kind.EQUAL, Kind.SET_ASIDE)


def pictures(compared: Comparison | Several) -> list[Picture]:
    """Every metric that has a point: first that of the first divergence, then others apart."""
    pair = compared if isinstance(compared, Comparison) else compared.gravest
    first = None if pair.first_divergence is None else pair.first_divergence.metric
    found = _of_pair(compared) if isinstance(compared, Comparison) else _of_several(compared)
    return sorted(found, key=lambda each: (each.metric != first, not each.apart))


def _of_pair(compared: Comparison) -> Iterator[Picture]:
    metrics = compared.sections.get(SectionName.METRICS)
    for finding in metrics.findings if metrics else ():
        facts = (finding.left, finding.right)
        said = (words.finding_note(finding),)
        yield from _picture(finding.key, finding.kind, facts, (finding,), said)


def _of_several(compared: Several) -> Iterator[Picture]:
    names = several.names(compared)[1:RUNS]
    for row in compared.rows:
        if row.section is SectionName.METRICS:
            found = [
                (name, finding)
                for name, finding in zip(names, row.findings, strict=False)
                if finding is not None
            ]
            said = tuple(
                f"{name}: {note}" for name, each in found if (note := words.finding_note(each))
            )
            findings = tuple(finding for _, finding in found)
            yield from _picture(row.key, row.kind, row.facts[:RUNS], findings, said)


def _picture(
    key: Key,
    kind: Kind,
    facts: tuple[Fact | None, ...],
    findings: tuple[Finding, ...],
    said: tuple[str, ...],
) -> Iterator[Picture]:
    histories = [
        fact.value if isinstance(fact, Known) and isinstance(fact.value, History) else None
        for fact in facts
    ]
    steps = [
        finding.detail.first_step
        for finding in findings
        if finding.kind.differs
        and isinstance(finding.detail, HistoryDetail)
        and finding.detail.first_step is not None
    ]
    drawn = chart(histories, min(steps, default=None))
    if drawn is not None:
        curves = tuple(words.fact(fact) for fact in facts)
        yield Picture("/".join(key), kind, drawn, curves, tuple(filter(None, said)))
