"""A real terminal: tmux, a server of its own, one window, keys in and text out."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 120.0
"""Seconds after which what was waited for is taken not to come."""


@dataclass(frozen=True)
class Terminal:
    """`socket` names the server's socket."""

    socket: Path

    def send(self, *keys: str) -> None:
        """Press keys, named as tmux names them."""
        self._tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", text)

    def text(self) -> str:
        """All that is to be read on the screen."""
        return self._tmux("capture-pane", "-p")

    def until(self, *wanted: str, times: int = 1) -> str:
        """Wait until each is to be read, so many times at least; the whole screen then."""
        end = time.monotonic() + _PATIENCE
        while not all((seen := self.text()).count(part) >= times for part in wanted):
            assert time.monotonic() < end, f"{wanted} never came:\n{seen}"
            time.sleep(0.05)
        return seen

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True
        ).stdout


@contextmanager
def terminal(
    command: str, folder: Path, environment: Mapping[str, str], width: int, height: int
) -> Iterator[Terminal]:
    """A terminal of that size with `command` running in `folder`; what ends it leaves `ended`."""
    # A socket's path may have 107 characters, which pytest's folders can exceed.
    socket = Path(f"/tmp/repro-tui-{os.getpid()}.tmux")
    # tmux would take the variables of whoever started a server first.
    variables = [f"{name}={value}" for name, value in environment.items()]
    subprocess.run(
        ["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d",
         "-x", str(width), "-y", str(height), "-c", folder,
         "env", "-i", *variables, "sh", "-c", f"{command}; echo ended; exec cat"],
        check=True,
    )  # fmt: skip
    try:
        yield Terminal(socket)
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], check=False)
        socket.unlink(missing_ok=True)
