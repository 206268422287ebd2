"""One finding in full: as many views of it as there are, one at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static, Tab, Tabs

from repro_tui.compare.model import Finding
from repro_tui.evidence.model import SectionName
from repro_tui.reports import words
from repro_tui.text import visible
from repro_tui.tui import clipboard
from repro_tui.tui.finding_rows import FindingRow
from repro_tui.tui.spelling import MUTED, colour, shown
from repro_tui.tui.widgets.bar import TopBar
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Chosen
from repro_tui.tui.widgets.search_box import SearchBox

if TYPE_CHECKING:
    from repro_tui.tui.finding_views import View


class DetailScreen(Screen[None]):
    """`names` are what the left and the right run are called, `among` all findings of the
    section: those that differ can be walked through, one after the other."""

    TITLE = "Detail"
    HELP = (
        "What can be seen of one finding, a view at a time; tab goes to the next one, and the "
        "last one has both values whole, with where they were read.\n"
        "] and [ go on to the next and the previous finding of the section that differs.\n"
        "In a plot: h and l move the cursor, n and N go from difference to difference, + and - "
        "zoom, / goes to a step, m shows all metrics at once. In lines: n and N go from hunk to "
        "hunk, or through what / searched for."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "view(1)", "View", id="detail.view"),
        Binding("shift+tab", "view(-1)", "Previous view", show=False, id="detail.view-before"),
        Binding("right_square_bracket", "walk(1)", "Next finding", show=False, key_display="]",
                id="detail.next"),
        Binding("left_square_bracket", "walk(-1)", "Previous finding", show=False,
                key_display="[", id="detail.previous"),
        Binding("m", "metrics", "Metrics", id="detail.metrics"),
        Binding("slash,colon", "search", "Search", key_display="/", id="detail.search"),
        Binding("y", "copy", "Copy", id="detail.copy"),
        Binding("escape", "back", "Back", key_display="esc", id="detail.back"),
        Binding("q", "dismiss", "Leave", show=False, id="detail.leave"),
    ]  # fmt: skip

    def __init__(
        self,
        section: SectionName,
        finding: Finding,
        names: tuple[str, str],
        among: Sequence[Finding] = (),
    ) -> None:
        super().__init__()
        self._section = section
        self._finding = finding
        self._names = names
        self._among = among
        self._views: tuple[View, ...] = ()
        self._at = 0

    # --- What is on screen ---------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield SearchBox()
        yield Static(id="found")
        yield Vertical(id="views")
        yield Keys(palette=False)

    async def on_mount(self) -> None:
        await self._open(self._finding, "")

    async def _open(self, finding: Finding, title: str) -> None:
        """Show a finding, by the view of that title if it has one."""
        # Plots and pictures: not before the first paint of the program.
        from repro_tui.tui.finding_views import views
        from repro_tui.tui.widgets.plot import HistoryPlot

        self._finding = finding
        before = [view.widget for view in self._views if isinstance(view.widget, HistoryPlot)]
        self._views = tuple(views(self._section, finding, self._names, self._among))
        for view in self._views:
            if before and isinstance(view.widget, HistoryPlot):
                view.widget.look_as(before[0])
        titles = [view.title for view in self._views]
        self._at = titles.index(title) if title in titles else 0
        named = [Tab(each, id=f"view-{number}") for number, each in enumerate(titles)]
        tabs = Tabs(*named, active=f"view-{self._at}")
        tabs.can_focus = False
        tabs.display = len(titles) > 1
        for number, view in enumerate(self._views):
            view.widget.add_class("view")
            view.widget.display = number == self._at
        around = self.query_one("#views")
        await around.remove_children()
        await around.mount_all([tabs, *(view.widget for view in self._views)])
        self._tell()
        self._show(self._at)

    def _tell(self) -> None:
        place = shown(f"{self._section} / {words.key(self._finding.key)}", "bold")
        differing = [each for each in self._among if each.kind.differs]
        if self._finding in differing and len(differing) > 1:
            number = differing.index(self._finding) + 1
            place += Content.styled(f"  ·  {number:,} of {len(differing):,} that differ", MUTED)
            place += Content("   ] next  [ previous")
        self.query_one(".bar", Static).update(place)
        kind, said = self._finding.kind, words.finding_note(self._finding)
        found = Content.styled(f"{words.symbol(kind)} {kind}", f"{colour(kind)} bold")
        self.query_one("#found", Static).update(found + shown(f"  {said}" if said else "", "", 600))

    def _show(self, number: int) -> None:
        self._at = number
        for view in self._views:
            view.widget.display = view is self._views[number]
        self.query_one(Tabs).active = f"view-{number}"
        self._widget.focus()
        self.refresh_bindings()

    @property
    def _widget(self) -> Widget:
        """What takes the keys of the view."""
        view = self._views[self._at]
        return view.focus or view.widget

    @on(Tabs.TabActivated)
    def _activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        if event.tabs is self.query_one(Tabs) and event.tab.id is not None:
            number = int(event.tab.id.removeprefix("view-"))
            if number != self._at:
                self._show(number)

    # --- Going about ---------------------------------------------------------------------

    def action_view(self, by: int) -> None:
        self._show((self._at + by) % len(self._views))

    async def action_walk(self, by: int) -> None:
        """To the next finding that differs, in the same view where it has that one."""
        differing = [each for each in self._among if each.kind.differs]
        if not differing:
            return
        title = self._views[self._at].title
        if self._finding in differing:
            place = (differing.index(self._finding) + by) % len(differing)
        else:
            place = 0 if by > 0 else len(differing) - 1
        await self._open(differing[place], title)

    def action_metrics(self) -> None:
        """To the plots of all metrics, or back to them."""
        from repro_tui.tui.screens.metrics import MetricsScreen

        if isinstance(self.app.screen_stack[-2], MetricsScreen):
            self.dismiss()
        else:
            self.app.push_screen(MetricsScreen(self._among, self._names, self._finding))

    @on(Chosen)
    def _chosen(self, event: Chosen[object]) -> None:
        chosen = event.row.finding if isinstance(event.row, FindingRow) else event.row
        if isinstance(chosen, Finding):
            parts = self._views[self._at].parts
            self.app.push_screen(DetailScreen(self._section, chosen, self._names, parts))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        if action == "view":
            return len(self._views) > 1
        if action == "walk":
            return any(each.kind.differs for each in self._among)
        if action == "metrics":
            return self._section is SectionName.METRICS
        if action == "search":
            return bool(self._views) and self._views[self._at].searches != ""
        return True

    # --- Searching and copying -----------------------------------------------------------

    def action_search(self) -> None:
        box = self.query_one(SearchBox)
        box.placeholder = self._views[self._at].searches
        box.open()

    @on(Input.Submitted, "#box")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        said = self._views[self._at].seek(event.value)
        if said:
            self.notify(visible(said), severity="warning", markup=False)
        else:
            self._close_box()

    def _close_box(self) -> None:
        self.query_one(SearchBox).close(clear=True)
        self._widget.focus()

    def action_back(self) -> None:
        if self.query_one(SearchBox).is_open:
            self._close_box()
            self._views[self._at].seek("")
        else:
            self.dismiss()

    def action_copy(self) -> None:
        clipboard.copy(self.app, self._views[self._at].copied())
