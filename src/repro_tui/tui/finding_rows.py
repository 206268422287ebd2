"""The rows that a comparison is shown as: what each tells, and what makes it the same row. Pure."""

from collections.abc import Hashable

from msgspec import Struct

from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.several import Row as Cells
from repro_tui.evidence.model import Key, SectionName, Side
from repro_tui.reports import words

Path = tuple[str, ...]
"""The parts of a file's path."""
Place = tuple[SectionName, Path]
"""What can be folded: a folder of a section, or, with no path, the section."""
Counts = tuple[tuple[Kind, int], ...]
"""How many keys were found to be what, in the order of `Kind`, equal ones last."""


class SideRow(Struct, frozen=True):
    side: Side


class SectionRow(Struct, frozen=True):
    name: SectionName
    counts: Counts
    listed: int
    """How many of its keys are listed below it, folded or not."""
    folded: bool = False

    @property
    def place(self) -> Place:
        return self.name, ()


class FolderRow(Struct, frozen=True):
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


class FindingRow(Struct, frozen=True):
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


class ValueRow(Struct, frozen=True):
    """One value of a finding whose values stand one above the other."""

    of: FindingRow
    column: int
    """1: the left run's, 2: the right's."""


class PartRow(Struct, frozen=True):
    """A place inside a structured value that differs; no part: how many more there are."""

    of: FindingRow
    part: Finding | None
    more: int = 0


class CellsRow(Struct, frozen=True):
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


def path_of(key: Key) -> Path:
    """The parts of the path that an artifact's key is."""
    return tuple("/".join(key).split("/"))


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
        path = path_of(found.key)[:-1] if section is SectionName.ARTIFACTS else ()
    return tuple((section, path[:length]) for length in range(len(path) + 1))


def searched(row: Entry) -> str:
    """What a search looks through: key, values and note."""
    if isinstance(row, FindingRow):
        told = [*words.sides(row.finding, None), words.finding_note(row.finding), row.why]
    else:
        told = [words.fact(fact) for fact in row.cells.facts]
        told += [words.finding_note(f) for f in row.cells.findings if f is not None]
    return "\n".join((row.section, words.key(row.key), *told)).casefold()
