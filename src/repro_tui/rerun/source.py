"""What a re-execution needs to know of a commit: its MLproject, its tree, what it lacks.

The commit is read where it lies, without a checkout.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.origin import Snapshot
from repro_tui.rerun import project
from repro_tui.rerun.model import Project, Request

_SCRIPTS = 500
"""Python files that are looked into."""


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
    return Source(
        declared,
        problem,
        files,
        frozenset(_with_folders(files)),
        tuple(_own_store(code)),
        tuple(_left_out(code, request)),
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


def _own_store(code: Snapshot) -> Iterator[str]:
    """The project's Python files that choose a tracking store by themselves."""
    top = PurePosixPath(code.subdirectory)
    scripts = [
        entry
        for entry in code.entries
        if entry.kind == "blob"
        and entry.path.endswith(".py")
        and PurePosixPath(entry.path).is_relative_to(top)
        and entry.size <= project.SIZE_LIMIT
    ][:_SCRIPTS]
    contents = code.repository.read_blobs([entry.id for entry in scripts])
    for entry, content in zip(scripts, contents, strict=True):
        if b"set_tracking_uri(" in content:
            yield entry.path


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


def _with_folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield path
        yield from map(str, PurePosixPath(path).parents)
