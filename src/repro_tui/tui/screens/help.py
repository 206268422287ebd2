"""The keys that work on a screen, grouped by where they work."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

_TEXTUAL = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""What Textual itself binds on every screen."""


class HelpScreen(ModalScreen[None]):
    """Drawn from the very bindings of the screen below, so that it cannot be wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="esc"),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        self._title = of.title or "Help"
        self._about = (of.HELP or "").strip()
        self._groups = _groups(of)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = Content(f"Help: {self._title}").markup
            if self._about:
                yield Static(Content(self._about + "\n"))
            for title, keys in self._groups.items():
                lines = [Content.styled(title, "$accent bold")]
                width = max(len(", ".join(names)) for names in keys.values())
                lines += [
                    Content.styled(f"  {', '.join(names):<{width}}  ", "$primary bold")
                    + Content(description)
                    for description, names in keys.items()
                ]
                yield Static(Content("\n").join([*lines, Content("")]))
        yield Footer(show_command_palette=False, compact=True)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _groups(screen: Screen[object]) -> dict[str, dict[str, list[str]]]:
    """Descriptions with their keys, by group: the screen's own first."""
    groups: dict[str, dict[str, list[str]]] = {
        "This screen": {},
        "In the list": {},
        "Everywhere": {},
    }
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.description or binding.system:
            continue
        group = "This screen"
        if isinstance(active.node, App) or binding.action in _TEXTUAL:
            group = "Everywhere"
        elif isinstance(active.node, Widget) and not isinstance(active.node, Screen):
            group = "In the list"
        shown = screen.app.get_key_display(binding.with_key(key))
        groups[group].setdefault(binding.description, []).append(shown)
    return {title: keys for title, keys in groups.items() if keys}
