"""What a screen is for, the keys that work on it, and what its symbols mean."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from repro_tui.tui.actions import actions
from repro_tui.tui.facts import Facts
from repro_tui.tui.legend import legend
from repro_tui.tui.widgets.keys import Keys

_Line = tuple[Content, str]


class HelpScreen(ModalScreen[None]):
    """Drawn from the very bindings of the screen below, so that it cannot be wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="help.search"),
        Binding("escape", "back", "Close", id="help.back"),
        Binding("q,question_mark,f1", "dismiss", "Close", show=False, id="help.leave"),
        Binding("j,down", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="help.up"),
        Binding("g,home", "end(-1)", "Top", show=False, id="help.first"),
        Binding("G,end", "end(1)", "End", show=False, id="help.last"),
    ]
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        self.title = f"Help: {of.title or of.name or 'keys'}"
        self._about = (of.HELP or "").strip()
        self._groups: dict[str, list[_Line]] = {}
        for title in ("This screen", "Moving", "Everywhere"):
            self._groups[title] = [
                (Content.styled(", ".join(action.keys), "$primary bold"), action.description)
                for action in actions(of)
                if action.group == title
            ]
        self._groups |= {title: list(symbols) for title, symbols in legend().items()}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self.title or "").markup
            yield Input(placeholder="a key, a word or a symbol", compact=True)
            with VerticalScroll():
                yield Static()
        yield Keys(palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self._show("")

    def _show(self, wanted: str) -> None:
        lines = list(self._lines(wanted.strip().casefold()))
        if not wanted and self._about:
            lines = [*((Content(""), Content(part)) for part in (self._about, "")), *lines]
        none = [(Content(""), Content("Nothing here is called so."))]
        self.query_one(Static).update(Facts(lines or none))

    def _lines(self, wanted: str) -> Iterator[tuple[Content, Content]]:
        for title, group in self._groups.items():
            lines = [
                (Content("  ") + left, Content(told))
                for left, told in group
                if wanted in f"{left.plain} {told}".casefold()
            ]
            if lines:
                yield Content(""), Content.styled(title, "$accent bold")
                yield from lines
                yield Content(""), Content("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _read_on(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_search(self) -> None:
        box = self.query_one(Input)
        box.display = True
        box.focus()

    def action_back(self) -> None:
        """Out of the search first, then out of the help."""
        box = self.query_one(Input)
        if not box.display:
            self.dismiss(None)
            return
        box.value = ""
        box.display = False
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_end(self, direction: int) -> None:
        place = self.query_one(VerticalScroll)
        place.scroll_to(y=place.max_scroll_y if direction > 0 else 0, animate=False)
