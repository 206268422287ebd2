"""One database with a live server before it, and one file store, a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evidence.tracking import stores
from tests.evidence.tracking.stores import Store

from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
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
def reference(database: Store, mlflow: MlflowProcess) -> Reader:
    """What all readers of `database` are compared with."""
    return ClientReader(database.uri, mlflow)


@pytest.fixture(scope="session")
def rest(database: Store, mlflow: MlflowProcess) -> Iterator[RestReader]:
    reader = RestReader(database.server, ClientReader(database.server, mlflow))
    yield reader
    reader.close()


@pytest.fixture(scope="session", params=["sqlite", "rest", "client"])
def reader(
    request: pytest.FixtureRequest, database: Store, mlflow: MlflowProcess, rest: RestReader
) -> Reader:
    """Each other reader of `database`."""
    readers: dict[str, Reader] = {
        "sqlite": SqliteReader(database.uri, database.path, mlflow),
        "rest": rest,
        "client": ClientReader(database.server, mlflow),
    }
    return readers[request.param]


@pytest.fixture(params=["sqlite", "rest", "client", "files"])
def any_reader(
    request: pytest.FixtureRequest,
    database: Store,
    files: Store,
    mlflow: MlflowProcess,
    rest: RestReader,
) -> tuple[Reader, Store]:
    """Each reader, and the store that it reads."""
    readers: dict[str, tuple[Reader, Store]] = {
        "sqlite": (SqliteReader(database.uri, database.path, mlflow), database),
        "rest": (rest, database),
        "client": (ClientReader(database.server, mlflow), database),
        "files": (ClientReader(files.uri, mlflow), files),
    }
    return readers[request.param]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder whose every file the test may list."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
