"""What every test may rely on: no settings, state or stores of the person who runs them."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no defect: what must be quick is measured where it is claimed.
settings.register_profile("repro-tui", deadline=None)
settings.load_profile("repro-tui")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, state and caches in a folder of the test's own; returns that folder."""
    folder = tmp_path_factory.mktemp("own")
    for name in list(os.environ):
        if name.startswith(("REPRO_TUI_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REPRO_TUI_STATE_DIR", str(folder / "state"))
    monkeypatch.setenv("REPRO_TUI_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    return folder


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's own settings; to be written."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(path))
    return path
