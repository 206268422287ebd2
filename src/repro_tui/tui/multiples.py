"""The metrics of two runs as small plots: in which order, and what stands over each. Pure."""

from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from repro_tui.compare.model import Finding, Kind, SectionComparison
from repro_tui.compare.verdict import divergences, histories
from repro_tui.evidence.model import History, SectionName
from repro_tui.reports import words
from repro_tui.text import plural
from repro_tui.tui.curves import NO_POINTS
from repro_tui.tui.plot_layout import Look
from repro_tui.tui.plot_text import whose
from repro_tui.tui.spelling import MUTED, colour, shown

_REST = (Kind.UNKNOWN, Kind.WITHIN_TOLERANCE, Kind.EQUAL, Kind.SET_ASIDE)
"""Kinds that do not differ, the gravest first."""
_NARROWEST = 34
"""Cells that a plot is wide at least."""
_WIDEST = 4
"""Plots beside each other at most."""


class Multiple(Struct, frozen=True, eq=False):
    """One metric in a plot of its own."""

    finding: Finding
    first_step: int | None
    """Where the runs part; None: nowhere, or in no point."""

    @property
    def name(self) -> str:
        return words.key(self.finding.key)

    @property
    def histories(self) -> tuple[History, History]:
        left, right = histories(self.finding)
        return left or NO_POINTS, right or NO_POINTS

    @property
    def said(self) -> str:
        """What was found, in a few words."""
        match self.finding.kind:
            case Kind.ADDED:
                return "only on the right"
            case Kind.REMOVED:
                return "only on the left"
            case kind:
                return str(kind) if self.first_step is None else f"◆ step {self.first_step:,}"

    @property
    def instead(self) -> str:
        """What is said where there is nothing to draw; empty: there is."""
        if any(map(len, self.histories)):
            return ""
        return words.finding_note(self.finding) or "Neither run has a point of this metric."

    def head(self, width: int, undrawn: str = "") -> Content:
        """Symbol, name, what was found and what is not drawn, in so many cells.

        A long name is cut.
        """
        kind = self.finding.kind
        mark = Content.styled(f"{words.symbol(kind)} ", f"{colour(kind)} bold")
        style = "$text-error" if self.first_step is not None else MUTED
        said = Content.styled(f"  {self.said}", style)
        if undrawn:
            said += Content.styled(f"  no place for {undrawn}", MUTED)
        room = max(width - mark.cell_length - said.cell_length, 1)
        return mark + shown(self.name).truncate(room, ellipsis=True) + said


def multiples(findings: Sequence[Finding]) -> tuple[Multiple, ...]:
    """All metrics: those that differ by where they part, the earliest first, then the others."""
    parting = divergences(SectionComparison(SectionName.METRICS, tuple(findings)))
    found = [Multiple(finding, divergence.step) for finding, divergence in parting]
    known = {finding.key for finding, _ in parting}
    others = [finding for finding in findings if finding.key not in known]
    others.sort(key=lambda each: 0 if each.kind.differs else 1 + _REST.index(each.kind))
    return (*found, *(Multiple(finding, None) for finding in others))


def listed(all_: Sequence[Multiple], *, everything: bool, search: str = "") -> tuple[Multiple, ...]:
    """Those that are shown: only what differs unless everything is, with all words in its name."""
    wanted = search.casefold().split()
    return tuple(
        each
        for each in all_
        if (everything or each.finding.kind.differs)
        and all(word in each.name.casefold() for word in wanted)
    )


def columns(width: int) -> int:
    """How many plots stand beside each other."""
    return min(max(width // (_NARROWEST + 11), 1), _WIDEST)


def where(all_: Sequence[Multiple], count: int, at: int, *, everything: bool) -> Content:
    """On which of `count` plots the cursor is, and what there is in all."""
    parts = [f"{at + 1:,} of {count:,}" if count else "none", _summed(all_)]
    parts.append("everything" if everything else "only differences")
    return Content("  ·  ").join(
        [Content.styled("metrics", "bold"), *(Content.styled(part, MUTED) for part in parts)]
    )


def _summed(all_: Sequence[Multiple]) -> str:
    """`2 differ, 1 unknown, 5 others`."""
    differing = sum(each.finding.kind.differs for each in all_)
    unknown = sum(each.finding.kind is Kind.UNKNOWN for each in all_)
    others = len(all_) - differing - unknown
    counts = ((differing, "differ"), (unknown, "unknown"))
    parts = [f"{count:,} {what}" for count, what in counts if count]
    return ", ".join([*parts, *([plural(others, "other")] if others else [])])


def over(names: tuple[str, str], look: Look, width: int) -> Content:
    """Whose lines are drawn, and on which axes."""
    told = "by seconds" if look.by_time else "by steps"
    told += " (log)" * look.log_steps + "  ·  log values" * look.log_values
    sides = whose(names, max((width - len(told) - 29) // 2, 8))
    return sides + Content.styled(f"   {told}", MUTED)


def nothing(all_: Sequence[Multiple], search: str) -> str:
    """What is said where no plot is shown."""
    if search:
        return f"No metric that is shown has {search!r} in its name. esc takes the search away."
    return f"No metric differs. a shows all {len(all_):,}."
