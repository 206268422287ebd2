"""The environment with every framework, which `just test-frameworks` makes."""

import os
from pathlib import Path

import pytest

# Before the variables of whoever runs the tests are taken away.
_NAMED = os.environ.get("REPRO_TUI_FRAMEWORKS")


@pytest.fixture(scope="session")
def interpreter() -> Path:
    if _NAMED is None:
        pytest.skip("no environment with all frameworks: run `just test-frameworks`")
    return Path(_NAMED).absolute()
