"""How a row of a comparison reads: aligned, fitted to its width, what differs marked. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len
from textual.content import Content

from repro_tui.compare.model import Finding, Kind
from repro_tui.reports import words
from repro_tui.text import visible
from repro_tui.tui.finding_rows import (
    CellsRow,
    Counts,
    FindingRow,
    FolderRow,
    PartRow,
    Row,
    SectionRow,
    SideRow,
    ValueRow,
)
from repro_tui.tui.finding_values import fit, spelled, value, values
from repro_tui.tui.spelling import MUTED, colour, fitted, name, shown

WIDE = 110
"""Cells from which the two values of a key always stand side by side."""
_NOTES = 130
"""Cells from which notes have a column of their own."""
_LEAST = 15
"""Cells of a column, of several runs."""
_LEAD = 5
"""Cells before the key: room, the symbol, a gap."""
_BETWEEN = Content.styled(" │ ", MUTED)
_HERE = "$background on $primary"
"""The cell that the cursor is in."""
SIDES = ("◀", "▶")
"""The left and the right run."""


class Columns(Struct, frozen=True):
    """Cells for the key, for each value, and for the note (0: none) of a line.

    Of `runs` columns `shown` are in view: that of the base, which stays, and those from
    `first` on. Column 0 is the key; run n stands in column n + 1.
    """

    key: int
    value: int
    note: int = 0
    runs: int = 2
    first: int = 1
    shown: int = 2

    @property
    def places(self) -> tuple[int, ...]:
        """The runs in view."""
        return (0, *range(self.first, self.first + self.shown - 1))

    def at(self, x: int) -> int:
        """The column at that cell of a line."""
        place = (x - _LEAD - self.key - 1) // (self.value + 3)
        return 0 if place < 0 else self.places[min(place, self.shown - 1)] + 1

    def with_in_view(self, run: int) -> int:
        """What `first` has to be for that run to be in view, with as little scrolling as can be."""
        if not run:
            return self.first
        return min(max(self.first, run - self.shown + 2), run)


def columns(width: int, runs: int = 2, first: int = 1) -> Columns:
    """How a line of that many cells is divided."""
    if runs == 2:
        key = max(16, min(width * 27 // 100, 44))
        note = width * 26 // 100 if width >= _NOTES else 0
        values = width - _LEAD - key - 2 - 3 - (note + 2 if note else 0)
        return Columns(key, max(values // 2, 4), note)
    key = max(19, min(width * 24 // 100, 40))
    values = width - _LEAD - key - 2 + 3
    shown = max(2, min(runs, values // (_LEAST + 3)))
    first = max(1, min(first, runs - shown + 1))
    return Columns(key, max(values // shown - 3, 4), 0, runs, first, shown)


def lay(rows: Iterable[Row], width: int) -> tuple[Row, ...]:
    """The rows, those stacked whose values do not fit beside each other in a narrow list."""
    fitting = columns(width).value
    laid: list[Row] = []
    for row in rows:
        match row:
            case ValueRow():
                pass
            case FindingRow(finding=finding):
                if width < WIDE and not fit(finding.left, finding.right, fitting):
                    row = replace(row, stacked=True)
                    laid += [row, ValueRow(row, 1), ValueRow(row, 2)]
                else:
                    laid.append(replace(row, stacked=False) if row.stacked else row)
            case _:
                laid.append(row)
    return tuple(laid)


def head(names: Sequence[str], at: Columns, column: int) -> Content:
    """What stands over the columns; the one that the cursor is in is underlined."""
    told = ""
    if at.shown < at.runs:
        told = f"  runs {at.first}-{at.places[-1]} of {at.runs - 1}"
    line = fitted(Content(told), _LEAD + at.key + 2)
    for place in at.places:
        mark = f"{SIDES[place]} " if at.runs == 2 else ""
        called = Content(mark + name(names[place], at.value - len(mark)))
        line += Content(" │ ") if place else Content("")
        line += fitted(called.stylize("underline") if place + 1 == column else called, at.value)
    return line + Content("  what was found" if at.note else "")


def draw(row: Row, at: Columns, width: int, column: int | None = None) -> Content:
    """One line of the list; `column` is that of the cursor, where it is in this row."""
    match row:
        case SideRow(side):
            return Content.styled(f"─ {side.upper()} ".ljust(width, "─"), "$primary bold")
        case SectionRow(section, found, listed, folded):
            fold = "  " if not listed else "▸ " if folded else "▾ "
            style = colour(found[0][0] if found else Kind.EQUAL)
            return Content.styled(f" {fold}{section:<13}", f"{style} bold") + counts(found)
        case FolderRow(label=label, counts=found, folded=folded, depth=depth):
            arrow = Content.styled("▸ " if folded else "▾ ", MUTED)
            line = fitted(_indented(depth, arrow + shown(label, "bold")), at.key + 2)
            return Content("   ") + line + Content("  ") + counts(found)
        case FindingRow():
            return _finding(row, at, width, column)
        case ValueRow(of, side):
            text = values(of.finding.left, of.finding.right, of.finding.kind, width - 9)[side - 1]
            return Content(f"       {SIDES[side - 1]} ") + _here(text, column is not None)
        case PartRow(of, part, more):
            return _part(of, part, more, at, column)
        case CellsRow():
            return _cells(row, at, column)


def counts(found: Counts) -> Content:
    """How many keys were found to be what: `≠ 3 changed  = 12 equal`."""
    parts = [
        Content.styled(f"{words.symbol(kind)} {count:,} {kind}", colour(kind))
        for kind, count in found
    ]
    return Content("  ").join(parts) if parts else Content.styled("nothing to compare", MUTED)


def note(row: FindingRow) -> str:
    """What was found at a key, and why it is a suspect."""
    return "; ".join(filter(None, (row.why.removesuffix("."), words.finding_note(row.finding))))


# --- Lines ---------------------------------------------------------------------------


def _finding(row: FindingRow, at: Columns, width: int, column: int | None) -> Content:
    finding = row.finding
    line = _symbol(finding.kind)
    key = visible(row.label or words.key(finding.key))
    if row.stacked:
        line += _here(_indented(row.depth, Content(key)), column is not None) + Content("  ")
        return line + shown(note(row), MUTED).truncate(width - line.cell_length, ellipsis=True)
    line += _here(_key(key, row.depth, at.key), column == 0) + Content("  ")
    left, right = values(finding.left, finding.right, finding.kind, at.value)
    line += _here(fitted(left, at.value), column == 1) + _BETWEEN
    line += _here(fitted(right, at.value), column == 2)
    if at.note:
        line += Content("  ") + fitted(shown(note(row), MUTED), at.note)
    return line


def _part(
    of: FindingRow, part: Finding | None, more: int, at: Columns, column: int | None
) -> Content:
    if part is None:
        said = Content.styled(f"       and {more:,} more places; enter shows them", MUTED)
        return _here(said, column is not None)
    left, right = values(part.left, part.right, part.kind, at.value)
    key = Content.styled(f"{words.symbol(part.kind)} ", colour(part.kind)) + shown(
        words.key(part.key)
    )
    line = Content("       ") + fitted(_indented(of.depth, key), at.key - 2) + Content("  ")
    line += _here(fitted(left, at.value), column == 1) + _BETWEEN
    return line + _here(fitted(right, at.value), column == 2)


def _cells(row: CellsRow, at: Columns, column: int | None) -> Content:
    cells = row.cells
    line = _symbol(cells.kind)
    key = visible(row.label or words.key(row.key))
    line += _here(_key(key, row.depth, at.key), column == 0) + Content("  ")
    for place in at.places:
        cell = fitted(_cell(row, place, at.value), at.value)
        line += _BETWEEN if place else Content("")
        line += _here(cell, column == place + 1)
    return line


def _cell(row: CellsRow, place: int, width: int) -> Content:
    """One run's value: `=` where it has what the base has, else what differs from it."""
    base, fact = row.cells.facts[0], row.cells.facts[place]
    if place == 0:
        return value(base, width)
    kind = row.cells.kinds[place - 1]
    if kind is Kind.EQUAL and (fact is None or spelled(fact, width) == spelled(base, width)):
        return Content.styled("=", MUTED)
    symbol = Content.styled(f"{words.symbol(kind)} ", f"{colour(kind)} bold")
    return symbol + values(base, fact, kind, width - 2)[1]


def _symbol(kind: Kind) -> Content:
    return Content.styled(f"   {words.symbol(kind)} ", f"{colour(kind)} bold")


def _key(key: str, depth: int, width: int) -> Content:
    """A key in its column; of one that is too long the end, which tells it from its neighbours."""
    room = width - 2 * depth
    if cell_len(key) > room > 1:
        key = f"…{key[1 - room :]}"
    return fitted(_indented(depth, Content(key)), width)


def _indented(depth: int, text: Content) -> Content:
    return Content("  " * depth) + text


def _here(text: Content, here: bool) -> Content:
    return text.stylize(_HERE) if here else text
