"""A session has one store of each kind: SQLite with a live server, PostgreSQL, files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.evidence.tracking import stores
from tests.evidence.tracking.postgres import Postgres, postgres
from tests.evidence.tracking.stores import Store

from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.postgresql import PostgresqlReader
from repro_tui.evidence.tracking.reader import Reader
from repro_tui.evidence.tracking.rest import RestReader
from repro_tui.evidence.tracking.sqlite import SqliteReader


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A SQLite store that was filled through its server, which runs."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    with stores.server(path) as address:
        run_ids = stores.populate(address, path.parent)
        yield Store(f"sqlite:///{path}", path, run_ids, address)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A file store: `mlruns` with real infinities, and artifacts on this machine."""
    path = tmp_path_factory.mktemp("files") / "mlruns"
    return Store(path.as_uri(), path, stores.populate(path.as_uri(), path.parent))


@pytest.fixture(scope="session")
def old_databases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """A small database of every revision that MLflow's migrations know, oldest first."""
    folder = tmp_path_factory.mktemp("revisions")
    revisions = stores.python(
        str(stores.HERE / "schemas.py"), str(folder), stores.OLD_RUN, cwd=folder
    ).split()
    return tuple(folder / f"{revision}.db" for revision in revisions)


@pytest.fixture(scope="session")
def mlflow() -> Iterator[MlflowProcess]:
    """One process with MLflow in it for all tests: it takes five seconds to start."""
    process = MlflowProcess()
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests; each makes databases of its own."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def tables(cluster: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A PostgreSQL store, with artifacts on this machine."""
    folder = tmp_path_factory.mktemp("tables")
    cluster.execute("postgres", "CREATE DATABASE tables")
    uri = cluster.uri("tables")
    return Store(uri, folder, stores.populate(uri, folder))


@pytest.fixture(scope="session")
def rest(database: Store, mlflow: MlflowProcess) -> Iterator[RestReader]:
    reader = RestReader(database.server, ClientReader(database.server, mlflow))
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def postgresql(tables: Store, mlflow: MlflowProcess) -> Iterator[PostgresqlReader]:
    reader = PostgresqlReader(tables.uri, mlflow)
    yield reader
    reader.close()


@pytest.fixture(scope="session", params=["sqlite", "rest", "client", "postgresql"])
def reader(request: pytest.FixtureRequest, mlflow: MlflowProcess) -> Reader:
    """Each other reader of a database."""
    return _opened(request, mlflow)[0]


@pytest.fixture(scope="session")
def reference(request: pytest.FixtureRequest, reader: Reader, mlflow: MlflowProcess) -> Reader:
    """What `reader` is compared with: the reference, on the same database."""
    name = "tables" if isinstance(reader, PostgresqlReader) else "database"
    store: Store = request.getfixturevalue(name)
    return ClientReader(store.uri, mlflow)


@pytest.fixture(scope="session", params=["sqlite", "rest", "client", "postgresql", "files"])
def any_reader(request: pytest.FixtureRequest, mlflow: MlflowProcess) -> tuple[Reader, Store]:
    """Each reader, and the store that it reads."""
    return _opened(request, mlflow)


def _opened(request: pytest.FixtureRequest, mlflow: MlflowProcess) -> tuple[Reader, Store]:
    """The reader that the fixture's parameter names; nothing is started for the others."""
    name = {"postgresql": "tables", "files": "files"}.get(request.param, "database")
    store: Store = request.getfixturevalue(name)
    reader: Reader
    match request.param:
        case "sqlite":
            reader = SqliteReader(store.uri, store.path, mlflow)
        case "rest" | "postgresql" as kept:
            reader = request.getfixturevalue(kept)
        case "client":
            reader = ClientReader(store.server, mlflow)
        case _:
            reader = ClientReader(store.uri, mlflow)
    return reader, store


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder whose every file the test may list."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def copy(database: Store, scratch: Path) -> Path:
    """The populated database, alone in a folder."""
    with (
        closing(sqlite3.connect(database.path)) as source,
        closing(sqlite3.connect(scratch / "mlflow.db")) as target,
    ):
        source.backup(target)
    return scratch / "mlflow.db"
