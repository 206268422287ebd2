"""The interactive program, opened."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_tui.engine import Engine

_GARBAGE = 100_000
"""Objects that Python lets pile up before it looks for unused ones among them.

Its own 700 suit small programs. A start makes some ninety thousand that stay, and to look
through them again and again took 6 % of the time to the first frame.
"""


def interact(tracking_uri: str | None, theme: str | None = None) -> None:
    gc.set_threshold(_GARBAGE)
    from repro_tui.remembered import recall
    from repro_tui.settings import load
    from repro_tui.tui.app import ReproApp

    settings = load()

    def open_engine(uri: str | None) -> "Engine":
        from repro_tui.engine import Engine

        if uri is not None:
            return Engine.open(settings, uri, Path.cwd(), "your choice")
        return Engine.open(settings, tracking_uri, Path.cwd())

    is_first = not recall(settings.state).stores
    ReproApp(open_engine, settings, theme=theme, welcome=is_first).run()
