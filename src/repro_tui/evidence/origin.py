"""Where a run's code came from: the repository on this machine, the commit, the project."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct, field

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.files import decode
from repro_tui.evidence.model import Missing, Run
from repro_tui.evidence.record import Launch
from repro_tui.evidence.repository import Entry, Repository
from repro_tui.evidence.tags import Tag

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Places(Struct, frozen=True):
    """Where repositories are looked for, beside where the runs themselves say."""

    here: Path
    """Where the person is; relative paths start here."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Old paths and URLs, and what stands for them now."""
    cache: Path | None = None
    """The cache with what was fetched from remote repositories."""
    also: tuple[str, ...] = ()
    """Looked in last."""
    only: str = ""
    """Where it is; nowhere else is looked."""


class Snapshot(Struct, frozen=True):
    """A repository on this machine at one commit that it holds."""

    repository: Repository
    commit: str
    subdirectory: str
    """Of the project, or the folder that a plain script was run in; empty: the top."""
    entries: tuple[Entry, ...]
    """Everything at the commit, from the top of the repository, ordered by path."""
    url: str = ""
    """Where it was fetched from; empty: it is the person's own."""

    def text(self, entry: Entry, limit: int) -> str:
        """The file's UTF-8 text; ReproError where it is none or longer than `limit` bytes."""
        return decode(self.repository.read_blob(entry.id, limit), entry.path)


class Origin(Struct, frozen=True):
    """What is known of a run's code."""

    commit: str
    """Whole and hexadecimal; empty: the run does not tell."""
    looked_in: tuple[str, ...]
    """Where the repository was looked for on this machine."""
    opened: tuple[str, ...]
    """The repositories that were found there."""
    remotes: tuple[str, ...]
    """Addresses of other machines that the run names; they are not contacted here."""
    entry_point: str
    """As recorded. Of a plain script its path from `subdirectory`, or as it was typed
    where that path cannot be found."""
    script: bool
    """Whether it was a plain `python train.py`, not a project's entry point."""
    code: Snapshot | Missing
    """The code itself, or why it cannot be had."""


def origin(run: Run, launch: Launch | None, places: Places) -> Origin:
    """Find the code of a run: by its record, its tags, and in the repository around it.

    The first repository that holds the commit is taken, wherever it lies: a commit's id
    says what is in it. Remote addresses are not contacted.
    """
    tags = run.tags
    commit = launch.commit if launch else tags.get(Tag.GIT_COMMIT) or tags.get(Tag.COMMIT, "")
    commit = commit if _COMMIT.fullmatch(commit) else ""
    name = run.tags.get(Tag.SOURCE_NAME, "")
    script = launch is None and run.tags.get(Tag.SOURCE_TYPE) != "PROJECT"
    entry_point = launch.entry_point if launch else run.tags.get(Tag.ENTRY_POINT, "")
    if script or (launch is not None and launch.verbatim):
        entry_point = entry_point or name
    named = tuple(dict.fromkeys(_names(run, launch, places)))
    remotes = tuple(dict.fromkeys(address.split(n)[0] for n in named if address.is_remote(n)))
    near = (address.local(name) for name in named if not address.is_remote(name))
    looked_in = tuple(dict.fromkeys(str(places.here / path) for path in near))
    opened = list(_opened(looked_in, remotes, places.cache))
    code: Snapshot | Missing
    if not commit:
        code = Missing("no commit was recorded: the run was not started in a Git repository")
    elif holding := next(((found, url) for found, url in opened if found.has(commit)), None):
        repository, url = holding
        entries = repository.tree(commit)
        if script and not run.tags.get(Tag.ENTRY_POINT):
            subdirectory, entry_point = _script(name, entries)
        elif launch is not None:
            subdirectory = launch.subdirectory
        else:
            subdirectory = _subdirectory(address.moved(name, places.moved), repository)
        code = Snapshot(repository, commit, _inside(subdirectory), entries, url)
    elif remotes and address.is_remote(named[0]):
        code = Missing("the repository is remote and has no clone here")
    elif opened:
        code = Missing(f"the commit {commit[:12]} is not in {opened[0][0].name}")
    else:
        code = Missing(f"no Git repository is at {looked_in[0]} on this machine")
    found = tuple(repository.name for repository, url in opened if not url)
    return Origin(commit, looked_in, found, remotes, entry_point, script, code)


def _names(run: Run, launch: Launch | None, places: Places) -> Iterator[str]:
    """What may name the repository: what the run says, then where the person is."""
    if places.only:
        yield places.only
        return
    names = [launch.repository] if launch is not None else []
    names += [run.tags.get(Tag.SOURCE_NAME, ""), run.tags.get(Tag.GIT_REPO_URL, "")]
    for name in names:
        if name:
            yield address.moved(name, places.moved)
    yield str(places.here)
    yield from places.also


def _opened(
    paths: tuple[str, ...], remotes: tuple[str, ...], cache: Path | None
) -> Iterator[tuple[Repository, str]]:
    """The repositories that there are, those that were fetched with their address."""
    places = [(Path(path), "") for path in paths]
    if cache is not None:
        clones = [(address.clone(url, cache), url) for url in remotes]
        places += [(clone, url) for clone, url in clones if clone.is_dir()]
    for place, url in places:
        repository = _open(place)
        if repository is not None:
            yield repository, url


def _open(place: Path) -> Repository | None:
    # `Path.exists` raises on names that are too long; a tag can be any text.
    nearest = next((p for p in (place, *place.parents) if os.path.exists(p)), None)  # noqa: PTH110
    try:
        return Repository.open(nearest) if nearest is not None else None
    except ReproError:
        return None


def _subdirectory(name: str, repository: Repository) -> str:
    """The project's folder: behind `#`, or else the folder that was run."""
    _, folder = address.split(name)
    if folder or address.is_remote(name) or repository.root is None:
        return folder
    path = address.local(name)
    if not path.is_relative_to(repository.root):
        return ""
    return path.relative_to(repository.root).as_posix()


def _inside(folder: str) -> str:
    """A folder of the repository as Git spells it; the top where it leads out of it."""
    path = PurePosixPath(folder)
    return "" if path.is_absolute() or ".." in path.parts or not path.parts else str(path)


def _script(name: str, entries: tuple[Entry, ...]) -> tuple[str, str]:
    """The folder that a plain script was run in, and the script's path from there.

    MLflow records the script as it was typed, relative to a folder that nobody knows, or
    absolute (`python -m`), below a top that may lie elsewhere now. Where the commit does
    not tell which file it was, the script stays as it was typed.
    """
    paths = [entry.path for entry in entries]
    path = PurePosixPath(name)
    if path.is_absolute():
        tails = ["/".join(path.parts[start:]) for start in range(1, len(path.parts))]
        return "", next((tail for tail in tails if tail in paths), name)
    ends = [found for found in paths if found == str(path) or found.endswith(f"/{path}")]
    if str(path) in ends or len(ends) != 1:
        return "", str(path) if str(path) in ends else name
    return ends[0].removesuffix(f"/{path}"), str(path)
