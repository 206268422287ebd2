"""What a re-execution needs to know of a commit: its MLproject, its tree, what it lacks.

The commit is read where it lies, without a checkout.
"""

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.origin import Snapshot
from repro_tui.evidence.sources import is_source
from repro_tui.rerun import project
from repro_tui.rerun.model import Project, Request

_MOST_TEXTS = 500
"""Files that are looked into."""
_MOST_IGNORED = 1_000
"""Files and folders that Git ignores, of which it is looked up whether the code names them."""
_TEXTS = (".py", ".yaml", ".yml", ".toml", ".json", ".cfg", ".ini", ".sh")
"""Endings of code and configuration."""


class Source(Struct, frozen=True):
    """Each field is the one of `Situation` with its name."""

    project: Project | None = None
    project_problem: str = ""
    files: frozenset[str] = frozenset()
    tree: frozenset[str] = frozenset()
    own_store: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def read_source(code: Snapshot, request: Request) -> Source:
    """Read the commit of a run. What the request asks to bring along is not left out."""
    files = frozenset(entry.path for entry in code.entries)
    declared, problem = _project(code, files)
    texts = _texts(code)
    return Source(
        declared,
        problem,
        files,
        frozenset(_with_folders(files)),
        tuple(_own_store(texts)),
        (*_left_out(code, request), *_ignored(code, request, texts)),
    )


def _project(code: Snapshot, files: frozenset[str]) -> tuple[Project | None, str]:
    """The MLproject at the commit, or why it cannot be used."""
    top = PurePosixPath(code.subdirectory)
    paths = sorted(
        path
        for path in files
        if PurePosixPath(path).name.lower() == project.FILE_NAME
        and PurePosixPath(path).parent == top
    )
    if not paths:
        return None, ""
    try:
        content = code.repository.read(code.commit, paths[0], project.SIZE_LIMIT)
        return project.parse(content.decode("utf-8")), ""
    except UnicodeDecodeError:
        return None, f"{paths[0]} at the commit is not UTF-8."
    except ReproError as error:
        return None, error.message


def _texts(code: Snapshot) -> Mapping[str, bytes]:
    """The project's code and configuration by path."""
    top = PurePosixPath(code.subdirectory)
    entries = [
        entry
        for entry in code.entries
        if entry.kind == "blob"
        and (entry.path.endswith(_TEXTS) or PurePosixPath(entry.path).name == project.FILE_NAME)
        and PurePosixPath(entry.path).is_relative_to(top)
        and entry.size <= project.SIZE_LIMIT
    ][:_MOST_TEXTS]
    contents = code.repository.read_blobs([entry.id for entry in entries])
    return dict(zip((entry.path for entry in entries), contents, strict=True))


def _own_store(texts: Mapping[str, bytes]) -> Iterator[str]:
    """The project's Python files that choose a tracking store by themselves."""
    for path, content in texts.items():
        if path.endswith(".py") and b"set_tracking_uri(" in content:
            yield path


def _left_out(code: Snapshot, request: Request) -> Iterator[str]:
    for entry in code.entries:
        if entry.kind == "commit":
            if not request.submodules:
                yield f"the submodule {entry.path} (--submodules)"
        elif PurePosixPath(entry.path).name == ".gitattributes" and not request.lfs:
            with contextlib.suppress(ReproError):
                if b"filter=lfs" in code.repository.read_blob(entry.id, project.SIZE_LIMIT):
                    folder = str(PurePosixPath(entry.path).parent)
                    below = "" if folder == "." else f" below {folder}"
                    yield f"files in Git LFS{below} (--lfs)"


def _ignored(code: Snapshot, request: Request, texts: Mapping[str, bytes]) -> Iterator[str]:
    """What Git ignores in the working tree and the project names: often its data."""
    if code.repository.root is None:
        return
    status, listed = code.repository.attempt(
        "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"
    )
    found = listed.split(b"\0")[:-1] if status == 0 else []
    # Folders first: of many files in one that is not ignored itself some will do.
    found.sort(key=lambda name: not name.endswith(b"/"))
    text = b"\n".join(texts.values())
    for name in found[:_MOST_IGNORED]:
        path = PurePosixPath(os.fsdecode(name))
        asked_for = any(path.is_relative_to(link) for link in request.links)
        if not asked_for and is_source(str(path)) and _names(text, path, name.endswith(b"/")):
            yield f"{path} (ignored by Git: --link {shlex.quote(str(path))})"


def _names(text: bytes, path: PurePosixPath, is_folder: bool) -> bool:
    """Whether a text names a file or a folder, by its path or put together from parts."""
    last = os.fsencode(path.name)
    if is_folder:
        return any(spelled % last in text for spelled in (b"%s/", b'"%s"', b"'%s'"))
    return any(before + last in text for before in (b'"', b"'", b"/", b" ", b"="))


def _with_folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield path
        yield from map(str, PurePosixPath(path).parents)
