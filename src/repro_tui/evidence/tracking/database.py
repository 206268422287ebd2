"""A SQLite tracking database opened so that not a byte of it can change.

The schema is that of `mlflow.store.tracking.dbmodels.models`, as the alembic revisions
listed here left it (`mlflow/store/db_migrations/versions`).
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from repro_tui.errors import ReproError

T = TypeVar("T")
Row = tuple[Any, ...]

_CHAIN = """
    89d4b8295536 2b4d017a5e9b cfd24bdc0731 0a8213491aaa 728d730b5ebd 27a6a02d2cf1 84291f40a231
    a8c4a736bde6 39d1c3be5f05 c48cb773bb87 bd07f7e963c5 0c779009ac13 cc1f77228345 97727af70f4d
    3500859a5d39 7f2a7d5fae7d 2d6e25af4d3e acf3f17fdcc7 867495a8f9d4 5b0e9adcef9c 4465047574b1
    f5a4f2784254 0584bdc529eb 400f98739977 6953534de441 bda7b8c39065 cbc13b556ace 770bee3ae1dd
    a1b2c3d4e5f6 de4033877273 1a0cddfcaa16 534353b11cbc 71994744cf8e 3da73c924c2f bf29a5ff90ea
    1bd49d398cd23 b7c8d9e0f1a2 5d2d30f0abce c9d4e5f6a7b8 2c33131f4dae d3e4f5a6b7c8 d0e1f2a3b4c5
    c8d9e0f1a2b3 1b5f0d9ad7c1 e1f2a3b4c5d6 76601a5f987d c3d6457b6d8a a5b4c3d2e1f0 ae8bbe7743c9
    7d34483879f0 da6fb0208061 89d3d66ed43f b7e4c1a90f23 a8b9c0d1e2f3 c1d2e3f4a5b6 c3d9e7f1a2b4
    6f8d9c3b2a1e 1971f2d9a75b 17e22815139b b7e2c1a4d9f3 75868b020152 dc11669786a5
"""
REVISIONS = tuple(_CHAIN.split())
"""The known revisions, oldest first: from `latest_metrics` to the head of MLflow 3.17."""
_WITH_DATASETS = frozenset(REVISIONS[REVISIONS.index("7f2a7d5fae7d") :])
_WITH_LOGGED_MODELS = frozenset(REVISIONS[REVISIONS.index("400f98739977") :])

_BUSY_SECONDS = 5.0
_QUIET_TRIES = 3


@dataclass(frozen=True, slots=True)
class Database:
    """A database inside one read transaction."""

    connection: sqlite3.Connection
    revision: str

    @property
    def has_datasets(self) -> bool:
        return self.revision in _WITH_DATASETS

    @property
    def has_logged_models(self) -> bool:
        return self.revision in _WITH_LOGGED_MODELS

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self.connection.execute(sql, values).fetchall()


def read(path: Path, reading: Callable[[Database], T]) -> T:
    """What `reading` finds in the database at `path`, all of it at one moment.

    Raises ReproError when the file is missing, locked, damaged, no MLflow store or of
    a revision that is not known.
    """

    def known(database: Database) -> T:
        if database.revision not in REVISIONS:
            raise ReproError(
                f"{path} has the schema {database.revision}, which is not known here.",
                "Open it again: it is then read through MLflow, on a copy.",
            )
        return reading(database)

    return _read(path, known)


def revision(path: Path) -> str:
    """The alembic revision of the database, known or not. Raises ReproError as `read`."""
    return _read(path, lambda database: database.revision)


def copy(path: Path, target: Path) -> None:
    """Copy the database as it is at one moment to `target`. Raises ReproError as `read`."""

    def backup(database: Database) -> None:
        with closing(sqlite3.connect(target)) as to:
            database.connection.backup(to)

    _read(path, backup)


def _read(path: Path, reading: Callable[[Database], T]) -> T:
    if not path.is_file():
        raise ReproError(
            f"There is no tracking database at {path}.",
            "Check the path, or start in the folder that you train in.",
        )
    try:
        for _ in range(_QUIET_TRIES):
            quiet = _quiet(path)
            if quiet is None:
                return _transaction(path, "mode=ro", reading)
            found = _transaction(path, "mode=ro&immutable=1", reading)
            if _quiet(path) == quiet:
                return found
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except UnicodeDecodeError as error:
        raise ReproError(f"{path} holds text that is not UTF-8: {error}.") from error
    raise ReproError(f"{path} keeps changing while it is read.", "Try again in a moment.")


def _quiet(path: Path) -> tuple[int, int, int] | None:
    """The state of a database in WAL mode that nobody has open; None for any other.

    To read a WAL database SQLite makes `-wal` and `-shm` files beside it, unless it is
    told that the file is immutable. That holds as long as there is no `-wal` and the
    file stays as it is, which the caller checks after reading.
    """
    with path.open("rb") as file:
        header = file.read(20)
    # https://sqlite.org/fileformat.html: bytes 18 and 19 are 2 in WAL mode.
    if header[18:20] != b"\x02\x02" or path.with_name(path.name + "-wal").exists():
        return None
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _transaction(path: Path, mode: str, reading: Callable[[Database], T]) -> T:
    uri = f"{path.absolute().as_uri()}?{mode}"
    with closing(
        sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    ) as connection:
        connection.execute("PRAGMA query_only = ON")
        # A stranger's schema may hold views and triggers that call functions.
        connection.execute("PRAGMA trusted_schema = OFF")
        # As MLflow sets it: LIKE minds capitals, ILIKE does not.
        connection.execute("PRAGMA case_sensitive_like = ON")
        connection.execute("BEGIN")
        return reading(Database(connection, _revision(path, connection)))


def _revision(path: Path, connection: sqlite3.Connection) -> str:
    tables = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        " AND name IN ('alembic_version', 'experiments', 'runs')"
    ).fetchone()
    row = (
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if tables == (3,)
        else None
    )
    if row is None:
        raise ReproError(
            f"{path} is a SQLite database, but no MLflow tracking store.",
            "Name another store with --tracking-uri.",
        )
    return str(row[0])


def _explained(path: Path, error: sqlite3.Error) -> ReproError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ReproError(
            f"{path} is locked: another program has been writing to it for"
            f" {_BUSY_SECONDS:.0f} seconds.",
            "Try again when that program has finished.",
        )
    if code == sqlite3.SQLITE_NOTADB:
        return ReproError(
            f"{path} is no SQLite database.", "Name another store with --tracking-uri."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return ReproError(
            f"{path} cannot be opened for reading alone: {error}.",
            "Check its permissions; a program that crashed while writing to it leaves a journal"
            " that MLflow must take back first.",
        )
    return ReproError(f"{path} cannot be read: {error}.", "The database may be damaged.")
