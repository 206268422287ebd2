"""How the runs of a store are looked at: recalled from the last session, kept for the next."""

from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.message import Message
from textual.widget import Widget

from repro_tui.remembered import StoreView, recall, remember
from repro_tui.tui.background import start
from repro_tui.tui.house import house

_SETTLED = 0.3
"""Seconds after a change of the view at which it is remembered."""


@dataclass
class _Read(Message):
    view: StoreView


class StoreMemory(Widget):
    """Not seen. Holds the view of the store that is open when `open` is called."""

    DEFAULT_CSS = "StoreMemory { display: none; }"

    @dataclass
    class Recalled(Message):
        """The view is that of the last session."""

    def __init__(self) -> None:
        super().__init__()
        self.view = StoreView()
        """How the store is looked at."""
        self._opened: tuple[str, Path] | None = None
        """The tracking URI of the store, and the folder in which it is remembered."""
        self._unsaved = False

    def open(self) -> None:
        """See how the open store was looked at last."""
        engine = house(self).engine
        self._opened = uri, state = engine.location.uri, engine.settings.state
        start(self, "recall", lambda _: _Read(recall(state).view(uri)))

    @on(_Read)
    def _take(self, message: _Read) -> None:
        message.stop()
        self.view = message.view
        self.post_message(self.Recalled())

    def keep(self, view: StoreView) -> None:
        """Look at the store in another way, and remember it a moment later."""
        before, self.view = self.view, view
        if view != before and not self._unsaved:
            self._unsaved = True
            self.set_timer(_SETTLED, self._settled)

    def _settled(self) -> None:
        self._unsaved = False
        start(self, "remember", lambda _: self._remember())

    def on_unmount(self) -> None:
        if self._unsaved:
            self._remember()

    def _remember(self) -> None:
        assert self._opened is not None
        (uri, state), view = self._opened, self.view
        remember(state, lambda before: before.with_view(uri, view))
