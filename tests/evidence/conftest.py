import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.evidence.git import commit

from repro_tui.evidence.tracking import Reader, RunQuery, open_reader


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users may enter: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@dataclass(frozen=True)
class Trained:
    """A real store of two runs, and the repository that they were started in."""

    repository: Path
    commit: str
    store: Path
    reader: Reader

    def run_id(self, name: str) -> str:
        (run,) = [run for run in self.reader.runs(RunQuery()).runs if run.name == name]
        return run.run_id


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Made by real MLflow in a process of its own: the script `train.py` beside this file."""
    folder = tmp_path_factory.mktemp("trained")
    repository, store = folder / "repository", folder / "store"
    store.mkdir()
    made = commit(
        repository,
        {
            "train.py": (Path(__file__).parent / "train.py").read_bytes(),
            "requirements.txt": "numpy==2.1.0\n",
            "data/digits.csv.dvc": (
                f"outs:\n- md5: {'1e5' + '0' * 29}\n  size: 1797\n  path: digits.csv\n"
            ),
        },
    )
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MLFLOW_")}
    # What MLflow records by itself, also where our plugin is installed with repro-tui.
    environment["REPRO_TUI_CONTEXT"] = "off"
    subprocess.run(
        [sys.executable, "train.py", str(store)], cwd=repository, env=environment, check=True
    )
    reader = open_reader(f"sqlite:///{store / 'mlflow.db'}", folder / "cache")
    yield Trained(repository, made, store, reader)
    reader.close()
