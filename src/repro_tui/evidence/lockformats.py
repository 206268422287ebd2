"""The formats that fix packages, each read into pairs of a name and a `Package`.

Sources: uv.lock as uv writes it; pylock.toml, PEP 751; requirements files,
pip.pypa.io, "Requirements File Format"; poetry.lock, pdm.lock and Pipfile.lock as their
tools write them; conda-lock's unified lockfile, version 1; conda's environment.yml; and
MLflow's python_env.yaml.
"""

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import (
    load_json,
    load_toml,
    load_yaml,
    mapping,
    sequence,
    string,
    tables,
)
from repro_tui.evidence.model import Package

Packages = Iterator[tuple[str, Package]]


def uv(text: str) -> Packages:
    for table in tables(load_toml(text).get("package"), "package"):
        kinds = mapping(table.get("source"), "source")
        files = [mapping(table.get("sdist"), "sdist"), *tables(table.get("wheels"), "wheels")]
        forks = [string(item, "resolution-markers") for item in
                 sequence(table.get("resolution-markers"), "resolution-markers")]  # fmt: skip
        yield _package(
            table,
            source=next((string(kinds[kind], "source") for kind in _UV_KINDS if kind in kinds), ""),
            hashes=(file.get("hash") for file in files),
            marker=" or ".join(f"({fork})" for fork in forks) if len(forks) > 1 else "".join(forks),
        )


_UV_KINDS = ("registry", "git", "url", "path", "directory", "editable", "virtual")


def pylock(text: str) -> Packages:
    for table in tables(load_toml(text).get("packages"), "packages"):
        vcs = mapping(table.get("vcs"), "vcs")
        directory = mapping(table.get("directory"), "directory")
        archive = mapping(table.get("archive"), "archive")
        files = [
            archive,
            mapping(table.get("sdist"), "sdist"),
            *tables(table.get("wheels"), "wheels"),
        ]
        source = (
            _at_commit(vcs.get("url") or vcs.get("path"), vcs.get("commit-id"))
            or string(directory.get("path"), "directory.path")
            or string(archive.get("url") or archive.get("path"), "archive.url")
            or string(table.get("index"), "index")
        )
        yield _package(
            table,
            source=source,
            hashes=(
                f"{algorithm}:{string(digest, 'hashes')}"
                for file in files
                for algorithm, digest in mapping(file.get("hashes"), "hashes").items()
            ),
            marker=string(table.get("marker"), "marker"),
        )


def poetry(text: str) -> Packages:
    document = load_toml(text)
    # Before version 2 of the format, the files of all packages stood in one table.
    older = mapping(mapping(document.get("metadata"), "metadata").get("files"), "metadata.files")
    for table in tables(document.get("package"), "package"):
        origin = mapping(table.get("source"), "source")
        files = table.get("files", older.get(string(table.get("name"), "name")))
        markers = table.get("markers")
        if isinstance(markers, dict):
            markers = "; ".join(f"{group}: {marker}" for group, marker in sorted(markers.items()))
        yield _package(
            table,
            source=_at_commit(origin.get("url"), origin.get("resolved_reference")),
            hashes=(file.get("hash") for file in tables(files, "files")),
            marker=string(markers, "markers"),
        )


def pdm(text: str) -> Packages:
    for table in tables(load_toml(text).get("package"), "package"):
        source = (
            _at_commit(table.get("git"), table.get("revision"))
            or string(table.get("url"), "url")
            or string(table.get("path"), "path")
        )
        yield _package(
            table,
            source=source,
            hashes=(file.get("hash") for file in tables(table.get("files"), "files")),
            marker=string(table.get("marker"), "marker"),
        )


def pipfile(text: str) -> Packages:
    document = mapping(load_json(text), "the document")
    meta = mapping(document.get("_meta"), "_meta")
    indexes = {
        string(source.get("name"), "name"): string(source.get("url"), "url")
        for source in tables(meta.get("sources"), "_meta.sources")
    }
    for group, packages in document.items():
        if group == "_meta":
            continue
        for name, value in mapping(packages, group).items():
            table = mapping(value, name)
            index = string(table.get("index"), "index")
            yield _package(
                {"name": name, "version": _pinned(string(table.get("version"), "version"))},
                source=_at_commit(table.get("git"), table.get("ref"))
                or string(table.get("file") or table.get("path"), "path")
                or indexes.get(index, index),
                hashes=sequence(table.get("hashes"), "hashes"),
                marker=string(table.get("markers"), "markers"),
            )


def conda_lock(text: str) -> Packages:
    document = mapping(load_yaml(text), "the document")
    for table in tables(document.get("package"), "package"):
        digests = mapping(table.get("hash"), "hash")
        yield _package(
            table,
            source=string(table.get("url"), "url"),
            hashes=(f"{kind}:{string(digest, 'hash')}" for kind, digest in digests.items()),
            marker=" ".join(
                string(table.get(key), key) for key in ("platform", "manager") if table.get(key)
            ),
        )


def conda_environment(text: str) -> Packages:
    document = mapping(load_yaml(text), "the document")
    for item in sequence(document.get("dependencies"), "dependencies"):
        if isinstance(item, dict):
            for line in sequence(item.get("pip"), "pip"):
                yield from requirements(string(line, "pip"))
            continue
        # `channel::name=version=build`, or a name with comparisons: conda's MatchSpec.
        channel, _, spec = string(item, "dependencies").rpartition("::")
        matched = re.fullmatch(r"\s*([A-Za-z0-9_.-]+)\s*(.*?)\s*", spec)
        if matched is None:
            raise ReproError(f"{spec!r} is no conda package.")
        version = matched[2]
        if exact := re.fullmatch(r"={1,2}\s*([^=<>!~,|*\s]+)(?:=\S+)?", version):
            version = exact[1]
        yield _package({"name": matched[1], "version": version}, source=channel)


def python_env(text: str) -> Packages:
    document = mapping(load_yaml(text), "the document")
    python = string(document.get("python"), "python")
    if python:
        yield "python", Package(python)
    for group in ("build_dependencies", "dependencies"):
        for line in sequence(document.get(group), group):
            yield from requirements(string(line, group))


def requirements(text: str) -> Packages:
    """A requirements or constraints file. Files that it includes are named, not read."""
    for number, line in _logical_lines(text):
        option = re.match(r"(--?[A-Za-z-]+)(?:[=\s]+(.*))?$", line)
        if option:
            value = _without_password((option[2] or "").strip())
            yield f"{option[1]} {value}".strip(), Package("", source=value)
            continue
        wanted, *options = re.split(r"\s+(?=--)", line)
        hashes = [_hash_option(option) for option in options]
        yield _requirement(wanted, tuple(sorted(filter(None, hashes))), number)


def _requirement(wanted: str, hashes: tuple[str, ...], number: int) -> tuple[str, Package]:
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement as error:
        # pip takes plain paths and addresses too.
        if "/" in wanted or wanted == "." or wanted.endswith((".whl", ".tar.gz", ".zip")):
            source = _without_password(wanted)
            return source, Package("", source=source, hashes=hashes)
        raise ReproError(f"Line {number} is no requirement: {wanted[:80]!r}.") from error
    extras = ",".join(sorted(canonicalize_name(extra) for extra in requirement.extras))
    return canonicalize_name(requirement.name) + (f"[{extras}]" if extras else ""), Package(
        version=_pinned(str(_sorted(requirement.specifier))),
        source=_without_password(requirement.url or ""),
        hashes=hashes,
        marker=str(requirement.marker or ""),
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, continuations joined and comments gone, as pip reads them."""
    held = ""
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first if held else number
        if line.lstrip().startswith("#"):
            # pip lets a comment line end a continuation.
            line = ""
        elif line.endswith("\\"):
            held += line[:-1] + " "
            continue
        whole = re.sub(r"(^|\s+)#.*$", "", held + line).strip()
        held = ""
        if whole:
            yield first, whole
    if held.strip():
        yield first, held.strip()


def _hash_option(option: str) -> str:
    matched = re.fullmatch(r"--hash[=\s]+(\S+)\s*", option)
    return matched[1] if matched else ""


def _sorted(specifier: SpecifierSet) -> str:
    return ",".join(sorted(str(part) for part in specifier))


def _pinned(specifier: str) -> str:
    """The version where exactly one is allowed, else the whole specifier."""
    exact = re.fullmatch(r"===?\s*([^,*\s]+)", specifier)
    return exact[1] if exact else specifier


def _at_commit(url: object, commit: object) -> str:
    address = string(url, "url")
    revision = string(commit, "commit")
    return f"{address}@{revision}" if address and revision else address


def _without_password(address: str) -> str:
    """The address without a user and password before its host: evidence is shown about."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", address)


def _package(
    table: dict[str, object],
    *,
    source: str = "",
    hashes: Iterable[object] = (),
    marker: str = "",
) -> tuple[str, Package]:
    name = string(table.get("name"), "name")
    if not name:
        raise ReproError("A package has no name.")
    return canonicalize_name(name), Package(
        version=string(table.get("version"), "version"),
        source=_without_password(source),
        hashes=tuple(sorted({string(item, "hash") for item in hashes if item})),
        marker=marker,
    )
