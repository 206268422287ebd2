"""Who descends from whom: one name for every process of a job, the same in every repeat.

A process tells its next child its lineage by an environment variable. The children
are counted where they are started, so that the names follow the order of the program
and not that of the scheduler; a process that finds its name taken (children of a shell)
takes the next free one.
"""

from __future__ import annotations

import functools
import os
import sys

from . import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VARIABLE = "REPRO_TUI_LINEAGE"

_PROJECT = "mlflow"
_PROJECT_COMMANDS = (["mlflow", "run"], ["-m", "mlflow", "run"])


def of_this_process() -> str | None:
    """The lineage that this process was told; None: it prepares another one, and stands aside.

    `mlflow run` only starts the process that trains, beside others that make its
    environment; uv asks interpreters about themselves, and builds packages, as often as
    its cache wants it. They are passed over, so that the one that trains is the first by
    descent: the same command is the first, and so draws the same, where it is started
    by itself. `mlflow run` hands it a run (before CPython 3.10 a process cannot tell
    that it is `mlflow run`), and `uv run` counts itself in a variable.
    """
    if "UV" in os.environ and "UV_RUN_RECURSION_DEPTH" not in os.environ:
        return None
    told = os.environ.get(VARIABLE) or streams.ROOT
    words = getattr(sys, "orig_argv", [])[1:4]
    words = [os.path.basename(word) for word in words]
    if told == streams.ROOT and any(words[: len(c)] == c for c in _PROJECT_COMMANDS):
        os.environ[VARIABLE] = _PROJECT
        return None
    return streams.ROOT if told == _PROJECT and "MLFLOW_RUN_ID" in os.environ else told


class Lineage:
    """This process' place. `name` is `0`, `0.1`, `0.1.2`…

    Children are counted by the program that they run, and named after it unless it is
    Python: whether a library asks `gcc` or `git` for something first, and what it keeps
    from the last time, must not move the streams of the workers.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._counts: dict[str, int] = {}

    @property
    def children(self) -> int:
        """Processes that this one has started, forked ones included."""
        return sum(self._counts.values())

    def claim(self, folder: str) -> str:
        """Make this lineage's file in `folder`, under the first free name; return its path."""
        wanted, repeat = self.name, 0
        while True:
            path = os.path.join(folder, f"process-{self.name}.json")
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except FileExistsError:
                repeat += 1
                self.name = f"{wanted}+{repeat}"
            else:
                return path

    def follow(self) -> None:
        """Name every child from now on, however it is started."""
        os.environ[VARIABLE] = f"{self.name}.0"
        os.register_at_fork(before=lambda: self._count(""), after_in_child=self._forked)
        _wrap_starts(self._count)

    def _count(self, program: str) -> str:
        """Count one more child; return its name."""
        count = self._counts[program] = self._counts.get(program, 0) + 1
        return f"{self.name}.{program}{count}"

    def _forked(self) -> None:
        """Become the child of the fork that was counted just before it."""
        self.name, self._counts = f"{self.name}.{self._counts['']}", {}
        os.environ[VARIABLE] = f"{self.name}.0"


def _wrap_starts(count: Callable[[str], str]) -> None:
    """Count the children of subprocess, multiprocessing and loky.

    They start a program by `_posixsubprocess.fork_exec`, whose arguments are first argv,
    second the paths to try, sixth the environment as a list of `b"NAME=value"`, or None
    for the one that stands; subprocess also by `os.posix_spawn`, the more the newer
    Python is. A caller that made an environment of its own still hands our variables
    on, or its child would silently go without a seed.
    """
    import _posixsubprocess

    original_fork_exec = _posixsubprocess.fork_exec

    def fork_exec(*arguments: Any) -> int:
        os.environ[VARIABLE] = count(_program(arguments[1][0]))
        if arguments[5] is not None:
            own = [entry for entry in arguments[5] if not entry.startswith(b"REPRO_TUI_")]
            own += [os.fsencode(f"{name}={value}") for name, value in _ours().items()]
            arguments = (*arguments[:5], own, *arguments[6:])
        return original_fork_exec(*arguments)

    _posixsubprocess.fork_exec = fork_exec

    for name in ("posix_spawn", "posix_spawnp"):
        original = getattr(os, name, None)
        if original is not None:
            setattr(os, name, _counted_spawn(original, count))


def _counted_spawn(original: Callable[..., int], count: Callable[[str], str]) -> Callable[..., int]:
    @functools.wraps(original)
    def spawn(path: Any, argv: Any, env: Any, **options: Any) -> int:
        os.environ[VARIABLE] = count(_program(path))
        if env is not None:  # From 3.13 on, None: the environment that stands.
            env = {**env, **_ours()}
        return original(path, argv, env, **options)

    return spawn


def _ours() -> dict[str, str]:
    """What the recorder was told, for a child."""
    return {name: os.environ[name] for name in os.environ if name.startswith("REPRO_TUI_")}


def _program(path: str | bytes | os.PathLike[str]) -> str:
    """A program's name, fit for a file's; empty for Python."""
    name = os.path.basename(os.fsdecode(path))
    if name.startswith("python"):
        return ""
    return "".join(c if c.isalnum() else "_" for c in name)[:32] + "-"
