"""The demo, made once: real runs of a real project in a real store."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock


class Finished(NamedTuple):
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


def repro_tui(*arguments: str, folder: Path) -> Finished:
    """Run the installed program as a script would, in `folder`, without a terminal."""
    done = subprocess.run(
        [Path(sys.executable).with_name("repro-tui"), *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "REPRO_TUI_"))}
        | {
            "REPRO_TUI_STATE_DIR": str(folder / "state"),
            "REPRO_TUI_CACHE_DIR": str(folder / "cache"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """The folder of a headless demo, made once for all workers; nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, kept = shared / "demo", shared / "demo.json"
    with FileLock(shared / "demo.lock"):
        if not kept.exists():
            folder.mkdir()
            made = repro_tui("demo", "--headless", "--into", "repro-demo", folder=folder)
            kept.write_text(json.dumps(made))
    return folder / "repro-demo", Finished(*json.loads(kept.read_text()))


@pytest.fixture(scope="module")
def demo(
    pristine: tuple[Path, Finished], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Finished]:
    """A module's own copy of the demo, and what the command that made it printed."""
    folder, finished = pristine
    copy = tmp_path_factory.mktemp("demo") / "repro-demo"
    shutil.copytree(folder, copy, symlinks=True)
    return copy, finished
