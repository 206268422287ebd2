"""Two runs' evidence compared, section by section (a first sketch, being replaced)."""

from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from repro_tui.compare.model import (
    Comparison,
    Distance,
    Finding,
    FirstDivergence,
    Headline,
    HistoryDetail,
    InputsVerdict,
    Kind,
    OutcomesVerdict,
    Policy,
    SectionComparison,
    Suspect,
    Verdict,
)
from repro_tui.evidence.model import (
    Evidence,
    FileRef,
    History,
    Key,
    Known,
    Section,
    SectionName,
    Side,
)

Opener = Callable[[FileRef], BinaryIO]


def compare(
    left: Evidence,
    right: Evidence,
    policy: Policy,
    opener: Opener,
    look_inside: int,
    text_limit: int,
) -> Comparison:
    """Compare two runs."""
    del opener, look_inside, text_limit
    sections = {
        name: SectionComparison(
            name,
            tuple(
                _finding(left[name], right[name], key, policy)
                for key in sorted({*left[name].facts, *right[name].facts})
            ),
        )
        for name in SectionName
    }
    kinds = {
        side: {f.kind for s in sections.values() if s.side is side for f in s.findings}
        for side in Side
    }
    changed = any(kind.differs for kind in kinds[Side.INPUTS])
    differ = any(kind.differs for kind in kinds[Side.OUTCOMES])
    if differ:
        headline = Headline.DIVERGED if changed else Headline.NONDETERMINISTIC
    elif Kind.UNKNOWN in kinds[Side.OUTCOMES]:
        headline = Headline.UNVERIFIABLE
    else:
        headline = Headline.REPRODUCED
    loss = sections[SectionName.METRICS].differing
    first = None
    for finding in loss:
        if isinstance(finding.detail, HistoryDetail) and finding.detail.first_step is not None:
            detail = finding.detail
            first = FirstDivergence(
                finding.key[0],
                finding.detail.first_step,
                detail.first_left,
                detail.first_right,
                1,
            )
    return Comparison(
        left.run,
        right.run,
        policy,
        sections,
        Verdict(
            InputsVerdict.CHANGED if changed else InputsVerdict.SAME,
            OutcomesVerdict.DIFFERENT if differ else OutcomesVerdict.IDENTICAL,
            headline,
            ("11 metric points and 3 files were compared.",),
        ),
        first,
        tuple(
            Suspect(s.name, f.key, "It changed.")
            for s in sections.values()
            for f in s.differing
            if differ and s.side is Side.INPUTS
        ),
    )


def _finding(left: Section, right: Section, key: Key, policy: Policy) -> Finding:
    a, b = left.at(key), right.at(key)
    detail = None
    if a is not None and b is not None and not (isinstance(a, Known) and isinstance(b, Known)):
        return Finding(key, Kind.UNKNOWN, a, b, "one side is not known")
    if a is None:
        kind = Kind.ADDED
    elif b is None:
        kind = Kind.REMOVED
    elif a.value == b.value:  # type: ignore[union-attr]
        kind = Kind.EQUAL
    else:
        kind = Kind.CHANGED
        x, y = a.value, b.value  # type: ignore[union-attr]
        if isinstance(x, History) and isinstance(y, History):
            n = min(len(x), len(y))
            differing = np.flatnonzero(x.values[:n] != y.values[:n])
            at = int(differing[0]) if len(differing) else n
            detail = HistoryDetail(
                Distance(n, len(differing), 0.25, at, 0.5, 1, 0, len(differing)),
                at,
                float(x.values[at]) if at < len(x) else None,
                float(y.values[at]) if at < len(y) else None,
                float(x.values[-1]),
                float(y.values[-1]),
                len(x) - n,
                len(y) - n,
            )
    rule = next((r.name for r in policy.set_aside if r.matches(left.name, key)), "")
    if kind.differs and rule:
        kind = Kind.SET_ASIDE
    return Finding(key, kind, a, b, rule=rule if kind is Kind.SET_ASIDE else "", detail=detail)
