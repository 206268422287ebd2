"""Everything that a plan needs to know: from the store, from Git, from this machine.

Nothing is written and nothing of the run is executed. The commit is read where it lies,
without a checkout.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run, Tag
from repro_tui.evidence.record import FOLDER, Launch, Record, read_record
from repro_tui.evidence.repository import Entry, Repository
from repro_tui.evidence.tracking import Reader
from repro_tui.evidence.tracking.database import revision
from repro_tui.evidence.tracking.discover import sqlite_path
from repro_tui.rerun import project
from repro_tui.rerun.model import Device, Project, Request
from repro_tui.rerun.situation import Environment, Situation
from repro_tui.settings import Settings

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_TIMEOUT = 30.0
_QUESTION = """
import importlib.metadata, json, platform
found = [
    (d.metadata["Name"], d.version, d.read_text("direct_url.json"))
    for d in importlib.metadata.distributions()
]
print(json.dumps([platform.python_version(), [one for one in found if one[0] and one[1]]]))
"""
_REVISION = re.compile(r"^(down_)?revision(?:: [^=]*)? = ['\"]([0-9a-f]+)['\"]", re.MULTILINE)


def survey(
    request: Request, reader: Reader, settings: Settings, devices: tuple[Device, ...]
) -> Situation:
    """Look up what stands around the run of the request.

    Raises ReproError where the store does not hold the run.
    """
    run = reader.run(request.run_id)
    record = _record(run, reader, settings)
    launch = record.launch if record is not None else None
    code = _code(run, launch)
    interpreter = _interpreter()
    recorded = _recorded(record)
    active = {e.experiment_id for e in reader.experiments() if e.lifecycle_stage == "active"}
    declared = code.project.environment if code.project is not None else ""
    return Situation(
        run=run,
        tracking_uri=reader.uri,
        launch=launch,
        patch=_patch(record),
        recorded=recorded,
        experiment_active=run.experiment_id in active,
        migrates=_migrates(reader.uri),
        repository=code.repository.name if code.repository is not None else None,
        looked_in=code.looked_in,
        commit=code.commit,
        commit_found=code.found,
        subdirectory=code.subdirectory,
        entry_point=code.entry_point,
        script=code.script,
        project=code.project,
        project_problem=code.problem,
        tree=code.tree,
        left_out=code.left_out,
        paths=_existing_paths(_values(request, run, launch, code.project)),
        devices=devices,
        tools=_tools(docker=declared.startswith("docker_env")),
        interpreter=interpreter,
        environment=_environment(interpreter) if interpreter else None,
    )


# --- The original's record ---------------------------------------------------------


def _record(run: Run, reader: Reader, settings: Settings) -> Record | None:
    into = settings.cache / "records" / run.run_id / FOLDER
    folder = reader.fetch(f"{run.artifact_uri.rstrip('/')}/{FOLDER}", into)
    record = read_record(folder.parent) if folder is not None else None
    return record if isinstance(record, Record) else None


def _patch(record: Record | None) -> str | None:
    if record is None:
        return ""
    try:
        return record.patch()
    except ReproError:
        return None


def _recorded(record: Record | None) -> Environment | None:
    if record is None or record.packages is None or record.python is None:
        return None
    packages = {str(canonicalize_name(name)): version for name, version, _ in record.packages}
    return Environment(str(record.python.get("version", "")), packages)


# --- The code ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Code:
    """What Git tells of the run's code. Each field as the one of `Situation`."""

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


def _code(run: Run, launch: Launch | None) -> _Code:
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
        return _Code(tuple(looked_in), commit, script, nearest)
    repository = holding[0]
    entries = repository.tree(commit)
    tree = frozenset(_with_folders(entry.path for entry in entries))
    if script:
        subdirectory, entry_point = _script(run.tags.get(Tag.SOURCE_NAME, ""), tree)
    else:
        subdirectory = _inside(launch.subdirectory if launch else _subdirectory(run, repository))
        entry_point = launch.entry_point if launch else run.tags.get(Tag.ENTRY_POINT, "main")
    declared, problem = _project(repository, commit, subdirectory, tree)
    return _Code(
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


# --- This machine ------------------------------------------------------------------


def _values(
    request: Request, run: Run, launch: Launch | None, declared: Project | None
) -> Iterator[str]:
    """Every value that a parameter may come to have."""
    yield from request.overrides.values()
    yield from map(project.unquote, run.params.values())
    if launch is not None:
        yield from launch.parameters.values()
    for entry_point in declared.entry_points.values() if declared else ():
        for parameter in entry_point.parameters.values():
            yield parameter.default or ""


def _existing_paths(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if value.startswith("/") and _exists(value))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _tools(*, docker: bool) -> frozenset[str]:
    found = {name for name in ("uv", "virtualenv", "conda") if shutil.which(name)}
    if docker and _answer("docker", "version", "--format", "{{.Server.Version}}"):
        found.add("docker")
    return frozenset(found)


def _interpreter() -> str:
    """What `python` means here: the activated environment's, or else our own.

    A program that was started by its path, without activating its environment, finds
    another `python` on PATH than the one it was installed for.
    """
    if os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX"):
        return shutil.which("python") or ""
    return sys.executable


def _environment(interpreter: str) -> Environment | None:
    answer = _answer(interpreter, "-I", "-c", _QUESTION)
    if not answer:
        return None
    python, found = json.loads(answer)
    packages, editable = {}, {}
    for name, version, origin in found:
        packages[str(canonicalize_name(name))] = version
        # https://packaging.python.org/en/latest/specifications/direct-url/
        told = json.loads(origin) if origin else {}
        if told.get("dir_info", {}).get("editable"):
            editable[name] = unquote(urlsplit(told["url"]).path)
    return Environment(python, packages, editable)


def _migrates(tracking_uri: str) -> bool:
    """Whether MLflow, opening the store, would migrate its schema.

    It does so unasked with SQLite. The newest schema is the one of MLflow's migrations
    that no other one follows; they are read as text, because importing MLflow is slow.
    """
    path = sqlite_path(tracking_uri, Path.cwd())
    found = find_spec("mlflow")
    if path is None or found is None or found.origin is None:
        return False
    names = [
        told
        for migration in Path(found.origin).parent.glob("store/db_migrations/versions/*.py")
        for told in _REVISION.findall(migration.read_text(encoding="utf-8"))
    ]
    followed = {name for down, name in names if down}
    return revision(path) not in {name for down, name in names if not down} - followed


def _answer(*command: str) -> str:
    """What a command prints; empty: it cannot be run, or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
