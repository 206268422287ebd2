"""As what a finding can be seen: each view with what it searches for and copies."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from repro_tui.compare import texts
from repro_tui.compare.artifacts.text import LIMIT
from repro_tui.compare.model import DiffLine, FileDetail, Finding, HistoryDetail, TensorDetail
from repro_tui.compare.verdict import histories
from repro_tui.errors import ReproError
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import Fact, FileRef, Key, Known, Package, SectionName
from repro_tui.reports import words
from repro_tui.tui.finding_detail import facts, text_of
from repro_tui.tui.finding_rows import FindingRow, Row
from repro_tui.tui.finding_text import value_of
from repro_tui.tui.spelling import shown
from repro_tui.tui.widgets.cell_table import CellTable
from repro_tui.tui.widgets.diff_list import DiffList
from repro_tui.tui.widgets.finding_list import FindingList
from repro_tui.tui.widgets.picture_pair import PicturePair
from repro_tui.tui.widgets.plot import HistoryPlot
from repro_tui.tui.widgets.point_list import PointList
from repro_tui.tui.widgets.tensor_table import TensorTable

_TABLES = {"csv": "columns", "parquet": "columns", "feather": "columns", "picture": "frames"}
"""What the arrays of a file are called that are no tensors of a model."""


@dataclass(frozen=True, slots=True)
class View:
    title: str
    widget: Widget
    copied: Callable[[], str]
    """The text of what is under the cursor, as it is."""
    searches: str = ""
    """What can be typed to go to; empty: nothing."""
    seek: Callable[[str], str] = lambda _: ""
    """Goes to what was typed; gives what to say where it is not there."""
    parts: Sequence[Finding] = ()
    """The findings that are listed, of which one can be opened."""
    focus: Widget | None = None
    """What takes the keys, where that is not the widget itself."""


def views(
    section: SectionName, finding: Finding, names: tuple[str, str], among: Sequence[Finding]
) -> Iterator[View]:
    """The views of a finding, the most telling one first; the last has its values whole."""
    yield from _histories(finding, names)
    yield from _pictures(finding, names)
    yield from _cells(finding)
    yield from _dataset(section, finding, among)
    yield from _lock(section, finding, among)
    yield from _parts(section, finding, names)
    yield from _lines(finding)
    yield _values(finding, names)


def _histories(finding: Finding, names: tuple[str, str]) -> Iterator[View]:
    left, right = histories(finding)
    if left is None and right is None:
        return
    detail = finding.detail
    first = detail.first_step if isinstance(detail, HistoryDetail) else None
    plot = HistoryPlot()
    plot.show(left, right, names, first)
    yield View("plot", plot, plot.copied, plot.SEARCHES, plot.seek)
    points = PointList()
    points.load(plot.pairs, first)
    yield View("points", points, points.copied, points.SEARCHES, points.seek)


def _files(finding: Finding) -> tuple[FileRef, FileRef] | None:
    match finding:
        case Finding(left=Known(value=FileRef() as left), right=Known(value=FileRef() as right)):
            return left, right
    return None


def _pictures(finding: Finding, names: tuple[str, str]) -> Iterator[View]:
    files, detail = _files(finding), finding.detail
    if files is not None and isinstance(detail, FileDetail) and detail.comparer == "picture":
        pictures = PicturePair(*files, names)
        yield View("pictures", pictures, pictures.copied)


def _cells(finding: Finding) -> Iterator[View]:
    files, detail = _files(finding), finding.detail
    if files is None or not isinstance(detail, FileDetail):
        return
    if detail.comparer in ("csv", "parquet", "feather"):
        told = Static(Content("⋯ reading both tables"), classes="told")
        cells = CellTable(detail.comparer, *files, lambda text: told.update(shown(text)))
        both = Vertical(told, cells)
        yield View("cells", both, cells.copied, cells.SEARCHES, cells.seek, focus=cells)


def _lines(finding: Finding) -> Iterator[View]:
    text = text_of(finding)
    if text is None or not text.lines:
        return
    files = _files(finding)
    whole = None if files is None else partial(_whole, *files)
    lines = DiffList(text.lines, finding.key[-1] if finding.key else "", whole)
    yield View("lines", lines, lines.copied, lines.SEARCHES, lines.seek)


def _whole(left: FileRef, right: FileRef) -> Sequence[DiffLine]:
    """All lines of both files. Raises ReproError where one cannot be read."""
    read = []
    for ref in (left, right):
        if ref.size > LIMIT:
            raise ReproError(f"{ref.path} is too large to be shown whole.")
        with open_file(ref) as stream:
            text = texts.decode(stream.read())
        if text is None:
            raise ReproError(f"{ref.path} is not UTF-8 text.")
        read.append(text)
    return texts.diff(read[0], read[1], whole=True).lines


def _dataset(section: SectionName, finding: Finding, among: Sequence[Finding]) -> Iterator[View]:
    """Schema and profile of the dataset that a finding tells of, with all else known of it."""
    whole = [each for each in among if each.key[:2] == finding.key[:2] and len(each.key) > 2]
    if section is not SectionName.DATA or len(whole) < 2:
        return
    left = [line for each in whole for line in _outline(each.key[-1], each.left)]
    right = [line for each in whole for line in _outline(each.key[-1], each.right)]
    found = texts.diff("\n".join(left), "\n".join(right), whole=True)
    lines = DiffList(found.lines, "dataset.yaml")
    yield View("dataset", lines, lines.copied, lines.SEARCHES, lines.seek)


def _lock(section: SectionName, finding: Finding, among: Sequence[Finding]) -> Iterator[View]:
    """The lockfile that a package stands in, from both runs, package by package."""
    packages = [each for each in among if each.key[:1] == finding.key[:1] and len(each.key) > 1]
    if section is not SectionName.LOCKFILES or not packages:
        return
    left = "\n".join(line for each in packages for line in _package(each.key, each.left))
    right = "\n".join(line for each in packages for line in _package(each.key, each.right))

    def whole() -> Sequence[DiffLine]:
        return texts.diff(left, right, whole=True).lines

    lines = DiffList(texts.diff(left, right).lines, "lock.toml", whole)
    yield View("lockfile", lines, lines.copied, lines.SEARCHES, lines.seek)


def _package(key: Key, fact: Fact | None) -> Iterator[str]:
    """What a lock says of one package, as TOML would have it."""
    if fact is None:
        return
    yield f"[{json.dumps(' / '.join(key[1:]), ensure_ascii=False)}]"
    if isinstance(fact, Known) and isinstance(fact.value, Package):
        said = {
            "version": fact.value.version,
            "source": fact.value.source,
            "marker": fact.value.marker,
        }
        for name, text in said.items():
            if text:
                yield f"{name} = {json.dumps(text, ensure_ascii=False)}"
        yield from (f"hash = {json.dumps(digest)}" for digest in fact.value.hashes)
    else:
        yield f"value = {json.dumps(words.fact(fact), ensure_ascii=False)}"


def _outline(name: str, fact: Fact | None) -> Iterator[str]:
    """One fact of a dataset in lines: JSON, as schemas and profiles are, a key a line."""
    text = words.fact(fact)
    try:
        read = json.loads(text) if text[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        read = None
    if read is None:
        yield f"{name}: {text}"
    else:
        yield f"{name}:"
        told = json.dumps(read, indent=2, ensure_ascii=False)
        yield from (f"  {line}" for line in told.split("\n"))


def _parts(section: SectionName, finding: Finding, names: tuple[str, str]) -> Iterator[View]:
    detail = finding.detail
    if not isinstance(detail, FileDetail) or {part.key for part in detail.findings} <= {("lines",)}:
        return
    if any(isinstance(part.detail, TensorDetail) for part in detail.findings):
        table = TensorTable(detail.findings)
        yield View(
            _TABLES.get(detail.comparer, "tensors"),
            table,
            table.copied,
            table.SEARCHES,
            table.seek,
            detail.findings,
        )
        return
    parts = FindingList()
    parts.names = names
    parts.rows = tuple(FindingRow(section, each) for each in detail.findings)

    def copied() -> str:
        return "" if parts.current is None else value_of(parts.current, parts.here)[1]

    def seek(text: str) -> str:
        wanted = text.casefold()

        def fits(row: Row) -> bool:
            return isinstance(row, FindingRow) and wanted in words.key(row.key).casefold()

        found = not wanted or parts.go_on(1, fits, around=True)
        return "" if found else "No part has that in its name."

    yield View("parts", parts, copied, "search in the names", seek, detail.findings)


def _values(finding: Finding, names: tuple[str, str]) -> View:
    told = facts(finding, names)
    # As wide as it takes: what is copied is not wrapped.
    return View(
        "values",
        VerticalScroll(Static(told), id="facts"),
        lambda: "\n".join(line.rstrip() for line in told.content(100_000).plain.split("\n")),
    )
