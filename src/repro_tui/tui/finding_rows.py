"""A comparison as rows of a list: what is listed, in which order, what is folded away. Pure."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from repro_tui.compare.model import Comparison, FileDetail, Finding, Kind, Suspect
from repro_tui.compare.packages import distribution, numeric
from repro_tui.compare.several import Row as Cells
from repro_tui.compare.several import Several
from repro_tui.evidence.model import Key, SectionName, Side
from repro_tui.reports import words

Path = tuple[str, ...]
"""The parts of a file's path."""
Place = tuple[SectionName, Path]
"""What can be folded: a folder of a section, or, with no path, the section."""
Counts = tuple[tuple[Kind, int], ...]
"""How many keys were found to be what, in the order of `Kind`, equal ones last."""

_DEEPEST = 8
"""Folders in folders; what lies deeper is named with its path."""
_PARTS = 4
"""Parts of a value that are listed below it."""


@dataclass(frozen=True, slots=True)
class SideRow:
    side: Side


@dataclass(frozen=True, slots=True)
class SectionRow:
    name: SectionName
    counts: Counts
    listed: int
    """How many of its keys are listed below it, folded or not."""
    folded: bool = False

    @property
    def place(self) -> Place:
        return self.name, ()


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder of files; folders that hold one folder alone are one with it."""

    section: SectionName
    path: Path
    label: str
    counts: Counts
    depth: int = 0
    folded: bool = False

    @property
    def place(self) -> Place:
        return self.section, self.path


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One key of two runs. Where it is `stacked`, its values are rows of their own."""

    section: SectionName
    finding: Finding
    depth: int = 0
    label: str = ""
    """What of the key is shown, where folders above it show the rest."""
    why: str = ""
    """Why it is a suspect, led by its place among them."""
    stacked: bool = False

    @property
    def key(self) -> Key:
        return self.finding.key

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.finding.kind,)


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value of a finding whose values stand one above the other."""

    of: FindingRow
    column: int
    """1: the left run's, 2: the right's."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """A place inside a structured value that differs; no part: how many more there are."""

    of: FindingRow
    part: Finding | None
    more: int = 0


@dataclass(frozen=True, slots=True)
class CellsRow:
    """One key of several runs."""

    section: SectionName
    cells: Cells
    depth: int = 0
    label: str = ""

    @property
    def key(self) -> Key:
        return self.cells.key

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return self.cells.kinds


Entry = FindingRow | CellsRow
"""A row that tells of a key."""
Row = SideRow | SectionRow | FolderRow | FindingRow | ValueRow | PartRow | CellsRow


def told(kind: Kind) -> bool:
    """Whether a kind is listed when only differences are: all but what is known not to count."""
    return kind not in (Kind.EQUAL, Kind.SET_ASIDE)


def differs(row: Row) -> bool:
    """Whether a row tells of a key that differs."""
    return isinstance(row, Entry) and any(kind.differs for kind in row.kinds)


def entry(row: Row | None) -> Entry | None:
    """The key that a row belongs to: its own, or that whose value or part it shows."""
    if isinstance(row, ValueRow | PartRow):
        return row.of
    return row if isinstance(row, Entry) else None


def identity(row: Row) -> Hashable:
    """What makes a row the same row when the list is made anew."""
    match row:
        case SideRow(side):
            return side
        case SectionRow() | FolderRow():
            return row.place
        case ValueRow(of, column):
            return *_identity(of), column
        case PartRow(of, part):
            return *_identity(of), "part", part and part.key
        case _:
            return _identity(row)


def _identity(row: Entry) -> tuple[SectionName, str, Key]:
    return row.section, "key", row.key


def places(row: Row) -> tuple[Place, ...]:
    """The folds that a row lies in, its section first; its own, where it can be folded."""
    if isinstance(row, SectionRow):
        return (row.place,)
    if isinstance(row, FolderRow):
        section, path = row.section, row.path
    else:
        found = entry(row)
        if found is None:
            return ()
        section = found.section
        path = _path(found.key)[:-1] if section is SectionName.ARTIFACTS else ()
    return tuple((section, path[:length]) for length in range(len(path) + 1))


def searched(row: Entry) -> str:
    """What a search looks through: key, values and note."""
    if isinstance(row, FindingRow):
        told = [*words.sides(row.finding, None), words.finding_note(row.finding), row.why]
    else:
        told = [words.fact(fact) for fact in row.cells.facts]
        told += [words.finding_note(f) for f in row.cells.findings if f is not None]
    return "\n".join((row.section, words.key(row.key), *told)).casefold()


# --- Listing -------------------------------------------------------------------------


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


def finding_rows(section: SectionName, findings: Sequence[Finding]) -> tuple[Row, ...]:
    """What was found inside one file, as rows of the same list."""
    return tuple(FindingRow(section, finding) for finding in findings)


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


def _path(key: Key) -> Path:
    return tuple("/".join(key).split("/"))


def _tree(entries: Sequence[Entry], listed: Collection[int]) -> Iterator[Row]:
    """The listed ones of `entries`, by the folders that they lie in in both runs."""
    leaves = sorted(((_path(row.key), row) for row in entries), key=lambda leaf: leaf[0])
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
