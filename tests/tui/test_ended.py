"""How the program leaves a terminal when somebody kills it by name."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path


def test_killed_by_name_it_gives_the_terminal_back(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [Path(sys.executable).with_name("repro-tui")],
        cwd=tmp_path,
        env={
            **os.environ,
            "TERM": "xterm-256color",
            **{
                name: str(tmp_path)
                for name in ("REPRO_TUI_STATE_DIR", "REPRO_TUI_CACHE_DIR", "XDG_CONFIG_HOME")
            },
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while b"mlflow.db" not in drawn:  # The sentence that there is no store.
            assert select.select([ours], [], [], 60)[0], drawn
            drawn += os.read(ours, 65536)
        program.send_signal(signal.SIGTERM)
        try:
            while more := os.read(ours, 65536):
                drawn += more
        except OSError:
            pass  # What a terminal says once nobody has it open.
        assert program.wait() == 128 + signal.SIGTERM
    finally:
        program.kill()
        program.wait()
        os.close(ours)
    assert drawn.rindex(b"\x1b[?1049l") > drawn.rindex(b"\x1b[?1049h")
    assert drawn.rindex(b"\x1b[?25h") > drawn.rindex(b"\x1b[?25l")
