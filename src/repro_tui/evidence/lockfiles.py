"""The section `lockfiles`: packages as the files of the commit fix them, file by file."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from msgspec.structs import astuple

from repro_tui.errors import ReproError
from repro_tui.evidence import lockformats
from repro_tui.evidence.files import read_text
from repro_tui.evidence.model import (
    Fact,
    Key,
    Known,
    Missing,
    Package,
    Run,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.origin import Snapshot
from repro_tui.evidence.record import Record
from repro_tui.evidence.tags import Tag

LIMIT = 32 << 20
"""Bytes: longer lockfiles are not read."""

_DIGEST = "SHA-256"
"""Stands for all packages of a file of which no more than its digest is known."""

_FORMATS: Sequence[tuple[str, Callable[[str], lockformats.Packages]]] = (
    (r"uv\.lock", lockformats.uv),
    (r"pylock(\.[^.]+)?\.toml", lockformats.pylock),
    (r"poetry\.lock", lockformats.poetry),
    (r"pdm\.lock", lockformats.pdm),
    (r"Pipfile\.lock", lockformats.pipfile),
    (r"(.+\.)?conda-lock\.ya?ml", lockformats.conda_lock),
    (r"(environment|conda)\.ya?ml", lockformats.conda_environment),
    (r"python_env\.ya?ml", lockformats.python_env),
    (r"(.*[-_.])?(requirements|constraints)([-_.].*)?\.txt", lockformats.requirements),
)


def is_lockfile(name: str) -> bool:
    """Whether a file of this name (its last part) is one that `parse` reads."""
    return _format(name) is not None


def parse(name: str, text: str) -> dict[str, Package]:
    """The packages that a lockfile fixes, by normalised name. Pure.

    `name` is the file's own and tells the format. Where a file holds several packages
    of one name, each key carries what tells them apart: `numpy (python_version < '3.12')`
    or `numpy 1.26.4`. `Package.version` is the bare version where exactly one is
    allowed, else the specifier as written, or empty. Raises ReproError, and nothing
    else, where the file cannot be understood.
    """
    read = _format(name)
    if read is None:
        raise ReproError(f"{name} is no lockfile that is known.")
    return keyed(read(text))


def keyed(packages: Iterable[tuple[str, Package]]) -> dict[str, Package]:
    """Packages by name; several of one name told apart by marker, version or number."""
    by_name: dict[str, list[Package]] = defaultdict(list)
    for name, package in packages:
        if package not in by_name[name]:
            by_name[name].append(package)
    result = {}
    for name, several in sorted(by_name.items()):
        if len(several) == 1:
            result[name] = several[0]
            continue
        several.sort(key=astuple)
        markers = {package.marker for package in several}
        versions = {package.version for package in several}
        for number, package in enumerate(several, start=1):
            if len(markers) == len(several):
                result[f"{name} ({package.marker or 'otherwise'})"] = package
            elif len(versions) == len(several):
                result[f"{name} {package.version or 'any version'}"] = package
            else:
                result[f"{name} #{number}"] = package
    return result


def lockfiles(run: Run, snapshot: Snapshot | Missing, record: Record | None) -> Section:
    """The section: what every lockfile fixes, at the top of the repository and in the project.

    Copies that were recorded with the execution come before the commit's files: they
    hold uncommitted changes too. Without a record, the digest that repro-tui's plugin has
    told MLflow says whether the commit's file is the one that lay there. Keys are (path
    from the top of the repository, package).
    """
    facts: dict[Key, Fact] = {}
    if isinstance(snapshot, Missing):
        facts[()] = snapshot
    else:
        facts |= _committed(snapshot)
    if record is None:
        facts |= _tagged(run, snapshot)
        facts = {key: fact for key, fact in facts.items() if not _outdated(key, facts)}
    else:
        for name, path in record.lockfiles().items():
            facts = {key: fact for key, fact in facts.items() if key[:1] != (name,)}
            facts |= _facts(name, f"{name} as recorded", partial(read_text, path, LIMIT))
    return Section(SectionName.LOCKFILES, facts)


def _tagged(run: Run, snapshot: Snapshot | Missing) -> dict[Key, Fact]:
    """The lockfile that lay beside the script, where it is not the commit's."""
    path, _, digest = run.tags.get(Tag.LOCKFILE, "").rpartition(" ")
    if not path:
        return {}
    if isinstance(snapshot, Missing):
        reason = "only its digest is known"
    elif _digest(snapshot, path) == digest:
        return {}
    else:
        reason = "only its digest is known, and it was not the file of the commit"
    return {(path,): Missing(reason), (path, _DIGEST): Known(digest, f"tag {Tag.LOCKFILE}")}


def _outdated(key: Key, facts: Mapping[Key, Fact]) -> bool:
    """Whether a package is of the commit's file, which was another one."""
    return len(key) > 1 and key[1] != _DIGEST and (key[0], _DIGEST) in facts


def _digest(snapshot: Snapshot, path: str) -> str:
    """`sha256:…` of a file at the commit; empty: it is not there."""
    for entry in snapshot.entries:
        if entry.path == path and entry.kind == "blob" and entry.size <= LIMIT:
            content = snapshot.repository.read_blob(entry.id, LIMIT)
            return f"sha256:{hashlib.sha256(content).hexdigest()}"
    return ""


def _committed(snapshot: Snapshot) -> dict[Key, Fact]:
    facts: dict[Key, Fact] = {}
    for entry in snapshot.entries:
        folder, _, name = entry.path.rpartition("/")
        if folder in ("", snapshot.subdirectory) and is_lockfile(name):
            source = f"{entry.path} at {snapshot.commit[:12]}"
            facts |= _facts(entry.path, source, partial(snapshot.text, entry, LIMIT))
    return facts


def _facts(path: str, source: str, read: Callable[[], str]) -> dict[Key, Fact]:
    try:
        packages = parse(PurePosixPath(path).name, read())
    except ReproError as error:
        return {(path,): Unreadable(source, error.message)}
    return {(path, name): Known(package, source) for name, package in packages.items()}


def _format(name: str) -> Callable[[str], lockformats.Packages] | None:
    return next((read for pattern, read in _FORMATS if re.fullmatch(pattern, name)), None)
