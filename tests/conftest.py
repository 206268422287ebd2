"""What every test may rely on: no settings, state or stores of the person who runs them."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# A busy machine is no defect: what must be quick is measured where it is claimed.
settings.register_profile("repro-tui", deadline=None)
settings.load_profile("repro-tui")


_THEIRS = ("REPRO_TUI_", "MLFLOW_", "PYTHONDONTWRITEBYTECODE")
"""How their names begin. With the last each process compiles all that it imports."""
_STORES = "tests/evidence/tracking/"
"""Its session has a server and databases, which take long to make: one worker makes them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the files, begin the dear ones first: none is waited for at the end.

    Dear are the whole chains, then what has many tests.
    """
    if hasattr(config, "workerinput"):
        chains = {item.path for item in items if item.get_closest_marker("e2e")}
        size = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path not in chains, -size[item.path]))


class _Shares(LoadFileScheduling):
    """A worker takes a file whole, and with it the others that need the same real stores."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return _STORES if file.startswith(_STORES) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    # In the order above, not by the number of tests alone.
    config.option.loadscopereorder = False
    return _Shares(config, log)


@pytest.fixture(autouse=True, scope="session")
def no_variables() -> None:
    """Without the variables of the person who runs the tests, also in fixtures of a module."""
    _forget_variables()


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Settings, state and caches in a folder of the test's own; returns that folder."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("REPRO_TUI_STATE_DIR", str(folder / "state"))
    monkeypatch.setenv("REPRO_TUI_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    yield folder
    # MLflow sets variables of its own process, the tracking URI among them.
    _forget_variables()


def _forget_variables() -> None:
    for name in list(os.environ):
        if name.startswith(_THEIRS):
            del os.environ[name]


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's own settings; to be written."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(path))
    return path
