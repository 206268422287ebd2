"""Which reader serves a store."""

from pathlib import Path

from repro_tui.evidence.tracking import schema, sqlite
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.discover import sqlite_path
from repro_tui.evidence.tracking.http import served
from repro_tui.evidence.tracking.reader import Reader
from repro_tui.evidence.tracking.rest import RestReader
from repro_tui.evidence.tracking.snapshot import Snapshot
from repro_tui.evidence.tracking.sqlite import SqliteReader


def open_reader(uri: str, cache: Path) -> Reader:
    """The quickest reader that serves the store at `uri`.

    A relative path in `uri` is taken from the working directory, as MLflow does. Copies
    are kept below `cache`. Raises ReproError where a SQLite file is missing, locked or
    no MLflow store; what other stores lack shows with the first call.
    """
    process = MlflowProcess()
    path = sqlite_path(uri, Path.cwd())
    if path is None:
        client = ClientReader(uri, process)
        return RestReader(uri, client) if served(uri) else client
    if sqlite.revision(path) in schema.REVISIONS:
        return SqliteReader(uri, path, process)
    return ClientReader(uri, process, Snapshot(path, cache))
