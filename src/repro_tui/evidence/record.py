"""What repro-tui recorded of an execution: `repro-tui/record.json` among a run's artifacts.

The one module that knows the schema `repro-tui.record/1` on the reading side. A part
that is absent was not recorded; a part of another shape makes the record unreadable.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import load_json, mapping, sequence, string, tables
from repro_tui.evidence.files import read, read_text
from repro_tui.evidence.model import Missing, Unreadable

SCHEMA = "repro-tui.record/1"
FOLDER = "repro-tui"
NAME = "record.json"
PATCH = "changes.patch"
"""The uncommitted changes, beside the record."""
_LIMIT = 8 << 20
_PATCH_LIMIT = 128 << 20
NO_RECORD = Missing("no record of the execution; it was not started by repro-tui")

Scalar = str | int | float | bool | None


class Launch(Struct, frozen=True):
    """How the process was started."""

    reexecutes: str | None
    repository: str
    commit: str
    subdirectory: str
    patch: str | None
    """`sha256:…` of the uncommitted changes that were applied; None: there were none."""
    entry_point: str
    """Empty: the command was a person's own, run by `repro-tui record`."""
    command: str
    parameters: Mapping[str, str]
    env_manager: str
    seed: int | None
    determinism: str
    device: str
    variables: Mapping[str, str]
    unkept: str = ""
    """Why there may be uncommitted changes that were not kept; empty: `patch` is all."""
    masked: bool = False
    """Whether secrets were taken out of the command."""
    runs: tuple[str, ...] = ()
    """The runs that the command started, in this order; empty: the record's own alone."""
    links: tuple[str, ...] = ()
    """Files and folders that came from the working tree and not from the commit."""

    @property
    def verbatim(self) -> bool:
        """Whether it is the command itself that was run, not an entry point of a project."""
        return not self.entry_point


class Generator(Struct, frozen=True):
    """One random number generator, as it was finally seeded."""

    seeded_by: str
    """`repro-tui`, `code` or `nobody`."""
    seed: int | None
    where: str


class Record(Struct, frozen=True):
    """One execution as it was recorded. A part that is None was not recorded."""

    folder: Path
    """Holds record.json and the files beside it."""
    launch: Launch | None
    machine: Mapping[str, Scalar] | None
    gpus: tuple[Mapping[str, Scalar], ...] | None
    python: Mapping[str, Scalar] | None
    packages: tuple[tuple[str, str, str], ...] | None
    """Name, version, and origin: empty for an index."""
    libraries: Mapping[str, Mapping[str, Scalar]] | None
    """By library; what is one value of a library stands at the name ''."""
    variables: Mapping[str, str] | None
    generators: Mapping[str, Generator] | None
    switches: Mapping[str, Scalar] | None
    """Determinism switches, PYTHONHASHSEED among them; the value None: not set."""
    threads: Mapping[str, Scalar] | None
    device: Mapping[str, Scalar] | None
    inactive: str
    """Why the recorder did not work inside the process; empty: it did."""
    files: tuple[str, ...]
    in_place: frozenset[str] = frozenset()
    """Names of the packages that are imported from a folder in place."""

    def lockfiles(self) -> dict[str, Path]:
        """The copies of lockfiles, by path from the top of the repository."""
        project = PurePosixPath(self.launch.subdirectory if self.launch else "")
        return {
            str(project / PurePosixPath(name).relative_to("lockfiles")): self.folder / name
            for name in self.files
            if PurePosixPath(name).is_relative_to("lockfiles")
        }

    def patch(self) -> str:
        """The uncommitted changes that the process ran with; empty: there were none.

        Raises ReproError when they were not kept or are not those that the record names.
        """
        if self.launch is not None and self.launch.unkept:
            raise ReproError(self.launch.unkept)
        if self.launch is None or self.launch.patch is None:
            return ""
        try:
            content = read(self.folder / PATCH, _PATCH_LIMIT)
        except ReproError as error:
            raise ReproError(f"The recorded uncommitted changes: {error.message}") from error
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != self.launch.patch:
            raise ReproError("The recorded uncommitted changes are not those of the execution.")
        # The lines of a patch are in whatever encodings the files have.
        return content.decode("utf-8", errors="surrogateescape")


def read_record(folder: Path) -> Record | Missing | Unreadable:
    """The record among the artifacts in `folder`, if there is one."""
    return record_in(folder / FOLDER)


def record_in(place: Path) -> Record | Missing | Unreadable:
    """The record in the artifact folder that holds nothing else, if there is one."""
    if not (place / NAME).exists():
        return NO_RECORD
    source = f"{FOLDER}/{NAME}"
    try:
        # A link could show any file of this machine as if it were the run's.
        if place.is_symlink():
            return Unreadable(source, "Its folder is a link.")
        return _record(place, mapping(load_json(read_text(place / NAME, _LIMIT)), "the record"))
    except ReproError as error:
        return Unreadable(source, error.message)


def _record(folder: Path, document: Mapping[str, object]) -> Record:
    schema = string(document.get("schema"), "schema")
    if schema != SCHEMA:
        raise ReproError(f"Its schema is {schema!r}, not {SCHEMA!r}.")
    machine = _part(document, "machine")
    gpus = None if machine is None else machine.get("gpus")
    packages = document.get("packages")
    libraries = _part(document, "libraries")
    variables = _part(document, "variables")
    randomness = _part(document, "randomness")
    recorder = mapping(document.get("recorder"), "recorder")
    return Record(
        folder=folder,
        launch=_launch(_part(document, "launch")),
        machine=None if machine is None else _scalars(machine, "machine"),
        gpus=None
        if gpus is None
        else tuple(_table(gpu, "machine.gpus") for gpu in tables(gpus, "machine.gpus")),
        python=_values(document, "python"),
        packages=None if packages is None else tuple(map(_package, tables(packages, "packages"))),
        libraries=None
        if libraries is None
        else {
            name: _table(value if isinstance(value, dict) else {"": value}, f"libraries.{name}")
            for name, value in libraries.items()
        },
        variables=None if variables is None else _strings(variables, "variables"),
        generators=None
        if randomness is None
        else {
            name: _generator(value, f"randomness.{name}")
            for name, value in randomness.items()
            if isinstance(value, dict) and name != "switches"
        },
        switches=None
        if randomness is None
        else {
            **_table(
                {k: v for k, v in randomness.items() if not isinstance(v, dict)}, "randomness"
            ),
            **_table(mapping(randomness.get("switches"), "randomness.switches"), "switches"),
        },
        threads=_values(document, "threads"),
        device=_values(document, "device"),
        inactive=""
        if recorder.get("active") is True
        else string(recorder.get("reason"), "recorder.reason") or "no reason was recorded",
        files=tuple(_file(item) for item in sequence(document.get("files"), "files")),
        in_place=frozenset(
            string(package.get("name"), "packages.name")
            for package in tables(packages, "packages")
            if package.get("editable")
        ),
    )


def _launch(table: Mapping[str, object] | None) -> Launch | None:
    if table is None:
        return None
    texts = {
        name: string(table.get(name), f"launch.{name}")
        for name in (
            "repository", "commit", "subdirectory", "entry_point", "command", "env_manager",
            "determinism", "device",
        )
    }  # fmt: skip
    return Launch(
        **texts,
        reexecutes=string(table.get("reexecutes"), "launch.reexecutes") or None,
        patch=string(table.get("patch"), "launch.patch") or None,
        parameters=_strings(mapping(table.get("parameters"), "launch.parameters"), "parameters"),
        seed=_integer(table.get("seed"), "launch.seed"),
        variables=_strings(mapping(table.get("variables"), "launch.variables"), "variables"),
        unkept=string(table.get("unkept"), "launch.unkept"),
        masked=table.get("masked") is True,
        runs=tuple(
            string(run, "launch.runs") for run in sequence(table.get("runs"), "launch.runs")
        ),
        links=tuple(
            string(each, "launch.links") for each in sequence(table.get("links"), "launch.links")
        ),
    )


def _generator(value: object, where: str) -> Generator:
    table = mapping(value, where)
    return Generator(
        seeded_by=string(table.get("seeded_by"), f"{where}.seeded_by"),
        seed=_integer(table.get("seed"), f"{where}.seed"),
        where=string(table.get("where"), f"{where}.where"),
    )


def _package(table: Mapping[str, object]) -> tuple[str, str, str]:
    name, version, origin = (
        string(table.get(key), f"packages.{key}") for key in ("name", "version", "origin")
    )
    if not name:
        raise ReproError("A recorded package has no name.")
    return name, version, origin


def _file(item: object) -> str:
    name = string(item, "files")
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ReproError(f"It names the file {name!r}, which is not beside it.")
    return name


def _part(document: Mapping[str, object], name: str) -> dict[str, object] | None:
    return None if document.get(name) is None else mapping(document[name], name)


def _values(document: Mapping[str, object], name: str) -> dict[str, Scalar] | None:
    part = _part(document, name)
    return None if part is None else _table(part, name)


def _scalars(table: Mapping[str, object], where: str) -> dict[str, Scalar]:
    """The table's plain values; tables and lists in it are read apart."""
    return _table({k: v for k, v in table.items() if not isinstance(v, dict | list)}, where)


def _table(table: Mapping[str, object], where: str) -> dict[str, Scalar]:
    result: dict[str, Scalar] = {}
    for name, value in table.items():
        if value is not None and not isinstance(value, str | int | float):
            raise ReproError(f"{where}.{name} is no plain value.")
        result[name] = value
    return result


def _strings(table: Mapping[str, object], where: str) -> dict[str, str]:
    return {name: string(value, f"{where}.{name}") for name, value in table.items()}


def _integer(value: object, where: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ReproError(f"{where} is no whole number.")
