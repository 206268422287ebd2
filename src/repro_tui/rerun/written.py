"""What a run wrote into its checkout beside what it logged: kept with the job, and listed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMA = "repro-tui.written/1"
NAME = "written.json"
_LEFT_OUT = (".git", "__pycache__")


def look(folder: Path) -> dict[str, list[int]]:
    """Every file below `folder` as it is now: size, time and inode."""
    return {path: _state(found) for path, found in _files(folder)}


def keep(folder: Path, before: Mapping[str, list[int]], into: Path) -> dict[str, Any]:
    """Move the files of `folder` that are new or changed into `into`; return their list.

    Links are listed with where they lead and not followed. Raises OSError where a file
    cannot be read or moved.
    """
    listed: list[dict[str, Any]] = []
    for path, found in _files(folder):
        if before.get(path) == _state(found):
            continue
        if found.is_symlink():
            listed.append({"path": path, "link": str(found.readlink())})
            continue
        with found.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        listed.append({"path": path, "size": found.stat().st_size, "sha256": digest})
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(found, target)
    return {"schema": SCHEMA, "files": listed}


def write(listed: Mapping[str, Any], record: Path) -> None:
    """Write the list to the record of the execution."""
    record.mkdir(parents=True, exist_ok=True)
    (record / NAME).write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")


def _state(path: Path) -> list[int]:
    status = path.lstat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for top, folders, files in os.walk(folder):
        links = [name for name in folders if Path(top, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted([*files, *links]):
            path = Path(top, name)
            if path.is_symlink() or path.is_file():
                yield path.relative_to(folder).as_posix(), path
