"""One session of a person in a real terminal: compare, export, re-execute, compare again."""

import os
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import Finished
from tests.e2e.terminal import Terminal, terminal

pytestmark = pytest.mark.e2e

PROGRAM = Path(sys.executable).with_name("repro-tui")
ORDER = ("baseline (rerun)", "unseeded-2", "unseeded-1", "faster", "twin", "baseline")
"""The demo's runs as they are listed, newest first."""


def go_to(screen: Terminal, name: str) -> None:
    screen.send("g", *("j" * ORDER.index(name)))


def test_a_session(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TERM": "screen-256color",
        "REPRO_TUI_STATE_DIR": str(folder / "state"),
        "REPRO_TUI_CACHE_DIR": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    with terminal(str(PROGRAM), folder, environment, 110, 32) as screen:
        screen.until(*ORDER)
        go_to(screen, "baseline")
        screen.send("Space")
        screen.until("●1")
        go_to(screen, "faster")
        screen.send("Space")
        screen.until("●2")

        screen.send("c")
        screen.until("diverged", "first divergence", "learning_rate")
        screen.send("x")
        screen.until("File, in")
        screen.send("C-s")
        screen.until("Written")
        (report,) = folder.glob("repro-*.md")
        assert "diverged" in report.read_text()
        screen.send("Escape")
        screen.until("2 marked")

        screen.send("u")
        go_to(screen, "baseline")
        screen.send("r")
        screen.until("Re-execute baseline", "exact")
        screen.send("C-s")
        screen.until("7 jobs")
        # Each job of the list, and the line below it.
        screen.until("✓ finished", times=8)
        screen.send("c")
        screen.until("exactly, to the bit", "✓ reproduced")

        screen.send("Escape")
        screen.until("7 jobs")
        screen.send("Escape")
        screen.until("newest first")
        screen.send("q")
        screen.until("ended")
        assert "Traceback" not in screen.text()
