"""Which reader serves a store."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from repro_tui.evidence.tracking import schema
from repro_tui.evidence.tracking.discover import sqlite_path
from repro_tui.evidence.tracking.reader import Reader
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.client import MlflowProcess

_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgresql+psycopg2")
_SLOW = "This store is read through MLflow, which takes longer"
_EXTRA = "install repro-tui[postgresql]."


def open_reader(uri: str, cache: Path) -> Reader:
    """The quickest reader that serves the store at `uri`.

    A relative path in `uri` is taken from the working directory, as MLflow does. Copies
    are kept below `cache`. Raises ReproError where a database is missing, locked or no
    MLflow store; what other stores lack shows with the first call.
    """
    # A reader is imported where it is the one: each brings libraries of its own.
    from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess

    process = MlflowProcess()
    if (path := sqlite_path(uri, Path.cwd())) is not None:
        from repro_tui.evidence.tracking import sqlite

        revision = sqlite.revision(path)
        if revision in schema.REVISIONS:
            return sqlite.SqliteReader(uri, path, process)
        from repro_tui.evidence.tracking.snapshot import Snapshot

        return ClientReader(uri, process, Snapshot(path, cache), _unknown(revision))
    if urlsplit(uri).scheme in _POSTGRESQL:
        return _postgresql(uri, process)
    from repro_tui.evidence.tracking.http import served
    from repro_tui.evidence.tracking.rest import RestReader

    client = ClientReader(uri, process)
    return RestReader(uri, client) if served(uri) else client


def _postgresql(uri: str, process: "MlflowProcess") -> Reader:
    from repro_tui.evidence.tracking.client import ClientReader

    try:
        # It needs an extra, and half a second.
        from repro_tui.evidence.tracking.postgresql import PostgresqlReader
    except ImportError as error:
        return ClientReader(uri, process, remark=f"{_SLOW}: {error}; {_EXTRA}")
    reader = PostgresqlReader(uri, process)
    with ExitStack() as unless_it_is_read:
        unless_it_is_read.callback(reader.close)
        revision = reader.revision()
        if revision in schema.REVISIONS:
            unless_it_is_read.pop_all()
            return reader
    return ClientReader(uri, process, remark=_unknown(revision))


def _unknown(revision: str) -> str:
    return f"{_SLOW}: its schema {visible(revision, 40)} is not known to repro-tui."
