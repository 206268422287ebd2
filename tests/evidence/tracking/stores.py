"""Real stores, made by real MLflow, for the tests of this folder."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from repro_tui.evidence.tracking import Reader, RunQuery
from repro_tui.evidence.tracking.client import MlflowProcess
from repro_tui.evidence.tracking.sqlite import SqliteReader

HERE = Path(__file__).parent
ESCAPE = "\x1b]0;owned\x07 \u202eevil\u200b [/bold] 雪 ﷽"
"""A name that would set a terminal's title and turn text round."""
OLD_RUN = "0123456789abcdef0123456789abcdef"
"""The one run of the databases that `schemas.py` makes."""
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    # Eight more processes beside each server, for work that no store is asked for here.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True)
class Store:
    """A populated store; `run_ids` by the names that `populate.py` gives them."""

    uri: str
    path: Path
    """The database file, or the folder of a file store."""
    run_ids: Mapping[str, str]
    server: str = ""


def environment() -> dict[str, str]:
    """This process's variables without MLflow's, which its stores must not see."""
    inherited = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    return inherited | QUIET


def python(*arguments: str, cwd: Path) -> str:
    """Run Python to its end; what it printed."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment(),
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout


def populate(uri: str, folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(python(str(HERE / "populate.py"), uri, ESCAPE, cwd=folder))
    return found


@contextmanager
def server(database: Path, *, arguments: tuple[str, ...] = ()) -> Iterator[str]:
    """The address of a live tracking server over `database`, on loopback."""
    port = free_port()
    folder = database.parent
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{database}", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--artifacts-destination", str(folder / "served"), *arguments]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: process.poll() is not None or _healthy(address))
        assert process.poll() is None, (folder / "server.log").read_text()
        yield address
    finally:
        # The server may have ended by itself.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Wait until `condition` holds, and fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below `folder`: the digest of its bytes and when it was changed."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def reader_of(path: Path) -> SqliteReader:
    return SqliteReader(f"sqlite:///{path}", path, MlflowProcess())


def read_everything(reader: Reader) -> str:
    """Call every method for every run; all that came, as a text."""
    experiments = reader.experiments()
    everywhere = tuple(experiment.experiment_id for experiment in experiments)
    query = RunQuery(experiment_ids=everywhere, include_deleted=True, order_by=("metrics.loss",))
    page = reader.runs(query)
    ids = [run.run_id for run in page.runs]
    found: list[object] = [experiments, page, reader.outline(query), reader.runs_of(ids)]
    found += [reader.resolve("latest"), reader.resolve("latest~1")]
    for run in page.runs:
        found += [reader.run(run.run_id), reader.datasets(run.run_id)]
        found += [reader.logged_models(run.run_id), reader.resolve(run.run_id[:20])]
        found += [history.values.tolist() for history in reader.histories(run.run_id).values()]
    return repr(found)
