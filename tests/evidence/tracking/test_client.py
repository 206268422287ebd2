"""MLflow in a process of its own: it may die, be silent, or find nothing."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from tests.evidence.tracking.stores import Store, state, wait_for

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Fetched


@pytest.fixture
def own_process() -> Iterator[MlflowProcess]:
    """A process that the test may kill."""
    process = MlflowProcess()
    yield process
    process.close()


def children() -> set[psutil.Process]:
    return {
        child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE
    }


def test_a_process_that_dies_is_replaced(files: Store, own_process: MlflowProcess) -> None:
    reader = ClientReader(files.uri, own_process)
    before = children()
    own_process.start()
    (worker,) = children() - before
    expected = reader.experiments()
    worker.send_signal(signal.SIGKILL)
    assert reader.experiments() == expected
    assert worker not in children()
    reader.close()
    assert children() <= before


def test_its_last_words_are_told(
    own_process: MlflowProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.py").write_text("raise SystemExit('no mlflow today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ReproError, match=r"ended unexpectedly.*no mlflow today") as refusal:
        own_process.call("http://127.0.0.1:1", "experiments")
    assert refusal.value.hint


def test_a_file_in_the_working_directory_is_not_imported(
    files: Store, own_process: MlflowProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert ClientReader(files.uri, own_process).experiments()


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    program = (
        "from repro_tui.evidence.tracking.client import MlflowProcess\n"
        "process = MlflowProcess()\n"
        "process.start()\n"
        "print(process._running.process.pid, flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        rest = parent.stdout.read()
    wait_for(lambda: not psutil.pid_exists(pid))
    assert rest == ""


def test_a_server_that_is_not_there_is_told_in_seconds(mlflow: MlflowProcess) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://somebody:secret@127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(ReproError, match="does not answer") as refusal:
        ClientReader(address, mlflow).runs(RunQuery())
    # By its own defaults MLflow tries for four minutes.
    assert time.monotonic() - start < 60
    assert "secret" not in str(refusal.value)


def test_artifacts_on_the_disk_of_another_machine_are_told(
    mlflow: MlflowProcess, tmp_path: Path
) -> None:
    reader = ClientReader("https://mlflow.example.org", mlflow)
    with pytest.raises(ReproError, match="on the disk of the server"):
        reader.fetch((tmp_path / "nowhere").as_uri(), Downloads(tmp_path))
    assert reader.fetch(tmp_path.as_uri(), Downloads(tmp_path)) == Fetched(tmp_path)


def test_a_missing_file_store_is_not_made(mlflow: MlflowProcess, tmp_path: Path) -> None:
    with pytest.raises(ReproError, match="There is no folder"):
        ClientReader((tmp_path / "mlruns").as_uri(), mlflow).experiments()
    assert list(tmp_path.iterdir()) == []


def test_reading_a_file_store_changes_nothing(
    files: Store, mlflow: MlflowProcess, tmp_path: Path
) -> None:
    """Not even where `.trash` is missing, as in a store that Git or a copy lost it from."""
    copy = tmp_path / "mlruns"
    shutil.copytree(files.path, copy, ignore=shutil.ignore_patterns(".trash"))
    before = state(copy)
    reader = ClientReader(copy.as_uri(), mlflow)
    page = reader.runs(RunQuery(include_deleted=True))
    assert len(page.runs) == 7
    for run in page.runs:
        reader.histories(run.run_id)
    assert state(copy) == before


def test_nothing_is_printed(files: Store, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(open_reader(files.uri, files.path)) as reader:
        assert reader.experiments()
    assert capfd.readouterr() == ("", "")


def test_opening_a_store_imports_no_mlflow(database: Store) -> None:
    """`sys.modules` after reading a whole store by the quick way, not a time."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from repro_tui.evidence.tracking import RunQuery, open_reader\n"
        f"reader = open_reader({database.uri!r}, Path('cache'))\n"
        "run_id = reader.resolve('latest')\n"
        "reader.histories(run_id), reader.datasets(run_id), reader.logged_models(run_id)\n"
        "print(*sys.modules)\n"
    )
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"mlflow", "pandas", "sqlalchemy", "torch", "textual", "requests", "multiprocessing"}
    assert not heavy & set(modules)
