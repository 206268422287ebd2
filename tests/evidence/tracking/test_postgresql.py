"""PostgreSQL of a real server: never changed; locked, away, refused, or of another schema."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.evidence.tracking import stores
from tests.evidence.tracking.postgres import PASSWORD, QUOTED, Postgres, postgres
from tests.evidence.tracking.stores import OLD_RUN, Store, read_everything

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.client import ClientReader
from repro_tui.evidence.tracking.postgresql import PostgresqlReader
from repro_tui.evidence.tracking.relational import Transaction
from repro_tui.evidence.tracking.schema import REVISIONS


def test_a_login_that_may_only_read_is_enough(cluster: Postgres, tables: Store) -> None:
    cluster.execute(
        "tables",
        f"CREATE ROLE looker LOGIN PASSWORD '{PASSWORD}'",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker",
    )
    before = cluster.state("tables")
    reader = open_reader(tables.uri.replace("//mlflow:", "//looker:"), tables.path)
    assert isinstance(reader, PostgresqlReader)
    assert reader.remark == ""
    found = read_everything(reader)
    reader.close()
    assert len(found) > 10_000
    assert cluster.state("tables") == before


def test_it_could_not_write_if_it_wanted(postgresql: PostgresqlReader) -> None:
    with pytest.raises(ReproError, match="read-only transaction"):
        postgresql._transaction(lambda store: store.rows("CREATE TABLE x (y int)"))
    assert postgresql.experiments()


def test_one_call_sees_one_moment(cluster: Postgres, postgresql: PostgresqlReader) -> None:
    def twice(store: Transaction) -> tuple[object, object]:
        count = "SELECT count(*) FROM tags"
        before = store.rows(count)
        cluster.execute("tables", "INSERT INTO tags SELECT 'late', 'x', run_uuid FROM runs")
        return before, store.rows(count)

    before, after = postgresql._transaction(twice)
    assert before == after
    cluster.execute("tables", "DELETE FROM tags WHERE key = 'late'")


def test_a_locked_table_is_told_and_read_again(
    cluster: Postgres, postgresql: PostgresqlReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "repro_tui.evidence.tracking.postgresql._PATIENCE", "SET LOCAL lock_timeout = '100ms'"
    )
    with cluster.connect("tables") as migration, migration.transaction():
        migration.execute("LOCK TABLE experiments IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ReproError, match="is locked") as refusal:
            postgresql.experiments()
        assert refusal.value.hint
    assert len(postgresql.experiments()) == 5


def test_connections_that_were_cut_are_made_anew(
    cluster: Postgres, postgresql: PostgresqlReader
) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tables'"

    def reading(store: Transaction) -> object:
        cluster.execute("postgres", cut)
        return store.rows("SELECT 1")

    assert postgresql.experiments()
    cluster.execute("postgres", cut)
    assert postgresql.experiments()
    with pytest.raises(ReproError, match="does not answer"):
        postgresql._transaction(reading)
    assert postgresql.experiments()


def test_a_server_that_went_away_is_told_and_read_again() -> None:
    with postgres() as server:
        server.execute(
            "postgres",
            "CREATE TABLE alembic_version (version_num text)",
            f"INSERT INTO alembic_version VALUES ('{REVISIONS[-1]}')",
            "CREATE TABLE experiments (experiment_id int, name text, lifecycle_stage text)",
        )
        reader = open_reader(server.uri("postgres"), Path("unused"))
        assert reader.experiments() == ()
        server.stop()
        with pytest.raises(ReproError, match="does not answer") as refusal:
            reader.experiments()
        assert refusal.value.hint
        server.start()
        assert reader.experiments() == ()
        reader.close()


def test_what_cannot_be_read_is_told_without_the_password(
    cluster: Postgres, tables: Store, scratch: Path
) -> None:
    cluster.execute("postgres", f"CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'")
    for uri, reason in (
        (cluster.uri("postgres"), "no MLflow tracking store"),
        (cluster.uri("nowhere"), 'does not answer.*"nowhere" does not exist'),
        (tables.uri.replace("mlflow:", "other:"), "password authentication failed"),
        (tables.uri.replace("mlflow:", "stranger:"), "may not be read: permission denied"),
        (tables.uri.replace(str(cluster.port), "1"), "does not answer"),
        (tables.uri.replace(str(cluster.port), "port"), "is not understood"),
        ("postgresql:tables", "is not understood"),
    ):
        with pytest.raises(ReproError, match=reason) as refusal:
            open_reader(uri, scratch)
        assert refusal.value.hint
        for secret in (PASSWORD, QUOTED):
            assert secret not in refusal.value.message + refusal.value.hint


def test_without_the_extra_mlflow_reads_it(
    tables: Store, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "repro_tui.evidence.tracking.postgresql")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    reader = open_reader(tables.uri, scratch)
    assert isinstance(reader, ClientReader)
    assert "install repro-tui[postgresql]" in reader.remark


def test_every_schema_is_read_and_left_as_it_is(cluster: Postgres, scratch: Path) -> None:
    """While MLflow's own migrations go on: a reader that is open notices them."""
    cluster.execute("postgres", "CREATE DATABASE migrated")
    uri = cluster.uri("migrated")
    datasets, models = (REVISIONS.index(name) for name in ("7f2a7d5fae7d", "400f98739977"))
    chosen = sorted({0, datasets - 1, datasets, models - 1, models, len(REVISIONS) - 1})
    reader: PostgresqlReader | None = None
    with subprocess.Popen(
        [sys.executable, str(stores.HERE / "schemas.py"), uri, OLD_RUN]
        + [REVISIONS[number] for number in chosen],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=stores.environment(),
        text=True,
    ) as migration:
        assert migration.stdout
        assert migration.stdin
        for number in chosen:
            assert migration.stdout.readline().strip() == REVISIONS[number]
            before = cluster.state("migrated")
            if reader is None:
                opened = open_reader(uri, scratch)
                assert isinstance(opened, PostgresqlReader)
                reader = opened
            (run,) = reader.runs(RunQuery(filter="params.lr = '0.1' AND metrics.loss <= 0.5")).runs
            assert (run.run_id, run.name, run.experiment_name) == (OLD_RUN, "old run", "old")
            assert repr(run.metrics) == "{'gone': nan, 'loss': 0.5}"
            assert repr(reader.histories(OLD_RUN)["gone"].values.tolist()) == "[nan]"
            found = [dataset.context for dataset in reader.datasets(OLD_RUN)]
            assert found == ["training"] * (number >= datasets)
            assert len(reader.runs(RunQuery(filter="dataset.context = 'training'")).runs) == len(
                found
            )
            statuses = [model.status for model in reader.logged_models(OLD_RUN)]
            assert statuses == ["READY"] * (number >= models)
            assert cluster.state("migrated") == before
            print(file=migration.stdin, flush=True)
    assert reader
    cluster.execute("migrated", "UPDATE alembic_version SET version_num = 'feedfeedfeed'")
    with pytest.raises(ReproError, match="feedfeedfeed"):
        reader.experiments()
    reader.close()


def test_an_unknown_schema_is_left_to_mlflow_which_does_not_migrate_it(
    cluster: Postgres, tables: Store, scratch: Path
) -> None:
    cluster.execute(
        "postgres",
        "CREATE DATABASE unknown",
    )
    cluster.execute(
        "unknown",
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('451aebb31d03')",
    )
    before = cluster.state("unknown")
    reader = open_reader(cluster.uri("unknown"), scratch)
    assert isinstance(reader, ClientReader)
    assert "451aebb31d03 is not known" in reader.remark
    with pytest.raises(ReproError, match="would migrate") as refusal:
        reader.experiments()
    assert PASSWORD not in str(refusal.value)
    reader.close()
    assert cluster.state("unknown") == before
