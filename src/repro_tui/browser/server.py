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
import signal
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
    """Serves `command`, a shell's line that opens the program, at a secret address."""

    def __init__(self, command: str, port: int) -> None:
        super().__init__(
            command,
            host=HOST,
            port=port,
            title="repro-tui",
            templates_path=Path(__file__).parent / "templates",
        )
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
        """Nothing: textual-serve would print an address without the secret."""

    def serve_on(self, bound: socket.socket, tell: Callable[[str], None]) -> None:
        """Serve until Ctrl-C or SIGTERM. `tell` is called with the address once it answers.

        textual-serve's own `serve` binds the port itself and does not say when that is done.
        """
        self.initialize_logging()
        loop = asyncio.new_event_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.request_exit)
        address = f"{self.public_url}/?{_TOKEN}={self._token}"
        web.run_app(
            self._make_app(), sock=bound, handle_signals=False, loop=loop,
            print=lambda _: tell(address),
        )  # fmt: skip

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
    with contextlib.closing(socket.socket()) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
        except OSError as error:
            raise ReproError(
                f"Port {port} cannot be used: {error.strerror}.", "Name another with --port, or 0."
            ) from error
        BrowserServer(command, bound.getsockname()[1]).serve_on(bound, tell)
