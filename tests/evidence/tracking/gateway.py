"""A gateway before a tracking server, as companies have them: TLS, client certificates, logins."""

import http.client
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Gateway:
    address: str
    certificate: Path
    """What its clients must trust."""
    own: Path
    """Certificate and key of a client that it trusts."""
    wanted: str = ""
    """The only header `Authorization` that it lets through."""
    cuts: bool = False
    """Whether it hangs up in the middle of every answer."""


@contextmanager
def gateway(server: str, folder: Path) -> Iterator[Gateway]:
    certificate, own = folder / "gateway.pem", folder / "client.pem"
    for path, name in ((certificate, "gateway"), (own, "client")):
        _certify(path, name)
    told = Gateway("", certificate, own)
    behind = urlsplit(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization", "") != told.wanted:
                self._answer(401, b"Who are you?", cut=False)
                return
            assert behind.hostname
            connection = http.client.HTTPConnection(behind.hostname, behind.port)
            connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self._answer(answer.status, answer.read(), cut=told.cuts)
            connection.close()

        def do_GET(self) -> None:
            self.do_POST()

        def _answer(self, status: int, content: bytes, *, cut: bool) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            self.close_connection = cut

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that were refused hang up: that is what is tested."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=own)
    context.load_cert_chain(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with Quiet(("127.0.0.1", 0), Handler) as listening:
        listening.socket = context.wrap_socket(
            listening.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        told.address = f"https://127.0.0.1:{listening.server_address[1]}"
        yield told
        listening.shutdown()


def _certify(path: Path, name: str) -> None:
    """A certificate that is its own authority, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
