"""Programs on a pseudo-terminal: when something is on screen, and what it has cost so far."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pexpect
import psutil
from benchmarks.speed.ground import Ground

_HEIGHT, _WIDTH = 45, 160
_PATIENCE = 60
"""Seconds after which something that should be on screen is said to be missing."""
_QUIET = 0.03
"""Seconds without output after which a screen is taken to be drawn."""


class Terminal(NamedTuple):
    """A program under way."""

    process: "pexpect.spawn[str]"
    started: float

    def see(self, text: str) -> float:
        """Wait until `text` is written in one piece; seconds since the program was started."""
        self._wait_for(text)
        return time.perf_counter() - self.started

    def press(self, keys: str) -> None:
        self.process.send(keys)

    def respond(self, keys: str, text: str) -> float:
        """Press, and wait until `text` is written; seconds."""
        start = time.perf_counter()
        self.process.send(keys)
        self._wait_for(text)
        return time.perf_counter() - start

    def _wait_for(self, text: str) -> None:
        try:
            self.process.expect_exact(text, timeout=_PATIENCE)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            raise RuntimeError(f"{text!r} was not seen: {type(error).__name__}") from error

    def settle(self, quiet: float = _QUIET) -> None:
        """Read until nothing more is written."""
        with suppress(pexpect.TIMEOUT):
            while True:
                self.process.read_nonblocking(1 << 16, timeout=quiet)
        self.process.buffer = ""

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def cpu(self) -> float:
        """Seconds of CPU time that the process has used, in all its threads."""
        # The clock of another process: see clock_getcpuclockid(3).
        return time.clock_gettime((~self.pid << 3) | 2)

    @property
    def peak(self) -> float:
        """The most memory that it ever held, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return float(line.split()[1]) * 1024


@contextmanager
def on_terminal(
    ground: Ground, command: Sequence[str], tracking_uri: str = ""
) -> Iterator[Terminal]:
    """The program, started; killed with all its children in the end."""
    started = time.perf_counter()
    process = pexpect.spawn(
        command[0], list(command[1:]), env=ground.variables(tracking_uri), cwd=ground.folder,
        dimensions=(_HEIGHT, _WIDTH), encoding="utf-8", codec_errors="replace", maxread=1 << 16,
    )  # fmt: skip
    process.delaybeforesend = process.delayafterread = None
    try:
        yield Terminal(process, started)
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill(signal.SIGKILL)
        process.wait()
        process.close()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
