"""Reading a database's file: any revision, anybody writing to it, and not a byte changed."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.evidence.tracking.stores import OLD_RUN, Store, read_everything, reader_of, state

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.schema import REVISIONS
from repro_tui.evidence.tracking.snapshot import Snapshot
from repro_tui.evidence.tracking.sqlite import SqliteReader


def test_reading_changes_nothing(copy: Path) -> None:
    before = state(copy.parent)
    assert len(read_everything(reader_of(copy))) > 10_000
    assert state(copy.parent) == before


def test_reading_a_closed_wal_database_changes_nothing(copy: Path) -> None:
    expected = read_everything(reader_of(copy))
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    before = state(copy.parent)
    assert list(before) == ["mlflow.db"]
    assert read_everything(reader_of(copy)) == expected
    assert state(copy.parent) == before


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_what_another_program_commits_is_seen(copy: Path, journal: str) -> None:
    reader = reader_of(copy)
    run_id = reader.resolve("latest")
    with closing(sqlite3.connect(copy, isolation_level=None)) as writer:
        writer.execute(f"PRAGMA journal_mode = {journal}")
        for number in range(3):
            writer.execute("BEGIN")
            writer.execute("INSERT INTO params VALUES (?, 'x', ?)", (f"p{number}", run_id))
            assert f"p{number}" not in reader.run(run_id).params
            writer.execute("COMMIT")
            assert reader.run(run_id).params[f"p{number}"] == "x"


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_store_is_in_another_state_after_every_write(copy: Path, journal: str) -> None:
    reader = reader_of(copy)
    run_id = reader.resolve("latest")
    told: list[object] = []

    def settle() -> None:
        # As if the last write were older with every write, and none of them new.
        for file in copy.parent.iterdir():
            os.utime(file, (0, 1000 - len(told)))
        told.append(reader.state())

    with closing(sqlite3.connect(copy, isolation_level=None)) as writer:
        writer.execute(f"PRAGMA journal_mode = {journal}")
        settle()
        read_everything(reader)
        assert [reader.state()] == told
        for number in range(3):
            writer.execute("INSERT INTO params VALUES (?, 'x', ?)", (f"p{number}", run_id))
            assert reader.state() is None
            settle()
    assert None not in told
    assert len(set(told)) == len(told)


def test_what_is_no_store_is_told(scratch: Path) -> None:
    text, empty, other = (scratch / name for name in ("text.db", "empty.db", "other.db"))
    text.write_text("no database " * 100)
    empty.touch()
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE runs (run_uuid)")
    before = state(scratch)
    for path, reason in (
        (scratch / "missing.db", "There is no tracking database"),
        (scratch, "There is no tracking database"),
        (text, "no SQLite database"),
        (empty, "no MLflow tracking store"),
        (other, "no MLflow tracking store"),
    ):
        with pytest.raises(ReproError, match=reason) as refusal:
            open_reader(f"sqlite:///{path}", scratch / "cache")
        assert refusal.value.hint
    assert state(scratch) == before


def test_a_damaged_database_is_told(copy: Path) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(ReproError):
        read_everything(reader_of(copy))


def test_a_value_of_the_wrong_type_is_told(copy: Path) -> None:
    reader = reader_of(copy)
    run_id = reader.resolve("latest")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(
            "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid)"
            " VALUES ('loss', 'no number', 1, 1, 0, ?)",
            (run_id,),
        )
        connection.commit()
    with pytest.raises(ReproError, match="no number"):
        reader.histories(run_id)


def test_a_store_that_is_migrated_meanwhile_is_noticed(copy: Path) -> None:
    reader = reader_of(copy)
    assert reader.experiments()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'feedfeedfeed'")
        connection.commit()
    with pytest.raises(ReproError, match="feedfeedfeed"):
        reader.experiments()


def test_a_relative_path_is_taken_from_the_working_directory(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy.parent)
    reader = open_reader("sqlite:///mlflow.db", copy.parent / "cache")
    assert isinstance(reader, SqliteReader)
    assert len(reader.experiments()) == 5


def test_artifacts_of_a_server_need_its_address(
    database: Store, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_of(database.path)
    run = reader.run(database.run_ids["parent"])
    assert run.artifact_uri.startswith("mlflow-artifacts:/")
    with pytest.raises(ReproError) as refusal:
        reader.fetch(run.artifact_uri, Downloads(scratch))
    assert "MLFLOW_TRACKING_URI" in refusal.value.hint


# --- Older and unknown schemas -------------------------------------------------------


def test_the_known_revisions_are_those_of_mlflow(old_databases: tuple[Path, ...]) -> None:
    names = tuple(path.stem for path in old_databases)
    assert names[-len(REVISIONS) :] == REVISIONS


def test_every_known_revision_is_read_and_left_as_it_is(old_databases: tuple[Path, ...]) -> None:
    folder = old_databases[0].parent
    before = state(folder)
    for path in old_databases[-len(REVISIONS) :]:
        reader = open_reader(f"sqlite:///{path}", folder / "cache")
        assert isinstance(reader, SqliteReader), path.stem
        (run,) = reader.runs(RunQuery(filter="params.lr = '0.1' AND metrics.loss <= 0.5")).runs
        assert (run.run_id, run.name, run.experiment_name) == (OLD_RUN, "old run", "old")
        assert (run.start_time, run.end_time, run.status) == (1000, 3000, "FINISHED")
        assert repr(run.metrics) == "{'gone': nan, 'loss': 0.5}"
        assert repr(reader.histories(OLD_RUN)["gone"].values.tolist()) == "[nan]"
        with_datasets = REVISIONS.index(path.stem) >= REVISIONS.index("7f2a7d5fae7d")
        assert [found.context for found in reader.datasets(OLD_RUN)] == ["training"] * with_datasets
        by_context = RunQuery(filter="dataset.context = 'training'")
        assert len(reader.runs(by_context).runs) == with_datasets
        with_models = REVISIONS.index(path.stem) >= REVISIONS.index("400f98739977")
        assert [found.status for found in reader.logged_models(OLD_RUN)] == ["READY"] * with_models
    assert state(folder) == before


@pytest.mark.e2e
def test_an_older_store_is_migrated_in_a_copy_only(
    old_databases: tuple[Path, ...], scratch: Path, tmp_path: Path, mlflow: MlflowProcess
) -> None:
    oldest = old_databases[3]
    assert oldest.stem not in REVISIONS
    path = scratch / "mlflow.db"
    shutil.copy(oldest, path)
    before = state(scratch)
    assert isinstance(open_reader(f"sqlite:///{path}", tmp_path / "cache"), ClientReader)
    reader = ClientReader(f"sqlite:///{path}", mlflow, Snapshot(path, tmp_path / "cache"))
    run = reader.run(reader.resolve("latest"))
    assert (run.run_id, run.name, run.params) == (OLD_RUN, "old run", {"lr": "0.1"})
    assert state(scratch) == before

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO params VALUES ('new', 'x', ?)", (OLD_RUN,))
        connection.commit()
    before = state(scratch)
    assert reader.run(OLD_RUN).params == {"lr": "0.1", "new": "x"}
    assert state(scratch) == before
    assert len(list((tmp_path / "cache" / "stores").iterdir())) == 1


def test_a_store_of_a_newer_mlflow_is_left_as_it_is(
    copy: Path, tmp_path: Path, mlflow: MlflowProcess
) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'feedfeedfeed'")
        connection.commit()
    before = state(copy.parent)
    assert isinstance(open_reader(f"sqlite:///{copy}", tmp_path / "cache"), ClientReader)
    reader = ClientReader(f"sqlite:///{copy}", mlflow, Snapshot(copy, tmp_path / "cache"))
    with pytest.raises(ReproError, match="newer than") as refusal:
        reader.experiments()
    assert "Upgrade MLflow" in refusal.value.hint
    assert state(copy.parent) == before
