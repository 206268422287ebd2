"""What is told in full of the row under the cursor, and what can be copied of it. Pure."""

from textual.content import Content

from repro_tui.compare.several import Several
from repro_tui.evidence.model import Fact, FileRef, Known, SectionName
from repro_tui.reports import spread, words
from repro_tui.text import visible
from repro_tui.tui.finding_lines import note
from repro_tui.tui.finding_rows import (
    CellsRow,
    FindingRow,
    FolderRow,
    PartRow,
    Row,
    SectionRow,
    ValueRow,
)
from repro_tui.tui.finding_values import shortened
from repro_tui.tui.spelling import MUTED, shown

_FOLDS = "enter or z folds and unfolds, Z all sections"


def peek(row: Row | None, column: int, room: int, several: Several | None = None) -> Content:
    """The whole key, what was found, and the value in that column where `room` cells cut it."""
    match row:
        case FindingRow(finding=finding):
            said = _peek(words.key(finding.key), note(row))
            facts = (None, finding.left, finding.right)
            value = words.fact(facts[column])
            return said + _value(value) if column and _is_cut(value, room) else said
        case ValueRow(of, side):
            return peek(of, side, room)
        case PartRow(of, part) if part is not None:
            within = " : ".join((words.key(of.key), words.key(part.key)))
            return _peek(within, words.finding_note(part))
        case PartRow(of):
            return peek(of, column, room)
        case CellsRow(section, cells):
            found = cells.findings[column - 2] if column > 1 else None
            said = shown(words.key(cells.key), "bold")
            if several is not None and section is SectionName.METRICS:
                said += _spread(several, "/".join(cells.key))
            noted = words.finding_note(found) if found is not None else ""
            said += shown(f"  {noted}" if noted else "")
            value = words.fact(cells.facts[column - 1])
            return said + _value(value) if column and _is_cut(value, room) else said
        case SectionRow(name, listed=0):
            return _peek(name, "nothing in it differs; a shows everything")
        case SectionRow(name):
            plots = (
                "; m draws all metrics" if name is SectionName.METRICS and several is None else ""
            )
            return _peek(name, _FOLDS + plots)
        case FolderRow(path=path):
            return _peek("/".join(path) + "/", _FOLDS)
        case _:
            return Content("")


def cut(text: Content, width: int, most: int) -> Content:
    """The text wrapped to at most so many lines; an ellipsis says that there is more."""
    lines = text.wrap(max(width, 8))
    if len(lines) > most > 0:
        last = lines[most - 1]
        lines = [*lines[: most - 1], last.truncate(max(width - 1, 1)) + Content("…")]
    return Content("\n").join(lines)


def _peek(key: str, said: str) -> Content:
    return shown(key, "bold") + (shown(f"  {said}") if said else "")


def _is_cut(value: str, room: int) -> bool:
    return len(value) > room or shortened(value) != value


def _value(text: str) -> Content:
    return Content.styled("  whole: ", MUTED) + shown(text)


def _spread(several: Several, metric: str) -> Content:
    """What repeats of the base say of one of its metrics."""
    found = several.spread.metrics if several.spread is not None else ()
    for each in found:
        if each.metric == metric:
            _, original, mean, deviation, _, interval, standing = spread.row(each)
            parts = [
                f"the original's last, {original}, is {standing}",
                f"mean {mean}" if mean else "",
                f"standard deviation {deviation}" if deviation else "",
                f"95% prediction interval {interval}" if interval else "",
            ]
            return shown("  repeats: " + ", ".join(filter(None, parts)), "$accent")
    return Content("")


# --- Copying -------------------------------------------------------------------------


def value_of(row: Row, column: int) -> tuple[str, str]:
    """What the cell is called, and its text as it was recorded, whole; empty: there is none."""
    match row:
        case FindingRow(finding=finding):
            facts = (finding.left, finding.right)
            return _called(finding.key, column, 2), _text(finding.key, facts, column)
        case ValueRow(of, side):
            return value_of(of, side)
        case PartRow(of, part):
            found = of.finding if part is None else part
            facts = (found.left, found.right)
            return _called(found.key, column, 2), _text(found.key, facts, column)
        case CellsRow(cells=cells):
            called = _called(cells.key, column, len(cells.facts))
            return called, _text(cells.key, cells.facts, column)
        case SectionRow(name):
            return "section", str(name)
        case FolderRow(path=path):
            return "folder", "/".join(path)
        case _:
            return "", ""


def row_of(row: Row) -> str:
    """The row in one line: where, what each run has, what was found. Empty: it has none."""
    match row:
        case FindingRow(section, finding):
            values = " │ ".join(words.sides(finding, None))
            said = "; ".join(filter(None, (str(finding.kind), note(row))))
            return f"{section} / {words.key(finding.key)}: {values} ({said})"
        case ValueRow(of) | PartRow(of):
            return row_of(of)
        case CellsRow(section, cells):
            kinds = ("", *(f"{words.symbol(kind)} " for kind in cells.kinds))
            facts = zip(kinds, map(words.fact, cells.facts), strict=True)
            return f"{section} / {words.key(cells.key)}: {' │ '.join(k + f for k, f in facts)}"
        case SectionRow(name, counts):
            told = ", ".join(f"{words.symbol(kind)} {n:,} {kind}" for kind, n in counts)
            return f"{name}: {told or 'nothing to compare'}"
        case FolderRow(section, path):
            return f"{section} / {'/'.join(path)}"
        case _:
            return ""


def _called(key: tuple[str, ...], column: int, runs: int) -> str:
    if not column:
        return "key"
    side = ("left", "right")[column - 1] if runs == 2 else "base" if column == 1 else "run's"
    return f"{side} value of {visible(words.key(key), 40)}"


def _text(key: tuple[str, ...], facts: tuple[Fact | None, ...], column: int) -> str:
    if not column:
        return "/".join(key)
    match facts[column - 1]:
        case Known(value=FileRef(digest=digest)):
            return digest
        case Known(value=value):
            return words.value(value)
        case _:
            return ""
