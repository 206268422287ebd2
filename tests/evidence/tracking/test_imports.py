"""What listing and comparing import where the store is read without MLflow."""

import os
import subprocess
import sys

import pytest
from tests.evidence.tracking.stores import Store

HEAVY = ("deepdiff", "mlflow", "pandas", "textual", "torch")
COMPARING = (
    *HEAVY, "git", "jinja2", "psutil", "repro_tui.compare.several", "rich.console", "scipy",
)  # fmt: skip
"""And what neither two runs nor their report in Markdown need."""
LISTING = (*COMPARING, "PIL", "yaml")
"""And what only comparing needs."""
STRAIGHT = (
    *LISTING, "concurrent.futures", "hashlib", "numpy", "ssl", "subprocess",
    "repro_tui.compare.model", "repro_tui.evidence.tracking.downloads", "repro_tui.rerun.model",
)  # fmt: skip
"""And what a database on this machine is listed without."""


@pytest.mark.parametrize(
    ("command", "served", "heavy"),
    [
        ("runs", False, STRAIGHT),
        ("runs", True, LISTING),
        ("diff", False, COMPARING),
        ("diff", True, COMPARING),
    ],
)
def test_reading_imports_no_mlflow(
    database: Store, command: str, served: bool, heavy: tuple[str, ...]
) -> None:
    runs = list(database.run_ids.values())[:2] if command == "diff" else []
    written = ["--format", "md"] if command == "diff" else []
    program = (
        "import sys\nfrom repro_tui.cli import main\n"
        f"try: main({[command, *runs, *written]!r})\nexcept SystemExit as end: code = end.code\n"
        f"print(code, [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    uri = database.server if served else database.uri
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env={**os.environ, "MLFLOW_TRACKING_URI": uri},
    )  # fmt: skip
    assert done.stdout
    code, loaded = done.stderr.splitlines()[-1].split(maxsplit=1)
    assert code in "013"
    assert loaded == "[]"


LISTED = """
import asyncio, sys
from pathlib import Path
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp
from repro_tui.tui.widgets.run_table import RunTable

def open_engine(_):
    from repro_tui.engine import Engine
    return Engine.open(load(), {uri!r}, Path.cwd())

async def main() -> None:
    show, modules = RunTable.show, []

    def watched(self, rows):
        show(self, rows)
        modules.append(rows and list(sys.modules))

    RunTable.show = watched
    app = ReproApp(open_engine, load())
    async with app.run_test(size=(80, 24)) as pilot:
        while not any(modules):
            await pilot.pause()
    print(*next(filter(None, modules)))

asyncio.run(main())
"""


def test_the_first_runs_on_the_screen_wait_for_no_numpy(database: Store) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTED.format(uri=database.uri)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    modules = set(done.stdout.split())
    assert "repro_tui.engine" in modules
    assert sorted(modules & {*HEAVY, "numpy"} - {"textual"}) == []
