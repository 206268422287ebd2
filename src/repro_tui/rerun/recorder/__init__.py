"""The recorder: seeds the process that it is loaded into, and records what it was.

Runs in anybody's training process, at the start of the interpreter, from CPython 3.8
on: standard library alone, nothing on stdout or stderr, and whatever goes wrong in it
goes into the record, never into the program. `REPRO_TUI_RECORD` names the folder that
every process of a job leaves `process-<lineage>.json` in, or `failure-<pid>.txt`;
without it nothing is done.
"""

from __future__ import annotations

import os

_started = False


def start(executable: str, prefix: str) -> None:
    """Seed and record this process, where it was asked for. Never raises.

    `executable` and `prefix` are those of the real environment, which an overlay hides
    from the process. Only the first call counts: `site` runs the `.pth` files of a
    virtual environment twice.
    """
    global _started
    folder = os.environ.get("REPRO_TUI_RECORD")
    if not folder or _started:
        return
    _started = True
    try:
        from . import lineage

        own = lineage.of_this_process()
        if own is not None:
            from .session import Session

            Session(folder, own, executable, prefix).start()
    except Exception as error:  # noqa: BLE001 - the program must not notice
        _leave_reason(folder, error)


def _leave_reason(folder: str, error: Exception) -> None:
    """Say in words why there is no record, where even that can be written."""
    try:
        with open(os.path.join(folder, f"failure-{os.getpid()}.txt"), "w") as file:
            file.write(f"{type(error).__name__}: {error}")
    except OSError:
        return
