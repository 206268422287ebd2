"""A comparison as lines of a list: what is listed, and how a line reads. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from repro_tui.compare.model import Comparison, Finding, Kind, SectionComparison
from repro_tui.evidence.model import Fact, SectionName, Side
from repro_tui.reports import words
from repro_tui.tui.spelling import MUTED, colour, shown

_WIDE = 130
"""Cells from which notes have a column of their own."""


@dataclass(frozen=True, slots=True)
class SideRow:
    side: Side


@dataclass(frozen=True, slots=True)
class SectionRow:
    section: SectionComparison
    listed: int
    """How many of its findings are listed below it, folded or not."""
    folded: bool


@dataclass(frozen=True, slots=True)
class FindingRow:
    section: SectionName
    finding: Finding


Row = SideRow | SectionRow | FindingRow


def told(kind: Kind) -> bool:
    """Whether a kind is listed when only differences are: all but what is known not to count."""
    return kind not in (Kind.EQUAL, Kind.SET_ASIDE)


def rows(
    comparison: Comparison, folded: Collection[SectionName], *, everything: bool
) -> tuple[Row, ...]:
    """Inputs, then outcomes, section by section."""
    return tuple(_rows(comparison, folded, everything))


def _rows(
    comparison: Comparison, folded: Collection[SectionName], everything: bool
) -> Iterator[Row]:
    for side in Side:
        yield SideRow(side)
        for name, section in comparison.sections.items():
            if section.side is not side:
                continue
            listed = [f for f in section.findings if everything or told(f.kind)]
            yield SectionRow(section, len(listed), name in folded)
            if name not in folded:
                yield from (FindingRow(name, finding) for finding in listed)


def finding_rows(section: SectionName, findings: Sequence[Finding]) -> tuple[Row, ...]:
    """What was found inside one file, as lines of the same list."""
    return tuple(FindingRow(section, finding) for finding in findings)


# --- How a line reads ----------------------------------------------------------------


def widths(width: int) -> tuple[int, int, int]:
    """Cells for the key, for either value, and for the note (0: none) of a line."""
    key = max(16, min(width * 27 // 100, 44))
    note = width * 26 // 100 if width >= _WIDE else 0
    values = max((width - key - note - 10 - (2 if note else 0)) // 2, 4)
    return key, values, note


def head(left: str, right: str, width: int) -> Content:
    key, value, note = widths(width)
    line = Content(" " * (key + 7))
    line += _fit(shown(left), value) + Content(" │ ") + _fit(shown(right), value)
    return line + Content("  what was found" if note else "")


def draw(row: Row, width: int) -> Content:
    """One line of the list."""
    match row:
        case SideRow(side):
            title = f" {side.upper()} "
            return Content.styled(f"─{title}".ljust(width, "─"), "$primary bold")
        case SectionRow(section, listed, folded):
            return _section(section, listed, folded)
        case FindingRow(_, finding):
            return _finding(finding, width)


def _section(section: SectionComparison, listed: int, folded: bool) -> Content:
    fold = "  " if not listed else "▸ " if folded else "▾ "
    name = Content.styled(f" {fold}{section.name:<13}", f"{colour(section.kind)} bold")
    return name + counts(section)


def counts(section: SectionComparison) -> Content:
    """How many keys were found to be what: `≠ 3 changed  = 12 equal`."""
    found = [(kind, section.count(kind)) for kind in Kind]
    parts = [
        Content.styled(f"{words.symbol(kind)} {count:,} {kind}", colour(kind))
        for kind, count in sorted(found, key=lambda item: item[0] is Kind.EQUAL)
        if count
    ]
    return Content("  ").join(parts) if parts else Content.styled("nothing to compare", MUTED)


def _finding(finding: Finding, width: int) -> Content:
    key, value, note = widths(width)
    style = colour(finding.kind)
    left, right = words.abreast((_value(finding.left), _value(finding.right)), value)
    line = Content.styled(f"   {words.symbol(finding.kind)} ", f"{style} bold")
    line += _fit(shown(words.key(finding.key)), key) + Content("  ")
    quiet = not told(finding.kind)
    line += _fit(Content.styled(left, MUTED if quiet else style), value)
    line += Content.styled(" │ ", MUTED)
    line += _fit(Content.styled(right, MUTED if quiet else style), value)
    if note:
        said = shown(words.finding_note(finding), MUTED)
        line += Content("  ") + _fit(said, note)
    return line


def _value(fact: Fact | None) -> str:
    return shown(words.fact(fact)).plain


def _fit(text: Content, width: int) -> Content:
    cut = text.truncate(width, ellipsis=True)
    return cut.pad_right(width - cut.cell_length)
