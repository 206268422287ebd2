"""The keys of a screen, at its bottom."""

from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer, made anew only when it has other keys to show.

    A screen tells of its keys whenever the focus moves, something is mounted or an action may
    have become possible: mostly they are the same, and each costs a widget or two.
    """

    def __init__(self) -> None:
        super().__init__(compact=True)
        self._told: tuple[ActiveBinding, ...] | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        # Textual's own waits for the focus to come back to the terminal.
        told = tuple(screen.active_bindings.values()) if screen.app.app_focus else None
        if told is None or told != self._told:
            self._told = told
            super().bindings_changed(screen)
