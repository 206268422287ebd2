"""The interactive program, opened."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_tui.engine import Engine


def interact(tracking_uri: str | None = None, theme: str | None = None) -> int:
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
    app = ReproApp(open_engine, settings, theme=theme, welcome=is_first)
    app.run()
    return app.return_code or 0
