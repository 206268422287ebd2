"""The environment with every framework, which `just test-frameworks` makes."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def interpreter() -> Path:
    named = os.environ.get("REPRO_TUI_FRAMEWORKS")
    if named is None:
        pytest.skip("no environment with all frameworks: run `just test-frameworks`")
    return Path(named).absolute()
