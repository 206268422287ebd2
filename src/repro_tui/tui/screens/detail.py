"""One finding in full, and what differs inside it."""

from collections.abc import Iterator
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from repro_tui.compare.model import FileDetail, Finding, HistoryDetail
from repro_tui.evidence.model import History, Known, SectionName
from repro_tui.reports import words
from repro_tui.tui.finding_detail import facts, text_of
from repro_tui.tui.finding_rows import FindingRow, Row, finding_rows
from repro_tui.tui.spelling import shown
from repro_tui.tui.widgets.diff_list import DiffList
from repro_tui.tui.widgets.finding_list import FindingList
from repro_tui.tui.widgets.point_list import PointList
from repro_tui.tui.widgets.rows import Chosen, Rows


class DetailScreen(Screen[None]):
    """`names` are what the left and the right run are called."""

    TITLE = "Detail"
    HELP = (
        "Both values whole, with where they were read. Below them, where there is something to "
        "see inside: lines side by side, the parts of a file, the points of a metric."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Other part", show=False, id="detail.other-part"),
        Binding("escape,q", "dismiss", "Back", key_display="esc", id="detail.back"),
    ]

    def __init__(self, section: SectionName, finding: Finding, names: tuple[str, str]) -> None:
        super().__init__()
        self._section = section
        self._finding = finding
        self._names = names

    def compose(self) -> ComposeResult:
        where = shown(f"{self._section} / {words.key(self._finding.key)}", "bold")
        yield Static(where, classes="bar")
        with VerticalScroll(id="facts"):
            yield Static(facts(self._finding, self._names))
        yield from self._inside()
        yield Footer(compact=True)

    def _inside(self) -> Iterator[Rows[Any]]:
        """What there is to see inside: a file's parts, its lines, a metric's points."""
        detail = self._finding.detail
        if isinstance(detail, FileDetail) and detail.findings:
            parts = FindingList(classes="inside")
            parts.names = self._names
            parts.rows = finding_rows(self._section, detail.findings)
            yield parts
        text = text_of(self._finding)
        if text is not None and text.lines:
            lines = DiffList(classes="inside")
            lines.lines = text.lines
            yield lines
        if points := _points(self._finding):
            yield points

    def on_mount(self) -> None:
        inside = self.query(".inside")
        self.set_class(bool(inside), "-inside")
        (inside.first() if inside else self.query_one("#facts")).focus()

    @on(Chosen, ".inside")
    def _chosen(self, event: Chosen[Row]) -> None:
        if isinstance(event.row, FindingRow):
            self.app.push_screen(DetailScreen(event.row.section, event.row.finding, self._names))


def _points(finding: Finding) -> PointList | None:
    left, right = (
        fact.value if isinstance(fact, Known) and isinstance(fact.value, History) else None
        for fact in (finding.left, finding.right)
    )
    if left is None and right is None:
        return None
    detail = finding.detail
    points = PointList(classes="inside")
    points.load(left, right, detail.first_step if isinstance(detail, HistoryDetail) else None)
    return points
