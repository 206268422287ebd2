"""Where a run's code is: its repository on this machine, its commit, folder and entry point.

The commit is read where it lies, without a checkout.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run, Tag
from repro_tui.evidence.record import Launch
from repro_tui.evidence.repository import Entry, Repository
from repro_tui.rerun import project
from repro_tui.rerun.model import Project

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Source:
    """Each field is the one of `Situation` with its name."""

    looked_in: tuple[str, ...]
    commit: str
    script: bool
    repository: Repository | None = None
    found: bool = False
    subdirectory: str = ""
    entry_point: str = ""
    project: Project | None = None
    problem: str = ""
    tree: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()


def find_source(run: Run, launch: Launch | None) -> Source:
    """Look for the code of a run where it was, and where the person is."""
    commit = launch.commit if launch else run.tags.get(Tag.GIT_COMMIT, "")
    commit = commit if _COMMIT.fullmatch(commit) else ""
    script = launch is None and run.tags.get(Tag.SOURCE_TYPE) != "PROJECT"
    looked_in: list[str] = []
    opened: list[Repository] = []
    for place in _places(run, launch):
        if str(place) not in looked_in:
            looked_in.append(str(place))
            repository = _open(place)
            if repository is not None:
                opened.append(repository)
    holding = [repository for repository in opened if commit and repository.has(commit)]
    if not holding:
        nearest = opened[0] if opened else None
        return Source(tuple(looked_in), commit, script, nearest)
    repository = holding[0]
    entries = repository.tree(commit)
    tree = frozenset(_with_folders(entry.path for entry in entries))
    if script:
        subdirectory, entry_point = _script(run.tags.get(Tag.SOURCE_NAME, ""), tree)
    else:
        subdirectory = _inside(launch.subdirectory if launch else _subdirectory(run, repository))
        entry_point = launch.entry_point if launch else run.tags.get(Tag.ENTRY_POINT, "main")
    declared, problem = _project(repository, commit, subdirectory, tree)
    return Source(
        tuple(looked_in),
        commit,
        script,
        repository,
        True,
        subdirectory,
        entry_point,
        declared,
        problem,
        tree,
        tuple(_left_out(repository, entries)),
    )


def _places(run: Run, launch: Launch | None) -> Iterator[Path]:
    """Where the repository may be: where the run says, then where the person is."""
    here = Path.cwd()
    names = [run.tags.get(Tag.SOURCE_NAME, "")]
    if launch is not None:
        names.insert(0, launch.repository)
    for name in names:
        path = _local(name)
        if path is not None:
            yield path if path.is_absolute() else here / path.parent
    yield here


def _local(name: str) -> Path | None:
    """The path that a source's name gives; None: it is a remote URL, or nothing."""
    place = name.partition("#")[0]
    if place.startswith("file://"):
        # MLflow writes paths into these as they are; others quote them.
        path = place.removeprefix("file://")
        return Path(path) if Path(path).exists() else Path(unquote(path))
    if not place or "\0" in place or urlsplit(place).scheme or re.match(r"[\w.-]+@[\w.-]+:", place):
        return None
    return Path(place)


def _open(place: Path) -> Repository | None:
    nearest = next((p for p in (place, *place.parents) if p.exists()), None)
    if nearest is None:
        return None
    try:
        return Repository.open(nearest)
    except ReproError:
        return None


def _subdirectory(run: Run, repository: Repository) -> str:
    """The project's folder: behind `#`, or else the folder that was run."""
    name = run.tags.get(Tag.SOURCE_NAME, "")
    if "#" in name:
        return name.partition("#")[2]
    path = _local(name)
    if path is None or repository.root is None or not path.is_relative_to(repository.root):
        return ""
    return path.relative_to(repository.root).as_posix()


def _inside(folder: str) -> str:
    """A folder of the repository as Git spells it; the top where it leads out of it."""
    path = PurePosixPath(folder)
    return "" if path.is_absolute() or ".." in path.parts or not path.parts else str(path)


def _script(name: str, tree: frozenset[str]) -> tuple[str, str]:
    """The folder to run a plain script in, and its path from there; empty: not found.

    MLflow records the script as it was typed, relative to a folder that nobody knows, or
    absolute (`python -m`).
    """
    path = PurePosixPath(name)
    parts = path.parts[1:] if path.is_absolute() else path.parts
    if not parts:
        return "", ""
    if path.is_absolute():
        # Below the repository's top, which may have been another one then.
        tails = (str(PurePosixPath(*parts[start:])) for start in range(len(parts)))
        found, above = next((tail for tail in tails if tail in tree), ""), ""
    else:
        typed = str(PurePosixPath(*parts))
        ends = [path for path in tree if path == typed or path.endswith(f"/{typed}")]
        found = typed if typed in ends else (ends[0] if len(ends) == 1 else "")
        above = found.removesuffix(typed).rstrip("/")
    return above, found.removeprefix(f"{above}/") if above else found


def _project(
    repository: Repository, commit: str, subdirectory: str, tree: frozenset[str]
) -> tuple[Project | None, str]:
    """The MLproject at the commit, or why it cannot be used."""
    top = PurePosixPath(subdirectory)
    paths = sorted(
        path
        for path in tree
        if PurePosixPath(path).name.lower() == project.FILE_NAME
        and PurePosixPath(path).parent == top
    )
    if not paths:
        return None, ""
    try:
        content = repository.read(commit, paths[0], project.SIZE_LIMIT)
        return project.parse(content.decode("utf-8")), ""
    except UnicodeDecodeError:
        return None, f"{paths[0]} at the commit is not UTF-8."
    except ReproError as error:
        return None, error.message


def _left_out(repository: Repository, entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.kind == "commit":
            yield f"the submodule {entry.path}"
        elif PurePosixPath(entry.path).name == ".gitattributes":
            with contextlib.suppress(ReproError):
                if b"filter=lfs" in repository.read_blob(entry.id, project.SIZE_LIMIT):
                    folder = str(PurePosixPath(entry.path).parent)
                    yield "files in Git LFS" + ("" if folder == "." else f" below {folder}")


def _with_folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield path
        yield from map(str, PurePosixPath(path).parents)
