"""A comparison as rows of a list: what is listed, in which order, what is folded away. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec.structs import replace

from repro_tui.compare.model import Comparison, FileDetail, Finding, Kind, Suspect
from repro_tui.compare.packages import distribution, numeric
from repro_tui.compare.several import Several
from repro_tui.evidence.model import SectionName, Side
from repro_tui.tui.finding_rows import (
    CellsRow,
    Counts,
    Entry,
    FindingRow,
    FolderRow,
    PartRow,
    Path,
    Place,
    Row,
    SectionRow,
    SideRow,
    ValueRow,
    path_of,
    told,
)

_DEEPEST = 8
"""Folders in folders; what lies deeper is named with its path."""
_PARTS = 4
"""Parts of a value that are listed below it."""


def rows(compared: Comparison | Several, *, everything: bool) -> tuple[Row, ...]:
    """Inputs, then outcomes, section by section, nothing folded."""
    return tuple(_rows(compared, everything))


def fold(rows: Iterable[Row], folded: Collection[Place]) -> tuple[Row, ...]:
    """The rows without those that lie in what is folded."""
    kept: list[Row] = []
    above: int | None = None
    """The depth of the fold that hides the rows; a section's is -1."""
    for row in rows:
        if isinstance(row, SideRow | SectionRow):
            above = None
        elif above is not None:
            depth = row.of.depth if isinstance(row, ValueRow | PartRow) else row.depth
            if depth > above:
                continue
            above = None
        if isinstance(row, SectionRow | FolderRow) and row.place in folded:
            above = row.depth if isinstance(row, FolderRow) else -1
            row = replace(row, folded=True)
        kept.append(row)
    return tuple(kept)


def _rows(compared: Comparison | Several, everything: bool) -> Iterator[Row]:
    sections = _sections(compared)
    for side in Side:
        yield SideRow(side)
        for name, entries in sections.items():
            if name.side is not side:
                continue
            listed = [row for row in entries if everything or any(map(told, row.kinds))]
            yield SectionRow(name, _counts(entries), len(listed))
            tree = _tree(entries, set(map(id, listed))) if name is SectionName.ARTIFACTS else listed
            for row in tree:
                yield row
                if isinstance(row, FindingRow):
                    yield from _parts(row)


def _sections(compared: Comparison | Several) -> Mapping[SectionName, Sequence[Entry]]:
    if isinstance(compared, Several):
        names = compared.comparisons[0].sections
        return {
            name: [CellsRow(name, row) for row in compared.rows if row.section is name]
            for name in names
        }
    why = {
        (suspect.section, suspect.key): _why(number, suspect)
        for number, suspect in enumerate(compared.suspects, 1)
    }
    return {
        name: [
            FindingRow(name, f, why=why.get((name, f.key)) or _reach(name, f))
            for f in section.findings
        ]
        for name, section in compared.sections.items()
    }


def _why(number: int, suspect: Suspect) -> str:
    return f"suspect {number}: {suspect.why}"


def _reach(section: SectionName, finding: Finding) -> str:
    """Why a package that is no suspect stands before others."""
    named = section is SectionName.LOCKFILES or finding.key[:1] == ("packages",)
    known = section in (SectionName.LOCKFILES, SectionName.ENVIRONMENT) and len(finding.key) > 1
    if known and named and told(finding.kind) and numeric(distribution(finding.key[-1])):
        return "a numeric library"
    return ""


def _counts(entries: Collection[Entry]) -> Counts:
    found = Counter(_gravest(row) for row in entries)
    order = (*(kind for kind in Kind if kind is not Kind.EQUAL), Kind.EQUAL)
    return tuple((kind, found[kind]) for kind in order if found[kind])


def _gravest(row: Entry) -> Kind:
    return row.cells.kind if isinstance(row, CellsRow) else row.finding.kind


def _parts(row: FindingRow) -> Iterator[PartRow]:
    """The places that differ inside a structured value, the first few."""
    match row.finding.detail:
        case FileDetail(comparer="structure", findings=found):
            yield from (PartRow(row, part) for part in found[:_PARTS])
            if len(found) > _PARTS:
                yield PartRow(row, None, len(found) - _PARTS)


# --- Files as a tree -----------------------------------------------------------------


def _tree(entries: Sequence[Entry], listed: Collection[int]) -> Iterator[Row]:
    """The listed ones of `entries`, by the folders that they lie in in both runs."""
    leaves = sorted(((path_of(row.key), row) for row in entries), key=lambda leaf: leaf[0])
    return _branch(leaves, (), 0, listed)


def _branch(
    leaves: Sequence[tuple[Path, Entry]], above: Path, depth: int, listed: Collection[int]
) -> Iterator[Row]:
    for _, group in groupby(leaves, key=lambda leaf: leaf[0][len(above)]):
        alike = list(group)
        inner = [leaf for leaf in alike if len(leaf[0]) > len(above) + 1]
        if len(inner) <= 1 or depth >= _DEEPEST:
            flat, inner = alike, []
        else:
            flat = [leaf for leaf in alike if len(leaf[0]) == len(above) + 1]
        for path, row in flat:
            if id(row) in listed:
                label = "/".join(path[len(above) :])
                yield replace(row, depth=depth, label=label) if depth else row
        if any(id(row) in listed for _, row in inner):
            path, section = _common([leaf[0] for leaf in inner]), inner[0][1].section
            label = "/".join(path[len(above) :]) + "/"
            yield FolderRow(section, path, label, _counts([row for _, row in inner]), depth)
            yield from _branch(inner, path, depth + 1, listed)


def _common(paths: Sequence[Path]) -> Path:
    """The innermost folder that holds all of the files; they are sorted."""
    pairs = enumerate(zip(paths[0], paths[-1], strict=False))
    ends = (length for length, (first, last) in pairs if first != last)
    return paths[0][: min(next(ends, len(paths[0])), *(len(path) - 1 for path in paths))]
