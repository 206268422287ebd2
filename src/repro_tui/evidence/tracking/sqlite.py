"""A SQLite tracking database opened so that not a byte of it can change."""

import math
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.relational import DatabaseReader, Row, Transaction
from repro_tui.evidence.tracking.sql import SQLITE, Dialect

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.client import MlflowProcess
    from repro_tui.evidence.tracking.relational import Points

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_QUIET_TRIES = 3
_SETTLED_NS = 2_000_000_000
"""A file system may tell times by no more than two seconds."""
_FILES = ("", "-wal", "-journal")
"""What a database consists of: the ends of its files' names."""
_ROWS_AT_ONCE = 5000
_POINT = [("step", "i8"), ("timestamp", "i8"), ("value", "f8")]
"""A row of numbers, as NumPy has it."""


class SqliteReader(DatabaseReader):
    """`sqlite:///` stores.

    Every call opens the file anew, which costs about a millisecond: threads share
    nothing, and a store that was replaced or migrated meanwhile is noticed.
    """

    def __init__(self, uri: str, path: Path, process: "MlflowProcess") -> None:
        super().__init__(uri, process)
        self._path = path

    def state(self) -> Hashable | None:
        try:
            found = states(self._path.resolve())
        except OSError:
            return None
        # Two writes can leave the same time, if the second follows closely.
        since = time.time_ns() - _SETTLED_NS
        return None if any(state and state[-1] > since for state in found) else tuple(found)

    def _transaction(self, reading: Callable[[Transaction], T]) -> T:
        return _read(self._path, reading)


@dataclass(frozen=True, slots=True)
class _SqliteTransaction(Transaction):
    connection: sqlite3.Connection
    revision: str
    dialect: Dialect = SQLITE

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self.connection.execute(sql, values).fetchall()

    def chunks(self, sql: str, values: Sequence[object] = ()) -> Iterator[list[Row]]:
        cursor = self.connection.execute(sql, values)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield rows

    def points(self, sql: str, values: Sequence[object]) -> "Points":
        import numpy as np

        point = np.dtype(_POINT)
        try:
            try:
                points = np.fromiter(self.connection.execute(sql, values), point)
            except TypeError:
                # None, which stands for NaN: few histories hold any.
                rows = self.connection.execute(sql, values)
                points = np.fromiter(
                    (
                        (step, timestamp, math.nan if value is None else value)
                        for step, timestamp, value in rows
                    ),
                    point,
                )
        except (TypeError, ValueError, OverflowError) as error:
            raise ReproError(f"A metric holds what is no number: {error}.") from error
        return points["step"], points["timestamp"], points["value"]


def revision(path: Path) -> str:
    """The alembic revision of the database, known or not.

    Raises ReproError when the file is missing, locked, damaged or no MLflow store.
    """
    return _read(path, lambda store: store.revision)


def copy(path: Path, target: Path) -> None:
    """Copy the database as it is at one moment to `target`. Raises ReproError as `revision`."""

    def backup(store: _SqliteTransaction) -> None:
        with closing(sqlite3.connect(target)) as to:
            store.connection.backup(to)

    _read(path, backup)


def states(path: Path) -> list[tuple[int, ...]]:
    """What changes when somebody writes to the database, which is no link."""
    found: list[tuple[int, ...]] = []
    for end in _FILES:
        try:
            status = _beside(path, end).stat()
        except FileNotFoundError:
            found.append(())
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _read(path: Path, reading: Callable[[_SqliteTransaction], T]) -> T:
    if not path.is_file():
        raise ReproError(
            f"There is no tracking database at {path}.",
            "Check the path, or start in the folder that you train in.",
        )
    try:
        # Behind a link, the journals lie beside the file itself.
        return _settled(path.resolve(), reading)
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except UnicodeError as error:
        raise ReproError(
            f"What is asked of {path} holds text that is not UTF-8: {error}."
        ) from error
    except OSError as error:
        raise ReproError(
            f"{path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error


def _settled(path: Path, reading: Callable[[_SqliteTransaction], T]) -> T:
    """Read again what changed while it was read."""
    for _ in range(_QUIET_TRIES):
        quiet = _quiet(path)
        if quiet is None:
            return _beside_others(path, reading)
        try:
            found = _transaction(path, "mode=ro&immutable=1", reading)
        except sqlite3.DatabaseError:
            if _quiet(path) == quiet:
                raise
        else:
            if _quiet(path) == quiet:
                return found
    raise _changing(path)


def _quiet(path: Path) -> list[tuple[int, ...]] | None:
    """The state of a database in WAL mode that nobody has open; None for any other.

    To read a WAL database SQLite makes `-wal` and `-shm` files beside it, unless it is
    told that the file is immutable. That holds as long as there is no `-wal` and the
    file stays as it is, which the caller checks after reading.
    """
    with path.open("rb") as file:
        header = file.read(20)
    # https://sqlite.org/fileformat.html: bytes 18 and 19 are 2 in WAL mode.
    if header[18:20] != b"\x02\x02" or _beside(path, "-wal").exists():
        return None
    return states(path)


def _beside_others(path: Path, reading: Callable[[_SqliteTransaction], T]) -> T:
    """Read a database that others have open, or had open when they were killed."""
    try:
        # What the processes of a WAL database share in `-shm` is looked at and not written.
        return _transaction(path, "mode=ro&readonly_shm=1", reading)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_READONLY_CANTINIT:
            # A writer lives, and no reader was there yet: this one has to say that it is.
            return _transaction(path, "mode=ro", reading)
        if code == sqlite3.SQLITE_READONLY_ROLLBACK or (
            code == sqlite3.SQLITE_CANTOPEN and _beside(path, "-wal").exists()
        ):
            return _copied(path, reading)
        raise


def _copied(path: Path, reading: Callable[[_SqliteTransaction], T]) -> T:
    """Read a copy of a database that was left in the middle of a transaction.

    SQLite takes back what was not committed as soon as somebody may write: here in the
    copy, and in the store when its own program opens it again.
    """
    with tempfile.TemporaryDirectory(prefix="repro-tui-") as folder:
        before = states(path)
        for end in _FILES:
            with suppress(FileNotFoundError):
                shutil.copyfile(_beside(path, end), Path(folder) / f"{path.name}{end}")
        if states(path) != before:
            raise _changing(path)
        return _transaction(Path(folder) / path.name, "mode=rw", reading)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _transaction(path: Path, mode: str, reading: Callable[[_SqliteTransaction], T]) -> T:
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
        return reading(_SqliteTransaction(connection, _revision(path, connection)))


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
            f"{path.name} is a SQLite database, but no MLflow tracking store.",
            "Name another store with --tracking-uri.",
        )
    return str(row[0])


def _changing(path: Path) -> ReproError:
    return ReproError(f"{path} keeps changing while it is read.", "Try again in a moment.")


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
            "Check its permissions, and those of its folder.",
        )
    return ReproError(f"{path} cannot be read: {error}.", "The database may be damaged.")
