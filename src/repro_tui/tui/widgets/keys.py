"""The keys of a screen, at its bottom."""

from textual.binding import ActiveBinding
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer, made anew only when it has other keys to show.

    A screen tells of its keys whenever the focus moves, something is mounted or an action may
    have become possible: mostly they are the same, and each costs a widget or two.
    """

    def __init__(self, *, palette: bool = True) -> None:
        super().__init__(show_command_palette=palette, compact=True)
        self._made_of: tuple[ActiveBinding, ...] = ()

    async def recompose(self) -> None:
        if not self.is_attached:
            return  # Its screen was left meanwhile.
        keys = tuple(self.screen.active_bindings.values())
        if keys != self._made_of:
            self._made_of = keys
            await super().recompose()
