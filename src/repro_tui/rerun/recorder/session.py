"""One process' recording, from the start of its interpreter to its end.

The file is written as soon as sys.path is complete, again whenever a generator is
seeded from a new place or a library was imported that has one, and at exit. A process
that is killed leaves what was known by then.
"""

from __future__ import annotations

import _thread
import atexit
import json
import os
import sys
import time

from . import facts, streams
from .generators import Generators
from .imports import AfterImport
from .lineage import Lineage
from .runs import Runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

SCHEMA = "repro-tui.process/1"
# A program that seeds from ever new places must not be slowed down by our writing.
_REWRITES = 64
_PATIENCE = 10.0  # seconds
# Libraries by which the process that trains can be told from its helpers.
_LIBRARIES = (
    "numpy", "scipy", "pandas", "sklearn", "torch", "tensorflow", "keras", "jax", "xgboost",
    "lightgbm", "mlflow",
)  # fmt: skip


class Session:
    def __init__(self, folder: str, lineage: str, executable: str, prefix: str) -> None:
        self._python = {**facts.python(), "executable": executable, "prefix": prefix}
        self._started = int(time.time() * 1000)
        self._folder = folder
        self._path = ""
        self._pid = os.getpid()
        self._rewrites = 0
        self._reasons: list[str] = []
        self._packages: list[dict[str, str]] = []
        self._lineage = Lineage(lineage)
        self._runs = Runs(self._rewrite)
        self._generators: Generators | None = None
        self._active = False
        self._writing = _thread.allocate_lock()

    def start(self) -> None:
        """Raises OSError where the folder cannot be written, and nothing else."""
        self._path = self._lineage.claim(self._folder)
        atexit.register(self._guarded, lambda: self._write(finished=True))
        self._active = self._guarded(self._begin)

    def _begin(self) -> None:
        seed = os.environ.get("REPRO_TUI_SEED", "")
        level = os.environ.get("REPRO_TUI_DETERMINISM", "seed")
        self._generators = Generators(
            int(seed) if seed and level != "off" else None,
            level == "strict",
            self._lineage,
            self._rewrite,
        )
        self._lineage.follow()
        self._generators.start()
        acts = {**self._generators.hooks(), **self._runs.hooks()}
        hooks = {name: self._hook(act) for name, act in acts.items()}
        AfterImport(hooks, self._paths_complete).install()
        os.register_at_fork(after_in_child=self._after_fork)

    def _hook(self, act: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def hook(module: ModuleType) -> None:
            self._active &= self._guarded(lambda: act(module))
            self._rewrite()

        return hook

    def _after_fork(self) -> None:
        if self._generators is not None:
            self._guarded(self._generators.forked)

    def _paths_complete(self) -> None:
        self._guarded(self._write)

    def _rewrite(self) -> None:
        self._rewrites += 1
        if self._rewrites <= _REWRITES:
            self._guarded(self._write)

    def _guarded(self, act: Callable[[], None]) -> bool:
        """The one place where a failure ends: the program must not notice it."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - see above
            self._reasons.append(f"{type(error).__name__}: {error}")
            return False
        return True

    def _write(self, finished: bool = False) -> None:
        # A forked child leaves the file to its parent. Where another thread is writing
        # already, the next occasion or the last record will do.
        if os.getpid() != self._pid or not self._writing.acquire(timeout=_PATIENCE * finished):
            return
        try:
            if finished or not self._packages:
                self._packages = facts.packages(sys.path)
            scratch = self._path + ".part"
            with open(scratch, "w", encoding="utf-8") as file:
                json.dump(self._told(finished), file)
            os.replace(scratch, self._path)
        finally:
            self._writing.release()

    def _told(self, finished: bool) -> dict[str, Any]:
        allowed = json.loads(os.environ.get("REPRO_TUI_VARIABLES", "[]"))
        generators = self._generators
        told: dict[str, Any] = {
            "schema": SCHEMA,
            "lineage": self._lineage.name,
            "pid": self._pid,
            "start": self._started,
            "finished": finished,
            "children": self._lineage.children,
            "loaded": [name for name in _LIBRARIES if facts.loaded(name)],
            "python": self._python,
            "packages": self._packages,
            "libraries": facts.libraries(),
            "variables": {n: os.environ[n] for n in allowed if n in os.environ},
            "randomness": {
                "PYTHONHASHSEED": facts.hash_seed(),
                "hash randomization": bool(sys.flags.hash_randomization),
                "switches": facts.switches(),
            },
            "threads": facts.threads(),
            "device": facts.device(),
            "runs": self._runs.noted,
        }
        if generators is not None:
            told["randomness"].update(generators.sources)
        missed = (
            generators.unattended() if generators is not None and finished and self._active else []
        )
        reasons = [*self._reasons, *(f"{name} was imported past the hooks" for name in missed)]
        told["recorder"] = {
            "active": self._active and not missed,
            "reason": "; ".join(reasons),
            "stream": streams.VERSION,
            "seedless": {} if generators is None else generators.seedless,
        }
        return told
