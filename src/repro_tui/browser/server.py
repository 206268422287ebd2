"""textual-serve behind a lock: whoever opens the page can execute code as the person who serves it.

A server on loopback is within reach of every user of the machine and of every page that
the person's browser shows. So a secret in the printed address is asked for, as Jupyter
does it, and requests that another page made are refused: by their `Origin`, and by their
`Host` where another name was made to lead here (DNS rebinding).
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from repro_tui.errors import ReproError

HOST = "127.0.0.1"
_TOKEN = "token"  # noqa: S105 - the name of the parameter
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self' ws://{authority}; "
    "frame-ancestors 'none'"
)
"""The page asks nobody but this server for anything, and stands in nobody's frame."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BrowserServer(Server):
    """Serves `command`, a shell's line that opens the program, at a secret address.

    `tell` is called with the address once it can be opened.
    """

    def __init__(self, command: str, port: int, tell: Callable[[str], None]) -> None:
        super().__init__(
            command,
            host=HOST,
            port=port,
            title="repro-tui",
            templates_path=Path(__file__).parent / "templates",
        )
        self._tell = tell
        self._token = secrets.token_urlsafe(24)
        self._authority = f"{HOST}:{port}"
        self.public_url = f"http://{self._authority}"
        # Cookies are shared by all ports of a host.
        self._cookie = f"repro-tui-{port}"

    def initialize_logging(self) -> None:
        # aiohttp logs each address that was asked for, the secret one too, at level INFO.
        logging.basicConfig(level=logging.WARNING, format="%(message)s")

    async def _make_app(self) -> web.Application:
        application = await super()._make_app()
        application.middlewares.append(self._guard)
        return application

    async def on_startup(self, app: web.Application) -> None:
        del app
        self._tell(f"{self.public_url}/?{_TOKEN}={self._token}")

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host != self._authority:
            raise web.HTTPForbidden(text="This server answers at its own address alone.")
        if request.headers.get("Origin", self.public_url) != self.public_url:
            raise web.HTTPForbidden(text="Another page may not use this server.")
        if self._fits(request.query.get(_TOKEN)):
            # From here on the secret is in no address that the browser remembers.
            found = web.HTTPFound("/")
            found.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict")
            raise found
        if not self._fits(request.cookies.get(self._cookie)):
            raise web.HTTPForbidden(text="Open the whole address that repro-tui serve printed.")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY.format(authority=self._authority)
            response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _fits(self, token: str | None) -> bool:
        return token is not None and secrets.compare_digest(token.encode(), self._token.encode())


def serve(command: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; port 0: any that is free.

    Raises ReproError where the port is taken.
    """
    try:
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            port = probe.getsockname()[1]
    except OSError as error:
        raise ReproError(
            f"Port {port} cannot be used: {error.strerror}.", "Name another with --port, or 0."
        ) from error
    # textual-serve asks for the thread's loop, which Python no longer makes by itself.
    asyncio.set_event_loop(asyncio.new_event_loop())
    BrowserServer(command, port, tell).serve()
