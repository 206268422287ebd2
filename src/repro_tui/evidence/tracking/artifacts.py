"""Where the files of an artifact URI lie, when that is on this machine, and which there are."""

import os
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from repro_tui.evidence.tracking.reader import Listing, StoredFile

_NAMED_SERVICES = ("databricks", "databricks-uc", "uc")
"""URIs that look like a file name and are none."""


def local_path(uri: str, folder: Path) -> Path | None:
    """The path of a plain path or a `file:` URI of this machine; None for other URIs.

    A relative path is taken from `folder`.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return folder.absolute() / unquote(parts.path)
    if parts.scheme == "" and uri not in ("", *_NAMED_SERVICES):
        return folder.absolute() / uri
    return None


def list_folder(folder: Path, most: int) -> Listing:
    """The files below `folder` as a reader lists them."""
    found: list[StoredFile] = []
    folders = [""]
    while folders and len(found) <= most:
        below = folders.pop()
        try:
            with os.scandir(folder / below) as entries:
                # A folder can hold more than anybody wants to see.
                inside = sorted(islice(entries, most + 1), key=lambda entry: entry.name)
        except OSError as error:
            found.append(StoredFile(f"{below}/", None, f"not readable: {error.strerror}"))
            continue
        deeper = []
        for entry in inside:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                deeper.append(path)
            else:
                found.append(_stored(entry, path))
        folders += reversed(deeper)
    return listed(found, most)


def listed(found: list[StoredFile], most: int) -> Listing:
    """A listing of at most so many of the files."""
    return Listing(tuple(sorted(found[:most], key=lambda file: file.path)), len(found) > most)


def _stored(entry: "os.DirEntry[str]", path: str) -> StoredFile:
    if entry.is_symlink():
        return StoredFile(path, None, "a link, not followed")
    try:
        return StoredFile(path, entry.stat(follow_symlinks=False).st_size)
    except OSError as error:
        return StoredFile(path, None, f"not readable: {error.strerror}")
