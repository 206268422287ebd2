"""Which repository a run came from, and the repository as it was at the run's commit."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import unquote, urlsplit

from repro_tui.errors import ReproError
from repro_tui.evidence.files import decode
from repro_tui.evidence.model import Missing, Run, Tag
from repro_tui.evidence.record import Record
from repro_tui.evidence.repository import Entry, Repository


@dataclass(frozen=True, slots=True)
class Location:
    """Where a run's repository is said to be, and its project in it."""

    repository: str
    """The top of a repository on this machine, or a remote URL."""
    subdirectory: str
    """Of the project inside the repository; empty: its top."""
    script: str = ""
    """For a run without a project: the script, from the top of the repository."""

    @property
    def remote(self) -> bool:
        return _is_remote(self.repository)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository on this machine at one commit that it holds."""

    repository: Repository
    commit: str
    subdirectory: str
    entries: tuple[Entry, ...]
    """Everything at the commit, from the top of the repository."""

    def text(self, entry: Entry, limit: int) -> str:
        """The file's UTF-8 text; ReproError where it is none or longer than `limit` bytes."""
        return decode(self.repository.read_blob(entry.id, limit), entry.path)


def commit_of(run: Run, record: Record | None) -> str | None:
    """The full id of the commit that the run was started from; None: not recorded."""
    if record is not None and record.launch is not None and record.launch.commit:
        return record.launch.commit
    return run.tags.get(Tag.GIT_COMMIT) or None


def locate(run: Run, record: Record | None, here: Path | None = None) -> Location | Missing:
    """Where the repository is that the run was started from.

    Named by the record, the tag `mlflow.source.name` (a project's address with
    `#subdirectory`, or a script's path) and the tag `mlflow.source.git.repoURL`; relative
    paths are looked for in the folder `here`. The first that is on this machine and holds
    the run's commit is taken, then the repository around `here` where it holds the
    commit, then the first that was named: it may lack the commit, or be remote, which is
    not contacted. Missing, with the reason, where nothing can be found.
    """
    commit = commit_of(run, record)
    sources = _sources(run, record)
    named = [place for source in sources if (place := _place(*source, here)) is not None]
    for place in named:
        if not place.remote and _holds(place.repository, commit):
            return place
    if here is not None and sources:
        # A commit's id says what is in it: any clone of the repository will do.
        around = _place(str(here), "", None)
        if around is not None and _holds(around.repository, commit):
            address, subdirectory = sources[0]
            script = address if PurePath(address).suffix and not _is_remote(address) else ""
            return Location(around.repository, subdirectory, script)
    if named:
        return named[0]
    if not sources:
        return Missing("neither a project nor a script was recorded as the run's source")
    return Missing(f"no Git repository is at {sources[0][0]} on this machine")


def snapshot(run: Run, record: Record | None, here: Path | None = None) -> Snapshot | Missing:
    """The run's repository at the run's commit, or why it cannot be had."""
    commit = commit_of(run, record)
    if commit is None:
        return Missing("no commit was recorded: the run was not started in a Git repository")
    location = locate(run, record, here)
    if isinstance(location, Missing):
        return location
    if location.remote:
        return Missing("the repository is remote and has no clone here")
    try:
        repository = Repository.open(Path(location.repository))
        if not repository.has(commit):
            return Missing(f"the commit {commit[:12]} is not in {location.repository}")
        return Snapshot(repository, commit, location.subdirectory, repository.tree(commit))
    except ReproError as error:
        return Missing(error.message)


def _sources(run: Run, record: Record | None) -> list[tuple[str, str]]:
    """Addresses with the project's subdirectory, the surest first."""
    sources = []
    if record is not None and record.launch is not None:
        sources.append((record.launch.repository, record.launch.subdirectory))
    for tag in (Tag.SOURCE_NAME, Tag.GIT_REPO_URL):
        address, _, subdirectory = run.tags.get(tag, "").partition("#")
        sources.append((address, subdirectory))
    return [source for source in sources if source[0]]


def _place(address: str, subdirectory: str, here: Path | None) -> Location | None:
    if _is_remote(address):
        return Location(address, subdirectory)
    path = Path(unquote(urlsplit(address).path) if address.startswith("file:") else address)
    if not path.is_absolute():
        if here is None:
            return None
        path = here / path
    try:
        path = path.resolve(strict=True)
        repository = Repository.open(path)
    except (OSError, ValueError, ReproError):
        return None
    top = repository.root.resolve() if repository.root else path
    inside = path.relative_to(top).as_posix() if path.is_relative_to(top) else "."
    if path.is_file():
        return Location(repository.name, subdirectory, script=inside)
    return Location(repository.name, str(PurePosixPath(inside) / subdirectory).removeprefix("."))


def _holds(repository: str, commit: str | None) -> bool:
    try:
        return commit is not None and Repository.open(Path(repository)).has(commit)
    except ReproError:
        return False


def _is_remote(address: str) -> bool:
    """Whether Git would take it for an address: a scheme, or `host:path` as for scp."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", address):
        return not address.startswith("file://")
    return re.match(r"[^/]+:", address) is not None and not address.startswith("file:")
