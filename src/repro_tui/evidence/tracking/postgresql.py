"""A PostgreSQL tracking database, read in transactions that can write nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import psycopg
from psycopg import errors
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.client import MlflowProcess
from repro_tui.evidence.tracking.relational import DatabaseReader, Row, Transaction
from repro_tui.evidence.tracking.sql import POSTGRESQL, Dialect
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.relational import Points

T = TypeVar("T")

_CONNECTION = {
    # A server that does not answer is to be told of in seconds.
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    # A pooler between us and the server may hand each transaction to another session.
    "prepare_threshold": None,
}
_PATIENCE = "SET LOCAL lock_timeout = '5s'"
"""How long a table that is being migrated is waited for."""
_ROWS_AT_ONCE = 5000

# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": a signature and
# two integers of 32 bits, then rows of a count of columns and a length before each value.
_COPY_HEADER = 19
_POINT = np.dtype(
    [
        *(("columns", ">i2"), ("step_length", ">i4"), ("step", ">i8")),
        *(("timestamp_length", ">i4"), ("timestamp", ">i8")),
        *(("value_length", ">i4"), ("value", ">f8")),
    ]
)


class PostgresqlReader(DatabaseReader):
    """`postgresql:` stores. Connections are kept; those that were cut meanwhile are noticed."""

    def __init__(self, uri: str, process: MlflowProcess) -> None:
        """Raises ReproError where `uri` is not understood."""
        super().__init__(uri, process)
        try:
            url = make_url(uri)
        except (SQLAlchemyError, ValueError) as error:
            raise ReproError(
                "The address of the PostgreSQL database is not understood.",
                "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and what is special in the"
                " password as %XX.",
            ) from error
        self._place = f"{url.database} at {url.host or 'the default host'}"
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={
                name: value for name, value in _CONNECTION.items() if name not in url.query
            },
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
            pool_pre_ping=True,
        )

    def revision(self) -> str:
        """The alembic revision of the database, known or not. Raises ReproError."""
        return self._transaction(lambda store: store.revision)

    def close(self) -> None:
        self._engine.dispose()
        super().close()

    def _transaction(self, reading: Callable[[Transaction], T]) -> T:
        try:
            with self._engine.connect() as connection, connection.begin():
                driver = connection.connection.driver_connection
                assert isinstance(driver, psycopg.Connection)
                driver.execute(_PATIENCE)
                return reading(_PostgresqlTransaction(driver, self._revision(driver)))
        except SQLAlchemyError as error:
            raise self._explained(getattr(error, "orig", None) or error) from error
        except (psycopg.Error, UnicodeError) as error:
            raise self._explained(error) from error

    def _revision(self, connection: "psycopg.Connection[Row]") -> str:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except errors.UndefinedTable:
            row = None
        if row is None:
            raise ReproError(
                f"The PostgreSQL database {self._place} is no MLflow tracking store.",
                "Name another store with --tracking-uri.",
            )
        return str(row[0])

    def _explained(self, error: BaseException) -> ReproError:
        reason = visible(" ".join(str(error).split()), 300)
        if isinstance(error, errors.LockNotAvailable):
            return ReproError(
                f"The PostgreSQL database {self._place} is locked: another program has been"
                " changing its tables for 5 seconds.",
                "Try again when that program has finished.",
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return ReproError(
                f"The PostgreSQL database {self._place} may not be read: {reason}.",
                "Its owner can allow it: GRANT SELECT ON ALL TABLES IN SCHEMA public TO YOU.",
            )
        if isinstance(error, psycopg.OperationalError | SQLAlchemyError):
            return ReproError(
                f"The PostgreSQL database {self._place} does not answer: {reason}.",
                "Check the address, the user and the password, and that the server is running.",
            )
        return ReproError(f"The PostgreSQL database {self._place} cannot be read: {reason}.")


@dataclass(frozen=True, slots=True)
class _PostgresqlTransaction(Transaction):
    connection: "psycopg.Connection[Row]"
    revision: str
    dialect: Dialect = POSTGRESQL

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self.connection.execute(_marked(sql), values).fetchall()

    def chunks(self, sql: str, values: Sequence[object] = ()) -> Iterator[list[Row]]:
        cursor = self.connection.execute(_marked(sql), values)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield rows

    def points(self, sql: str, values: Sequence[object]) -> "Points":
        with self.connection.cursor().copy(
            b"COPY (%b) TO STDOUT (FORMAT BINARY)" % _marked(sql), values
        ) as copy:
            content = b"".join(copy)
        count = (len(content) - _COPY_HEADER) // _POINT.itemsize
        points = np.frombuffer(content, _POINT, count, _COPY_HEADER)
        lengths = points["step_length"], points["timestamp_length"], points["value_length"]
        if not all(np.all(length == 8) for length in lengths):
            raise ReproError("A metric holds what is no number.")
        return (
            points["step"].astype(np.int64),
            points["timestamp"].astype(np.int64),
            points["value"].astype(np.float64),
        )


def _marked(sql: str) -> bytes:
    """SQL with question marks as psycopg has it."""
    return sql.replace("?", "%s").encode()
