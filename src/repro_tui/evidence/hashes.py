"""SHA-256 of files hashed earlier, by what the file system tells of them; safe to delete.

As in Git's index, a file counts as the same while its path, device, inode, size and times
of modification and of change are: writing to a file sets the last one, and no program can
set it back. What was written within the last two seconds is not kept, since another write
could get the same time (Git, Documentation/technical/racy-git.txt). A program that has a
file mapped for writing may change it unseen, so this is for files that are finished.
"""

import contextlib
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

FILE = "hashes.db"
MOST = 200_000
"""Files that are remembered: those hashed last."""
RACY = 2_000_000_000
"""Nanoseconds."""
_DIGEST = re.compile("[0-9a-f]{64}")
_TABLE = """create table if not exists hashes (
    number integer primary key autoincrement, path blob unique, identity text, digest text
)"""
_ASK = "select digest from hashes where path = ? and identity = ?"
_KEEP = "insert or replace into hashes (path, identity, digest) values (?, ?, ?)"
_FORGET = "delete from hashes where number <= (select max(number) from hashes) - ?"


def identity(status: os.stat_result) -> str:
    """What differs as soon as a path leads to another file or that one was written to."""
    numbers = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return " ".join(map(str, numbers))


class Hashes:
    """Any thread may ask and tell; what was told is kept when the block is left.

    A database that is broken or cannot be had knows nothing, and nothing is kept in it.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / FILE
        self._lock = threading.Lock()
        self._new: list[tuple[bytes, str, str]] = []
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        with self._tolerant():
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = sqlite3.connect(self._path, timeout=1, check_same_thread=False)
            self._database.execute(_TABLE)
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is None:
            return
        with contextlib.closing(self._database) as database, self._tolerant():
            if self._new:
                with database:
                    database.executemany(_KEEP, self._new)
                    database.execute(_FORGET, (MOST,))
        self._database = None

    def recall(self, path: str, status: os.stat_result) -> str | None:
        """The digest of an opened file in hexadecimal, if that is known."""
        if self._database is None or not status.st_ino:
            return None
        with self._lock, self._tolerant():
            kept = self._database.execute(_ASK, (os.fsencode(path), identity(status))).fetchone()
            if kept and _DIGEST.fullmatch(kept[0]):
                return str(kept[0])
        return None

    def tell(self, path: str, status: os.stat_result, digest: str, began: int) -> None:
        """A file was hashed that was in this state before and after; `began`: ns since 1970."""
        if status.st_ino and began - max(status.st_mtime_ns, status.st_ctime_ns) >= RACY:
            with self._lock:
                self._new.append((os.fsencode(path), identity(status), digest))

    @contextlib.contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError:
            pass  # locked, read-only or full: for this time
        except (sqlite3.DatabaseError, OSError, TypeError):
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
