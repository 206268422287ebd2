"""Git LFS files of a checkout, put in the place of their pointers when the person asked.

Taken from the person's own repository where that has them (`lfs/objects` in its Git
folder), else fetched by `git lfs`. The format of a pointer is that of
https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.repository import Repository
from repro_tui.rerun import masking, remote

_POINTER_LIMIT = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n"
)
_BLOCK = 1 << 20


class _Pointer(NamedTuple):
    path: Path
    oid: str
    """SHA-256 of the file, hexadecimal."""


def add(folder: Path, repository: Path, url: str, commit: str) -> None:
    """Replace the pointers in the checkout `folder` of `commit` by their files.

    `url` is where the repository was fetched from; empty: it is the person's own. Raises
    ReproError where a file cannot be had or is not the one that its pointer names.
    """
    source = Repository.open(repository)
    stores = [source.objects.parent / "lfs" / "objects", folder / ".git" / "lfs" / "objects"]
    pointers = list(_pointers(folder, source, commit))
    missing = [pointer for pointer in pointers if _find(stores, pointer.oid) is None]
    if missing:
        _fetch(folder, url or source.upstream(), commit)
    for pointer in pointers:
        found = _find(stores, pointer.oid)
        if found is None:
            name = pointer.path.relative_to(folder)
            raise ReproError(
                f"The Git LFS file {name} cannot be had.",
                "Fetch it in your own clone (git lfs fetch --all), or go without --lfs.",
            )
        _replace(pointer, found)


def _pointers(folder: Path, source: Repository, commit: str) -> Iterator[_Pointer]:
    for entry in source.tree(commit):
        path = folder / entry.path
        if entry.kind != "blob" or entry.size > _POINTER_LIMIT or path.is_symlink():
            continue
        if path.is_file():
            found = _POINTER.fullmatch(path.read_bytes())
            if found:
                yield _Pointer(path, found[1].decode())


def _find(stores: list[Path], oid: str) -> Path | None:
    places = (store / oid[:2] / oid[2:4] / oid for store in stores)
    return next((place for place in places if place.is_file()), None)


def _fetch(folder: Path, url: str, commit: str) -> None:
    """Let `git lfs` fetch the files of `commit` into the checkout's own Git folder."""
    protocol = address.protocol(url)
    if shutil.which("git-lfs") is None:
        raise ReproError(
            "The commit has Git LFS files that are not in your repository, and git-lfs is not "
            "installed.",
            "Install git-lfs, or go without --lfs.",
        )
    if protocol is None:
        raise ReproError(
            "The commit has Git LFS files that are not in your repository, which names no "
            "server to fetch them from.",
            "Fetch them in your own clone (git lfs fetch --all), or go without --lfs.",
        )
    status, said = remote.git(folder / ".git", protocol, "lfs", "fetch", url, commit)
    if status:
        raise ReproError(
            masking.url(f"git lfs fetch from {url} failed: {said}."),
            "Check your access, or go without --lfs.",
        )


def _replace(pointer: _Pointer, found: Path) -> None:
    mode = pointer.path.stat().st_mode
    draft = pointer.path.with_name(f".{pointer.oid}")
    digest = hashlib.sha256()
    with found.open("rb") as source, draft.open("xb") as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != pointer.oid:
        draft.unlink()
        raise ReproError(f"The Git LFS file {found} is not the one that its name says.")
    draft.chmod(mode)
    draft.replace(pointer.path)
