"""The interactive program, opened."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_tui.engine import Engine


def interact(tracking_uri: str | None) -> None:
    from repro_tui.settings import load
    from repro_tui.tui.app import ReproApp

    settings = load()

    def open_engine() -> "Engine":
        from repro_tui.engine import Engine

        return Engine.open(settings, tracking_uri, Path.cwd())

    ReproApp(open_engine, theme=settings.theme).run()
