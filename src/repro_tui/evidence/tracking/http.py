"""A tracking server's public REST API, asked over connections that are kept open.

Authentication and TLS follow MLflow's own environment variables:
https://mlflow.org/docs/latest/self-hosting/security/
"""

import base64
import configparser
import contextlib
import http.client
import json
import os
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from msgspec import Struct, field

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.discover import without_password
from repro_tui.text import visible

_MOST_BYTES = 2**29
"""No honest answer is larger: a page of runs has some megabytes."""
_PIECE = 1 << 20
_ARTIFACTS = "mlflow-artifacts/artifacts"
_TRUSTED = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OWN = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
_UNSERVED = ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_WORKSPACE")


def served(uri: str) -> bool:
    """Whether `Server` can talk to `uri`: no proxy, no plugin for authentication or headers."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    proxied = parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(
        parts.hostname
    )
    plugins = entry_points(group="mlflow.request_header_provider")
    return not (proxied or plugins or any(os.environ.get(name) for name in _UNSERVED))


class RefusedError(ReproError):
    """The server answered with an error; `code` is MLflow's name of it, `status` HTTP's."""

    def __init__(self, message: str, hint: str, code: str, status: int) -> None:
        super().__init__(message, hint)
        self.code = code
        self.status = status


class Server(Struct):
    """The API below `uri`. Any thread may ask; connections are used again."""

    uri: str
    _idle: list[http.client.HTTPConnection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, endpoint: str, **query: str | int) -> dict[str, Any]:
        return self._ask("GET", f"mlflow/{endpoint}?{urlencode(query)}", b"")

    def post(self, endpoint: str, **body: object) -> dict[str, Any]:
        return self._ask("POST", f"mlflow/{endpoint}", json.dumps(body).encode())

    def artifacts(self, folder: str) -> dict[str, Any]:
        """What lies in a folder of the artifacts that the server gives out itself."""
        return self._ask("GET", f"{_ARTIFACTS}?{urlencode({'path': folder})}", b"")

    def artifact(self, path: str) -> Iterator[bytes]:
        """The content of one of those artifacts, piece by piece."""
        parts = urlsplit(self.uri)
        with _answering(parts):
            connection, response = self._begin(parts, "GET", f"{_ARTIFACTS}/{quote(path)}", b"")
        try:
            if response.status != http.client.OK:
                with _answering(parts):
                    content = response.read(_MOST_BYTES)
                _answer(parts, response.status, content)
            while True:
                with _answering(parts):
                    piece = response.read(_PIECE)
                if not piece:
                    break
                yield piece
        finally:
            self._end(connection, response)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Raises RefusedError for an answer that is an error, ReproError where there is none."""
        parts = urlsplit(self.uri)
        with _answering(parts):
            connection, response = self._begin(parts, method, path, body)
            try:
                content = response.read(_MOST_BYTES)
                if not response.isclosed():
                    raise http.client.HTTPException(f"its answer exceeds {_MOST_BYTES} bytes")
            finally:
                self._end(connection, response)
        return _answer(parts, response.status, content)

    def _begin(
        self, parts: SplitResult, method: str, path: str, body: bytes
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask; the answer's head has come. `_end` must be called with both."""
        url = f"{parts.path.rstrip('/')}/api/2.0/{path}"
        headers = {"Content-Type": "application/json"} | _authorization(parts)
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection:
            # The server may end a connection that was idle: not an error yet.
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                return connection, _response(connection, method, url, body, headers)
        connection = _connect(parts)
        return connection, _response(connection, method, url, body, headers)

    def _end(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        """Keep the connection for the next question, where all of the answer was read."""
        if response.isclosed():
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()


@contextlib.contextmanager
def _answering(parts: SplitResult) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ReproError(
            f"The certificate of the tracking server at {_shown(parts)} is not trusted:"
            f" {error.verify_message}.",
            "Name the authority that it is from with MLFLOW_TRACKING_SERVER_CERT_PATH.",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise ReproError(
            f"The tracking server at {_shown(parts)} does not answer: {error}.",
            "Check the address, and that the server is running.",
        ) from error


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    assert parts.hostname
    timeout = _timeout()
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=_tls())


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    named = next((name for name in _TRUSTED if os.environ.get(name)), None)
    if named:
        with _certificate(named) as path:
            context = ssl.create_default_context(
                cafile=None if path.is_dir() else path, capath=path if path.is_dir() else None
            )
    if os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if os.environ.get(_OWN):
        with _certificate(_OWN) as path:
            context.load_cert_chain(path)
    return context


@contextlib.contextmanager
def _certificate(name: str) -> Iterator[Path]:
    """The file that a variable names; ReproError where it cannot be used."""
    try:
        yield Path(os.environ[name])
    except OSError as error:
        raise ReproError(
            f"The certificate that {name} names cannot be used: {error}.",
            "It is a file in PEM format; correct or unset the variable.",
        ) from error


def _authorization(parts: SplitResult) -> dict[str, str]:
    """MLflow's order: name and password, of the variables or its file, then the token."""
    user = os.environ.get("MLFLOW_TRACKING_USERNAME") or _kept("mlflow_tracking_username")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") or _kept("mlflow_tracking_password")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if not (user and password) and not token and parts.username:
        user, password = unquote(parts.username), unquote(parts.password or "")
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _kept(name: str) -> str:
    """A value of the file that MLflow keeps credentials in; empty where it has none."""
    path = Path("~/.mlflow/credentials").expanduser()
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read(path, encoding="utf-8")
    except (OSError, ValueError, configparser.Error) as error:
        raise ReproError(f"{path} cannot be read.", "Correct or remove it.") from error
    return file.get("mlflow", name, fallback="")


def _timeout() -> float:
    text = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    try:
        return float(text)
    except ValueError:
        raise ReproError(
            f"MLFLOW_HTTP_REQUEST_TIMEOUT is {text!r}, which is no number of seconds.",
            "Correct or unset it.",
        ) from None


def _response(
    connection: http.client.HTTPConnection,
    method: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    try:
        connection.request(method, url, body, headers)
        return connection.getresponse()
    except BaseException:
        connection.close()
        raise


def _answer(parts: SplitResult, status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if status == http.client.OK and isinstance(answer, dict):
        return answer
    told = answer if isinstance(answer, dict) else {}
    code, message = str(told.get("error_code", "")), str(told.get("message", ""))
    shown = _shown(parts)
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        raise RefusedError(
            f"The tracking server at {shown} refuses access ({status}).",
            "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
            code,
            status,
        )
    if code:
        reason = visible(message.strip().partition("\n")[0], 300)
        raise RefusedError(f"The tracking server says: {reason}", "", code, status)
    raise RefusedError(
        f"What answers at {shown} is no MLflow tracking server (status {status}).",
        "Check the address: it is the one that the MLflow UI is opened at.",
        code,
        status,
    )


def _shown(parts: SplitResult) -> str:
    return without_password(parts.geturl())
