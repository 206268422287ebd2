"""No reader changes a byte of a store, and none reads wrong data, whoever else has it open.

The writers are processes; those that are killed leave what a crash leaves.
"""

import multiprocessing
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.evidence.tracking import stores
from tests.evidence.tracking.stores import Store, read_everything, reader_of, state

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import Reader, RunQuery
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.snapshot import Snapshot


def test_every_reader_leaves_its_store_as_it_is(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader

    def now() -> dict[str, tuple[str, int]]:
        found = state(store.path if store.path.is_dir() else store.path.parent)
        return {name: of for name, of in found.items() if name != "server.log"}

    before = now()
    assert len(read_everything(reader)) > 10_000
    assert now() == before


@contextmanager
def writer(path: Path, journal: str, task: str) -> Iterator["subprocess.Popen[str]"]:
    """The program `writer.py`, which has done its task and waits."""
    with subprocess.Popen(
        [sys.executable, str(stores.HERE / "writer.py"), str(path), journal, task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


def left_by(path: Path, journal: str, task: str) -> None:
    """Let a writer be killed."""
    with writer(path, journal, task) as process:
        process.send_signal(signal.SIGKILL)


def written(reader: Reader) -> set[str]:
    """Which of `writer.py`'s params the store holds."""
    everywhere = tuple(experiment.experiment_id for experiment in reader.experiments())
    query = RunQuery(experiment_ids=everywhere, include_deleted=True)
    runs = reader.runs(query).runs
    return {key for run in runs for key in run.params if key in ("committed", "half")}


@pytest.fixture(params=["sqlite", "copied for MLflow"])
def either(
    request: pytest.FixtureRequest, copy: Path, tmp_path: Path, mlflow: MlflowProcess
) -> Reader:
    """Both readers that ever open a SQLite file."""
    if request.param == "sqlite":
        return reader_of(copy)
    return ClientReader(f"sqlite:///{copy}", mlflow, Snapshot(copy, tmp_path / "cache"))


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
@pytest.mark.parametrize("task", ["open", "begin"])
def test_a_store_that_another_program_has_open(
    copy: Path, either: Reader, journal: str, task: str
) -> None:
    with writer(copy, journal, task):
        before = state(copy.parent)
        assert written(either) == {"committed"}
        assert len(read_everything(either)) > 10_000
        assert state(copy.parent) == before


@pytest.mark.parametrize("journal", ["WAL", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("task", ["open", "begin", "spill"])
def test_a_store_whose_writer_was_killed(
    copy: Path, either: Reader, journal: str, task: str
) -> None:
    left_by(copy, journal, task)
    before = state(copy.parent)
    assert (len(before) > 1) == (journal == "WAL" or task != "open" or journal == "TRUNCATE")
    assert written(either) == {"committed"}
    assert len(read_everything(either)) > 10_000
    assert state(copy.parent) == before


def test_a_wal_that_was_copied_alone(copy: Path) -> None:
    """As a backup may have it: without the memory that its processes shared."""
    left_by(copy, "WAL", "begin")
    copy.with_name("mlflow.db-shm").unlink()
    before = state(copy.parent)
    assert written(reader_of(copy)) == {"committed"}
    assert state(copy.parent) == before


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_store_behind_a_link(copy: Path, tmp_path: Path, journal: str) -> None:
    left_by(copy, journal, "begin")
    before = state(copy.parent)
    link = tmp_path / "linked.db"
    link.symlink_to(copy)
    assert written(reader_of(link)) == {"committed"}
    assert state(copy.parent) == before


@pytest.mark.parametrize("task", ["closed", "open", "spill"])
@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_folder_that_may_only_be_read(
    copy: Path, public_folder: Path, journal: str, task: str
) -> None:
    """Read by somebody who is not its owner, nor root, who may write everywhere."""
    path = public_folder / "store" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(copy, path)
    if task == "closed":
        with writer(path, journal, "open"):
            pass
    else:
        left_by(path, journal, task)
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    before = state(path.parent)
    try:
        assert by_nobody(written, reader_of(path)) == {"committed"}
        assert state(path.parent) == before
    finally:
        path.parent.chmod(0o755)


def by_nobody(function: Callable[[Reader], set[str]], reader: Reader) -> set[str]:
    """What `function` returns in a process of somebody who owns nothing."""

    def answer(to: Connection) -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
        to.send(function(reader))

    # Forked: the interpreter may lie where nobody else may look.
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=answer, args=(theirs,))
    process.start()
    theirs.close()
    found: set[str] = ours.recv()
    process.join()
    return found


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_what_is_written_at_the_same_moment_is_seen_whole(copy: Path, journal: str) -> None:
    reader = reader_of(copy)
    with closing(sqlite3.connect(copy)) as connection:
        (run_id,) = connection.execute("SELECT min(run_uuid) FROM runs").fetchone()
    seen = [0]
    with writer(copy, journal, "pairs") as process:
        while len(set(seen)) < 20:
            try:
                run = reader.run(run_id)
            except ReproError as busy:
                if "is locked" in busy.message:
                    continue
                raise
            params, tags = (
                {key for key in found if key[1:].isdigit()} for found in (run.params, run.tags)
            )
            assert params == tags == {f"p{number}" for number in range(len(params))}
            assert len(params) >= seen[-1]
            seen.append(len(params))
        print(file=process.stdin, flush=True)


def test_a_locked_store_is_waited_for(copy: Path) -> None:
    reader = reader_of(copy)
    with writer(copy, "DELETE", "lock") as process, ThreadPoolExecutor(1) as thread:
        reading = thread.submit(written, reader)
        print(file=process.stdin, flush=True)
        assert reading.result() == {"committed"}


def test_a_lock_that_stays_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro_tui.evidence.tracking.sqlite._BUSY_SECONDS", 0.1)
    reader = reader_of(copy)
    with writer(copy, "DELETE", "lock"):
        before = state(copy.parent)
        with pytest.raises(ReproError, match="is locked") as refusal:
            reader.experiments()
        assert refusal.value.hint
        assert state(copy.parent) == before
    assert written(reader) == {"committed"}
