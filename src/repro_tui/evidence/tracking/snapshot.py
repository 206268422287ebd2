"""A copy of a SQLite store that MLflow may migrate as it likes."""

import hashlib
import os
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import sqlite


class Snapshot:
    """The copy, in the cache, of a store whose revision is not known to `schema.py`.

    MLflow migrates a SQLite database that is older than itself as soon as it opens it,
    and the MLflow that wrote it then refuses it: so MLflow is given this copy.
    """

    def __init__(self, path: Path, cache: Path) -> None:
        self._path = path
        self._folder = cache / "stores"

    def uri(self) -> str:
        """The tracking URI of a copy of the store as it is now. Raises ReproError."""
        store = _digest(str(self._path.absolute()))
        copy = self._folder / f"{store}-{_digest(str(sqlite.states(self._path.resolve())))}.db"
        if not copy.exists():
            self._make(copy)
            for stale in self._folder.glob(f"{store}-*.db"):
                if stale != copy:
                    stale.unlink(missing_ok=True)
        return f"sqlite:///{copy.absolute()}"

    def _make(self, copy: Path) -> None:
        unfinished = copy.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sqlite.copy(self._path, unfinished)
            unfinished.replace(copy)
        except OSError as error:
            raise ReproError(
                f"{self._path} cannot be copied to the cache: {error}.",
                "REPRO_TUI_CACHE_DIR names another folder for the cache.",
            ) from error
        finally:
            unfinished.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]
