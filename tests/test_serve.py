"""`repro-tui serve`: locked, on loopback, and the program itself in a real Chromium."""

import asyncio
import base64
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from PIL import Image
from tests.evidence.tracking import stores

_PATIENCE = 60.0
_BINARY = 2
"""The opcode of frames that hold the terminal's output; text ones hold notes to the page."""
_CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--window-size=1000,600",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that is printed by the program, served on a store with runs."""
    folder = tmp_path_factory.mktemp("served")
    uri = f"sqlite:///{folder}/mlflow.db"
    stores.populate(uri, folder)
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("repro-tui"),
            "serve",
            "--port",
            "0",
            "--tracking-uri",
            uri,
        ],
        cwd=folder,
        env=stores.environment()
        | {f"REPRO_TUI_{place}_DIR": str(folder / place) for place in ("STATE", "CACHE")}
        | {"XDG_CONFIG_HOME": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(_PATIENCE) == 0


async def status(address: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(address, headers=headers, allow_redirects=False) as response,
    ):
        return response.status


async def test_nobody_comes_in_without_the_secret(served: str) -> None:
    plain = served.partition("?")[0]
    assert urlsplit(served).hostname == "127.0.0.1"
    assert await status(plain) == 403
    assert await status(f"{plain}ws") == 403
    assert await status(f"{plain}static/js/textual.js") == 403
    assert await status(f"{plain}?token=guessed") == 403
    assert await status(served) == 302


async def test_other_pages_and_other_names_are_refused(served: str) -> None:
    secret = served.partition("token=")[2]
    port = urlsplit(served).port
    cookie = f"repro-tui-{port}={secret}"
    plain = served.partition("?")[0]
    assert await status(plain, Cookie=cookie) == 200
    assert await status(plain, Cookie=cookie, Origin="https://example.org") == 403
    assert await status(f"{plain}ws", Cookie=cookie, Origin="https://example.org") == 403
    assert await status(plain, Cookie=cookie, Host=f"example.org:{port}") == 403


async def test_the_page_asks_nobody_else(served: str) -> None:
    cookies = aiohttp.CookieJar(unsafe=True)  # For a host that is an address, as ours.
    async with (
        aiohttp.ClientSession(cookie_jar=cookies) as session,
        session.get(served) as response,
    ):
        page = await response.text()
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "https://" not in page
    assert served.partition("token=")[2] not in page


def test_a_port_that_is_taken_is_named(served: str) -> None:
    port = urlsplit(served).port
    refused = subprocess.run(
        [Path(sys.executable).with_name("repro-tui"), "serve", "--port", str(port)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert f"Port {port} cannot be used" in refused.stderr


class Browser:
    """A tab of a real Chromium, over its DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self.output = ""
        """What the program wrote to its terminal in the page."""

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        self._last += 1
        asked = self._last
        await self._socket.send_json({"id": asked, "method": method, "params": params})
        while True:
            message = await self._next()
            if message.get("id") == asked:
                result: dict[str, Any] = message["result"]
                return result

    async def until(self, text: str) -> None:
        while text not in self.output:
            await self._next()

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, text=key)

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=_PATIENCE)
        if message.get("method") == "Network.webSocketFrameReceived":
            frame = message["params"]["response"]
            if frame["opcode"] == _BINARY:
                self.output += base64.b64decode(frame["payloadData"]).decode(errors="replace")
        return message


@contextmanager
def chromium(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        ["chromium", *_CHROMIUM, f"--user-data-dir={folder}", "about:blank"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)


@asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[Browser]:
    with chromium(folder) as process:
        assert process.stderr is not None
        line = ""
        while "DevTools listening on" not in line:
            line = await asyncio.to_thread(process.stderr.readline)
            assert line, "Chromium has ended"
        host = urlsplit(line.split()[-1]).netloc
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{host}/json/list") as response:
                (page,) = [tab for tab in await response.json() if tab["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Browser(socket)


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Debian's chromium")
async def test_the_program_runs_in_a_browser(served: str, tmp_path: Path) -> None:
    async with tab(tmp_path / "browser") as browser:
        await browser.call("Network.enable")
        await browser.call("Page.enable")
        await browser.call("Page.navigate", url=served)
        await browser.until("parent")
        await browser.press("?")
        await browser.until("This screen")
        picture = await browser.call("Page.captureScreenshot")
        where = await browser.call("Runtime.evaluate", expression="window.location.href")
    content = base64.b64decode(picture["data"])
    if kept := os.environ.get("PICTURES"):
        (Path(kept) / "browser.png").write_bytes(content)
    # The terminal is drawn: a page that only says `Opening…` has a handful of colours.
    assert len(Image.open(io.BytesIO(content)).convert("RGB").getcolors(1 << 20) or ()) > 50
    assert "token" not in where["result"]["value"]
