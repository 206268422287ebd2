"""Where a Git repository lies: found as Git finds it (`gitrepository-layout(5)`), read as files.

Git itself would ask first who owns the repository, and refuse one of somebody else's.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_HEAD = re.compile(rb"ref:\s*refs/|[0-9a-f]{40}")
_BARE = re.compile(rb"^\s*bare\s*(=\s*(true|yes|on|1)\s*)?$", re.IGNORECASE | re.MULTILINE)
_MOST = 1 << 20
"""Bytes of a file that names a folder, and of a configuration: they have a few hundred."""


@dataclass(frozen=True, slots=True)
class GitDir:
    git_dir: Path
    """What `GIT_DIR` names: of a linked working tree its own."""
    common: Path
    """With the objects and branches; that of the main working tree where there are several."""
    root: Path | None
    """The top of the working tree; None for a bare repository."""


def find(folder: Path) -> GitDir | None:
    """The repository that an absolute `folder` lies in. Raises OSError, ValueError."""
    for top in (folder, *folder.parents):
        dotgit = top / ".git"
        if dotgit.is_file():
            # Git looks no further, whatever the file says.
            named = _named(dotgit, b"gitdir: ")
            return None if named is None else _at(named, top)
        if found := _at(dotgit, top) or _at(top, top.parent if top.name == ".git" else None):
            return found
    return None


def _at(git_dir: Path, root: Path | None) -> GitDir | None:
    """The repository whose folder this is, if it is one."""
    try:
        head = os.fsencode(os.readlink(git_dir / "HEAD"))  # noqa: PTH115 - as it is written
        head = b"ref: " + head
    except OSError:
        try:
            head = _start(git_dir / "HEAD")
        except OSError:
            return None
    linked = (git_dir / "commondir").is_file()
    common = _named(git_dir / "commondir") if linked else git_dir
    if common is None or not _HEAD.match(head):
        return None
    if not ((common / "objects").is_dir() and (common / "refs").is_dir()):
        return None
    bare = not linked and _BARE.search(_start(git_dir / "config"))
    return GitDir(git_dir, common, None if bare else root)


def _named(file: Path, before: bytes = b"") -> Path | None:
    """The folder that a file names, from the one that it lies in."""
    content = _start(file)
    if not content.startswith(before):
        return None
    return Path(os.path.normpath(file.parent / os.fsdecode(content[len(before) :].rstrip(b"\r\n"))))


def _start(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(_MOST)
