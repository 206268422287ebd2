"""What can be done on a screen now, read off its key bindings: for the help and the palette."""

from dataclasses import dataclass

from textual.app import App
from textual.binding import Binding
from textual.containers import ScrollableContainer, Vertical
from textual.dom import DOMNode
from textual.screen import Screen

from repro_tui.tui.widgets.rows import MOVE, Rows

_TEXTUAL = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""What Textual itself binds on every screen."""

_SCROLLING = {b.action for b in ScrollableContainer.BINDINGS if isinstance(b, Binding)}


@dataclass(frozen=True, slots=True)
class Action:
    """One action, with all keys that start it, as they are shown."""

    group: str
    description: str
    keys: tuple[str, ...]
    node: DOMNode
    action: str
    enabled: bool


def actions(screen: Screen[object]) -> tuple[Action, ...]:
    """The actions of the focused list, of the screen, and of the application."""
    found: dict[tuple[str, str], Action] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        group = _group(node, binding)
        if group is None or not binding.description:
            continue
        shown = screen.app.get_key_display(binding.with_key(key))
        known = found.get((group, binding.action))
        keys = (*(known.keys if known else ()), shown)
        found[group, binding.action] = Action(
            group, told(binding), keys, node, binding.action, enabled
        )
    return tuple(found.values())


def told(binding: Binding) -> str:
    """What an action does, in full where the footer has but a word for it."""
    return binding.tooltip or binding.description


def _group(node: DOMNode, binding: Binding) -> str | None:
    """What an action belongs to; None: to the inside of a widget, such as a text field."""
    if binding.group is MOVE or binding.action in _SCROLLING:
        return "Moving"
    if isinstance(node, App) or binding.action in _TEXTUAL:
        return "Everywhere"
    return "This screen" if isinstance(node, Screen | Rows | Vertical) else None
