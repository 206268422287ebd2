"""The submodules of a checkout, filled in when the person asked for them.

Not by `git submodule update`: it would clone from wherever the commit says, with whatever
protocol. Each submodule is taken from the person's own repository where that has it, and
else fetched as every other commit is. URLs and paths come from the commit: a stranger's.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.repository import Repository
from repro_tui.rerun import masking, remote
from repro_tui.rerun.checkout import populate

_DEPTH = 10
"""Submodules of submodules that are followed."""


def add(folder: Path, repository: Path, url: str, commit: str, cache: Path, depth: int = 0) -> None:
    """Fill the submodules of the checkout `folder` of `commit`, and theirs.

    `url` is where the repository was fetched from; empty: it is the person's own. Raises
    ReproError where one cannot be had.
    """
    if depth > _DEPTH:
        raise ReproError(
            f"The submodules are nested more than {_DEPTH} deep.", "Go without --submodules."
        )
    source = Repository.open(repository)
    # Relative URLs start at the remote, or at the repository itself, as Git has it.
    base = url or source.upstream() or source.name
    declared = dict(_declared(source, commit))
    for entry in source.tree(commit):
        if entry.kind != "commit":
            continue
        name, named = declared.get(entry.path, ("", ""))
        there, from_url = _find(source, name, resolve(base, named), entry.id, cache)
        place = folder / entry.path
        # On a file system that ignores case a link of the commit could lead elsewhere.
        if place.is_symlink() or not place.resolve().is_relative_to(folder.resolve()):
            raise ReproError(f"The submodule {entry.path!r} lies behind a link.")
        if place.is_dir():
            place.rmdir()
        populate(place, there, entry.id)
        add(place, there, from_url, entry.id, cache, depth + 1)


def _declared(source: Repository, commit: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """By path the name and URL of each submodule in the commit's .gitmodules."""
    status, out = source.attempt("config", "--blob", f"{commit}:.gitmodules", "--null", "--list")
    told: dict[str, dict[str, str]] = {}
    for line in out.split(b"\0")[:-1] if status == 0 else ():
        key, _, value = os.fsdecode(line).partition("\n")
        section, _, rest = key.partition(".")
        name, _, field = rest.rpartition(".")
        if section == "submodule":
            told.setdefault(name, {})[field] = value
    for name, fields in told.items():
        yield fields.get("path", ""), (name, fields.get("url", ""))


def _find(source: Repository, name: str, url: str, commit: str, cache: Path) -> tuple[Path, str]:
    """The repository that holds the submodule's commit, and the URL that it came from."""
    if name and ".." not in PurePosixPath(name).parts:
        own = source.objects.parent / "modules" / name
        if own.is_dir() and _holds(own, commit):
            return own, ""
    if address.is_remote(url):
        return remote.fetch(url, commit, cache), url
    if url and _holds(address.local(url), commit):
        return address.local(url), ""
    raise ReproError(
        f"The submodule {name!r} at {commit} cannot be had from {masking.url(url) or 'nowhere'}.",
        "Fetch it in your own clone (git submodule update --init), or go without --submodules.",
    )


def _holds(path: Path, commit: str) -> bool:
    try:
        return Repository.open(path).has(commit)
    except ReproError:
        return False


def resolve(base: str, url: str) -> str:
    """A submodule's URL, which may be relative to its repository's, see git-submodule(1)."""
    if not url.startswith(("./", "../")):
        return url
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        step, _, url = url.partition("/")
        if step == "..":
            cut = max(base.rfind("/"), base.rfind(":"))
            base = base[: cut + 1].rstrip("/") if cut >= 0 else ""
    return f"{base}{url}" if base.endswith(":") else f"{base}/{url}"
