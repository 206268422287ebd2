"""repro-tui on the store of MLFLOW_TRACKING_URI, read through MLflow though it need not be."""

from pathlib import Path
from typing import TYPE_CHECKING

from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.discover import discover
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp

if TYPE_CHECKING:
    from repro_tui.engine import Engine

if __name__ == "__main__":
    settings = load()

    def open_engine(_: str | None) -> "Engine":
        from repro_tui.engine import Engine

        location = discover(None, Path.cwd())
        return Engine(settings, location, ClientReader(location.uri, MlflowProcess()))

    ReproApp(open_engine, settings).run()
