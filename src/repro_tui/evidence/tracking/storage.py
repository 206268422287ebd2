"""Artifact locations that are no folder of this machine: what they offer, and which files."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from repro_tui.evidence.tracking.artifacts import listed
from repro_tui.evidence.tracking.reader import Listing, StoredFile

_MOST_FOLDERS = 10_000


class Entry(Struct, frozen=True):
    """What a storage lists: a file or a folder."""

    path: str
    """From the top of the artifact location, `/` between parts."""
    is_dir: bool
    size: int | None
    """Bytes; None where the storage does not tell."""


class Storage(Protocol):
    """An artifact location that is not a folder of this machine. Any thread may ask."""

    def entries(self, folder: str) -> Iterable[Entry]:
        """What lies in a folder; the location's own top is the empty path."""
        ...

    def get(self, path: str, target: Path) -> None:
        """Write the file to `target`, whose folder exists. Raises ReproError or OSError."""
        ...


def walk(storage: Storage) -> Iterator[Entry]:
    """All files of a storage, folder by folder."""
    folders, seen = [""], {""}
    while folders:
        for entry in storage.entries(folders.pop(0)):
            if not entry.is_dir:
                yield entry
            elif entry.path not in seen and len(seen) < _MOST_FOLDERS:
                # Each is a request, and a server may list a folder in itself.
                seen.add(entry.path)
                folders.append(entry.path)


def list_storage(storage: Storage, most: int) -> Listing | None:
    """The files in a storage as a reader lists them; None: there are none."""
    found = [StoredFile(file.path, file.size) for file in islice(walk(storage), most + 1)]
    return listed(found, most) if found else None
