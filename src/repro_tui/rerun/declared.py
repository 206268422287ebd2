"""The environment that a project's own file asks for: python_env.yaml or conda.yaml."""

import posixpath
from collections.abc import Iterator

from repro_tui.errors import ReproError
from repro_tui.evidence import lockformats
from repro_tui.evidence.files import decode
from repro_tui.evidence.lockfiles import LIMIT, keyed
from repro_tui.evidence.model import Package
from repro_tui.evidence.origin import Snapshot
from repro_tui.rerun.situation import Declared

_FORMATS = {"python_env": lockformats.python_env, "conda_env": lockformats.conda_environment}
_INCLUDES = ("-r", "--requirement")
_DEPTH = 5


def declared(environment: str, code: Snapshot | None) -> Declared:
    """What the file at the commit asks for. One that cannot be read asks for nothing.

    `environment` is `Project.environment`: `python_env: python_env.yaml`.
    """
    kind, _, name = environment.partition(": ")
    if kind not in _FORMATS or code is None:
        return Declared()
    path = posixpath.normpath(posixpath.join(code.subdirectory, name))
    try:
        packages = keyed(_FORMATS[kind](_text(code, path)))
        unpinned = tuple(dict.fromkeys(_unpinned(code, path, packages, _DEPTH)))
    except ReproError:
        return Declared()
    python = packages.get("python")
    return Declared(True, python.version if python else "", unpinned)


def _unpinned(code: Snapshot, path: str, packages: dict[str, Package], depth: int) -> Iterator[str]:
    for key, package in packages.items():
        option, _, included = key.partition(" ")
        if option in _INCLUDES:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), included))
            if depth:
                more = keyed(lockformats.requirements(_text(code, file)))
                yield from _unpinned(code, file, more, depth - 1)
        elif not option.startswith("-") and key != "python" and not _pinned(package):
            yield f"{key}{package.version}"


def _pinned(package: Package) -> bool:
    return bool(package.source) or package.version[:1].isdigit()


def _text(code: Snapshot, path: str) -> str:
    return decode(code.repository.read(code.commit, path, LIMIT), path)
