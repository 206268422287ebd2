"""Servers that want a password, end connections, or are none of MLflow's.

The servers here are the standard library's, and answer what the test says: MLflow's own
server is asked in `test_contract.py`.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.http import Server, served
from repro_tui.evidence.tracking.rest import RestReader


@dataclass
class StandIn:
    """A server that gives one answer to every request and keeps what it was asked."""

    address: str = ""
    status: int = 200
    content: bytes = b'{"experiments": []}'
    hangs_up: bool = False
    """Whether it ends every connection after the answer without saying so."""
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    told = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            told.connections += 1
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            told.headers.append(dict(self.headers))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.content)))
            self.end_headers()
            self.wfile.write(told.content)
            if told.hangs_up:
                self.close_connection = True

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield told
        server.shutdown()


@pytest.fixture
def reader(stand_in: StandIn) -> Iterator[RestReader]:
    reader = RestReader(stand_in.address, ClientReader(stand_in.address, MlflowProcess()))
    yield reader
    reader.close()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "abc"}, "Bearer abc"),
        (
            {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "100%"},
            "Basic bWU6MTAwJQ==",
        ),
        (
            {
                "MLFLOW_TRACKING_USERNAME": "me",
                "MLFLOW_TRACKING_PASSWORD": "100%",
                "MLFLOW_TRACKING_TOKEN": "abc",
            },
            "Basic bWU6MTAwJQ==",
        ),
    ],
)
def test_credentials_come_from_mlflows_variables(
    stand_in: StandIn,
    reader: RestReader,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    expected: str | None,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert reader.experiments() == ()
    assert stand_in.headers[0].get("Authorization") == expected


def test_credentials_come_from_mlflows_file(
    stand_in: StandIn, reader: RestReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    kept = tmp_path / ".mlflow" / "credentials"
    kept.parent.mkdir()
    kept.write_text("[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = 100%\n")
    assert reader.experiments() == ()
    assert stand_in.headers[0]["Authorization"] == "Basic bWU6MTAwJQ=="
    kept.write_text("not a [file")
    with pytest.raises(ReproError, match="cannot be read"):
        reader.experiments()


def test_a_connection_is_used_again(stand_in: StandIn, reader: RestReader) -> None:
    for _ in range(5):
        reader.experiments()
    assert (stand_in.connections, len(stand_in.headers)) == (1, 5)


def test_a_server_may_end_idle_connections(stand_in: StandIn, reader: RestReader) -> None:
    stand_in.hangs_up = True
    for _ in range(3):
        assert reader.experiments() == ()
    assert stand_in.connections == 3


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (200, b"<html>hello</html>", "no MLflow tracking server"),
        (404, b"", "no MLflow tracking server"),
        (302, b"{}", "no MLflow tracking server"),
        (401, b"You are not authenticated", "refuses access"),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}', "refuses access"),
        (500, b'{"error_code": "INTERNAL_ERROR", "message": "\\u001b[2Joh"}', r"\\x1b\[2Joh"),
        (200, b"[]", "no MLflow tracking server"),
        (200, b'{"experiments": 3}', "would not give"),
        (200, b'{"experiments": [{}]}', "would not give"),
        (200, b'{"experiments": ["x"]}', "would not give"),
    ],
)
def test_an_unfit_answer_is_told(
    stand_in: StandIn, reader: RestReader, status: int, content: bytes, message: str
) -> None:
    stand_in.status, stand_in.content = status, content
    with pytest.raises(ReproError, match=message):
        reader.experiments()


@pytest.mark.parametrize(
    "run", [{}, {"info": {}}, {"info": 3}, {"info": {"run_id": "x"}, "data": []}, [], None, "x"]
)
def test_an_unfit_run_is_told(stand_in: StandIn, reader: RestReader, run: object) -> None:
    stand_in.content = json.dumps({"run": run, "runs": [run]}).encode()
    for call in (reader.run, reader.logged_models):
        with pytest.raises(ReproError):
            call("x")
    with pytest.raises(ReproError):
        reader.runs(RunQuery())


def test_an_answer_without_end_is_not_read(
    stand_in: StandIn, reader: RestReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repro_tui.evidence.tracking.http._MOST_BYTES", 10)
    with pytest.raises(ReproError, match="exceeds"):
        reader.experiments()


def test_a_server_that_goes_away_is_told_without_its_password() -> None:
    server = Server("http://me:secret@127.0.0.1:1/prefix")
    with pytest.raises(ReproError, match="does not answer") as refusal:
        server.get("runs/get", run_id="x")
    assert "secret" not in str(refusal.value)
    assert "/prefix" in refusal.value.message


def test_what_it_cannot_do_is_left_to_mlflow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri = "https://mlflow.example.org"
    assert served(uri)
    assert isinstance(open_reader(uri, tmp_path), RestReader)
    assert not served("databricks")
    assert not served("postgresql://db.example.org/x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org")
    assert not served(uri)
    assert isinstance(open_reader(uri, tmp_path), ClientReader)
    monkeypatch.setenv("NO_PROXY", "mlflow.example.org")
    assert served(uri)
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    assert not served(uri)
