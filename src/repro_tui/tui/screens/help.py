"""The keys that work on a screen, grouped by where they work."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from repro_tui.tui.actions import actions
from repro_tui.tui.facts import Facts


class HelpScreen(ModalScreen[None]):
    """Drawn from the very bindings of the screen below, so that it cannot be wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="esc", id="help.back"),
        Binding("j", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k", "scroll(-1)", "Up", show=False, id="help.up"),
    ]

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        self._title = of.title or "Help"
        self._about = (of.HELP or "").strip()
        self._actions = actions(of)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = Content(f"Help: {self._title}").markup
            if self._about:
                yield Static(Content(self._about + "\n"))
            for title in ("This screen", "Moving", "Everywhere"):
                lines = [
                    (
                        Content.styled("  " + ", ".join(action.keys), "$primary bold"),
                        Content(action.description),
                    )
                    for action in self._actions
                    if action.group == title
                ]
                if lines:
                    heading = (Content(""), Content.styled(title, "$accent bold"))
                    yield Static(Facts([heading, *lines, (Content(""), Content(""))]))
        yield Footer(show_command_palette=False, compact=True)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
