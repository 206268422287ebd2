"""The keys of a screen, at its bottom."""

from textual.binding import ActiveBinding
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer, made anew only when it has other keys to show.

    A screen tells of its keys whenever the focus moves, something is mounted or an action may
    have become possible: mostly they are the same, and each costs a widget or two.
    """

    def __init__(self, *, palette: bool = True, asleep: bool = False) -> None:
        super().__init__(show_command_palette=palette, compact=True)
        self._asleep = asleep
        self._made_of: tuple[ActiveBinding, ...] = ()

    async def recompose(self) -> None:
        if self._asleep or not self.is_attached:
            return  # Not yet, or its screen was left meanwhile.
        keys = tuple(self.screen.active_bindings.values())
        if keys != self._made_of:
            self._made_of = keys
            await super().recompose()

    def wake(self) -> None:
        """Show the keys, which were held back for something more urgent."""
        if self._asleep:
            self._asleep = False
            self.call_next(self.recompose)
