"""All runs of a live tracking server.

Nearly all of the time is the server's own: one worker reads a thousand runs out of its
database and spells them as 2.4 MB of JSON in 0.7 to 1 s of CPU time, whoever asks, and pages
follow each other, since each names the next. What is left to a client is what MlflowClient
adds to it, 0.2 s, and so the goal is out of reach; the bare request shows how little we add.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.speed import stores
from benchmarks.speed.ground import Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.timed import timed

_LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""It is asked for runs alone."""
_PATIENCE = 120


@contextmanager
def runs(ground: Ground) -> Iterator[Row]:
    count = ground.size.few
    with (
        _serving(ground, stores.of_runs(ground, count)) as address,
        timed(ground, "measurements.server:ours", address, count) as ours,
        timed(ground, "measurements.server:through_mlflow", address, count) as client,
        timed(ground, "measurements.server:bare", address, count) as bare,
    ):
        yield Row(
            f"tracking server, {count:,} runs",
            ours,
            (
                Rival("MlflowClient", client, 0.4, held=0.9),
                Rival("the request alone, and `json.loads`", bare, 1.2),
            ),
        )


def ours(address: str, count: int) -> Callable[[], object]:
    from repro_tui.evidence.tracking import RunQuery, open_reader

    reader = open_reader(address, Path())

    def work() -> None:
        found = reader.runs(RunQuery(max_results=count)).runs
        assert len(found) == count

    return work


def bare(address: str, count: int) -> Callable[[], object]:
    query = {"experiment_ids": ["0"], "max_results": count, "order_by": ["start_time DESC"]}
    asked = urllib.request.Request(
        f"{address}/api/2.0/mlflow/runs/search",
        json.dumps(query).encode(),
        {"Content-Type": "application/json"},
    )

    def work() -> None:
        with urllib.request.urlopen(asked) as answer:
            assert len(json.load(answer)["runs"]) == count

    return work


def through_mlflow(address: str, count: int) -> Callable[[], object]:
    from mlflow import MlflowClient

    client = MlflowClient(address)

    def work() -> None:
        found = client.search_runs(["0"], order_by=["start_time DESC"], max_results=count)
        assert len(found) == count

    return work


@contextmanager
def _serving(ground: Ground, store: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--backend-store-uri", stores.uri(store), "--host", "127.0.0.1", "--port", str(port)),
    ]
    server = subprocess.Popen(
        command, cwd=ground.folder, env=ground.variables() | _LEAN, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        patience = time.monotonic() + _PATIENCE
        while not _healthy(address):
            if server.poll() is not None or time.monotonic() > patience:
                raise RuntimeError("The tracking server did not come up.")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
