"""The recorder: seeds the process that it is loaded into, and records what it was.

Runs in anybody's training process, at the start of the interpreter, from CPython 3.8
on: standard library alone, nothing on stdout or stderr, and whatever goes wrong in it
goes into the record, never into the program. `REPRO_TUI_RECORD` names the folder that
every process of a job leaves `process-<lineage>.json` in; without it nothing is done.
"""

from __future__ import annotations

import os

_started = False


def start(executable: str, prefix: str) -> None:
    """Seed and record this process, where it was asked for.

    `executable` and `prefix` are those of the real environment, which an overlay hides
    from the process. The first call counts: `site` runs the `.pth` files of a virtual environment twice.
    """
    global _started
    folder = os.environ.get("REPRO_TUI_RECORD")
    if not folder or _started:
        return
    _started = True
    from .session import Session

    Session(folder, executable, prefix).start()
