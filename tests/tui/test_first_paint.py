"""What the first frame waits for, told by what has been imported when it is there."""

import subprocess
import sys

HEAVY = (
    "PIL", "click", "git", "jinja2", "mlflow", "numpy", "pandas", "psutil", "scipy", "sqlite3",
    "textual_image", "textual_plot", "torch", "yaml",
    "repro_tui.compare.model", "repro_tui.engine", "repro_tui.rerun.model",
    "repro_tui.tui.actions", "repro_tui.tui.filter_completion", "repro_tui.tui.keys",
    "repro_tui.tui.screens.columns", "repro_tui.tui.screens.error", "repro_tui.tui.screens.help",
    "repro_tui.tui.screens.pick", "repro_tui.tui.screens.stores", "repro_tui.tui.widgets.run_pane",
)  # fmt: skip
BUDGET = 500
"""Modules, Python's own and Textual's among them, of which a bare application has some 400."""
PROGRAM = """
import asyncio, sys, threading
import repro_tui.cli, repro_tui.cli.interactive
from repro_tui.errors import ReproError
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp

seen = threading.Event()

def open_engine(uri):
    seen.wait()
    raise ReproError("There is no store.")

async def main():
    async with ReproApp(open_engine, load()).run_test() as pilot:
        await pilot.pause()
        print(*sys.modules)
        seen.set()

asyncio.run(main())
"""


def test_the_first_frame_waits_for_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "repro_tui.tui.screens.runs" in modules
    assert sorted(modules & set(HEAVY)) == []
    assert not {name for name in modules if name.startswith("repro_tui.compare.artifacts")}
    assert len(modules) <= BUDGET
