"""What tells of the environment that a run ran in, beside what was recorded inside it."""

import contextlib
import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.artifacts import fetch
from repro_tui.evidence.documents import load_toml, mapping, string, tables
from repro_tui.evidence.files import decode, read_text
from repro_tui.evidence.lockfiles import LIMIT, parse
from repro_tui.evidence.model import Package, Run
from repro_tui.evidence.origin import Snapshot
from repro_tui.evidence.record import Record
from repro_tui.evidence.tracking import Reader
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Fetched
from repro_tui.rerun.rebuild import LOCKFILES
from repro_tui.rerun.situation import Clues, Environment

_HISTORY = "mlflow.log-model.history"
"""The tag in which MLflow before 3 noted the models among a run's artifacts."""


def find_clues(
    run: Run,
    record: Record | None,
    recorded: Environment | None,
    code: Snapshot | None,
    reader: Reader,
    downloads: Downloads,
) -> Clues:
    """Look for them in the record, in the commit, among the run's models."""
    if record is not None and recorded is not None:
        return Clues(
            hashes=_hashes(record, recorded),
            present=frozenset(filter(_exists, map(_path, recorded.origins.values()))),
        )
    lockfile, text = _lockfile(code) if code is not None else ("", "")
    return Clues(
        lockfile=lockfile,
        locked={name: package.version for name, package in _packages(lockfile, text).items()},
        folders=tuple(_folders(lockfile, text, code)) if code is not None else (),
        modelled=_modelled(run, reader, downloads),
    )


# --- Beside the record -------------------------------------------------------------


def _hashes(record: Record, recorded: Environment) -> dict[str, tuple[str, ...]]:
    """Hashes of the recorded packages, as the lockfiles have them that were kept with it."""
    found: dict[str, set[str]] = {}
    for path, file in record.lockfiles().items():
        # conda's hashes are those of conda's own packages.
        if "conda" not in path and not path.endswith(("environment.yml", "environment.yaml")):
            with contextlib.suppress(ReproError):
                for key, package in parse(PurePosixPath(path).name, read_text(file, LIMIT)).items():
                    name = _name(key)
                    if package.hashes and package.version == recorded.packages.get(name):
                        found.setdefault(name, set()).update(package.hashes)
    return {name: tuple(sorted(hashes)) for name, hashes in found.items()}


def _path(origin: str) -> str:
    return unquote(urlsplit(origin).path) if origin.startswith("file://") else ""


def _exists(path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return path.startswith("/") and Path(path).exists()
    return False


# --- At the commit -----------------------------------------------------------------


def _lockfile(code: Snapshot) -> tuple[str, str]:
    """The path and text of the lockfile to follow: the project's before the top's."""
    files = {entry.path for entry in code.entries}
    folders = dict.fromkeys((code.subdirectory, ""))
    for path in (str(PurePosixPath(folder, name)) for folder in folders for name in LOCKFILES):
        beside = str(PurePosixPath(path).with_name("pyproject.toml"))
        # uv syncs a project; the lock alone is none.
        if path in files and (not path.endswith("uv.lock") or beside in files):
            text = _read(code, path)
            if _fixes_everything(path, text):
                return path, text
    return "", ""


def _read(code: Snapshot, path: str) -> str:
    try:
        return decode(code.repository.read(code.commit, path, LIMIT), path)
    except ReproError:
        return ""


def _fixes_everything(path: str, text: str) -> bool:
    packages = _packages(path, text)
    if path.endswith(".txt"):
        return bool(packages) and all(one.version and one.hashes for one in packages.values())
    return bool(packages)


def _packages(path: str, text: str) -> dict[str, Package]:
    try:
        found = parse(PurePosixPath(path).name, text) if path else {}
    except ReproError:
        return {}
    return {_name(key): package for key, package in found.items()}


def _name(key: str) -> str:
    """The name of a package that a lockfile lists under `numpy[extra] (marker)`."""
    return str(canonicalize_name(key.partition(" ")[0].partition("[")[0]))


def _folders(lockfile: str, text: str, code: Snapshot) -> Iterator[str]:
    """Folders of the commit whose packages belong into the environment, in place."""
    folder = PurePosixPath(lockfile).parent
    if lockfile.endswith("uv.lock"):
        for package in tables(load_toml(text).get("package"), "package"):
            kinds = mapping(package.get("source"), "source")
            for kind in ("editable", "directory"):
                if kind in kinds:
                    place = posixpath.normpath(folder / string(kinds[kind], kind))
                    # A lockfile may name neighbours of the repository, which are not here.
                    if not place.startswith(("..", "/")):
                        yield place
    elif lockfile:
        files = {entry.path for entry in code.entries}
        project = _read(code, str(folder / "pyproject.toml"))
        if "[build-system]" in project or str(folder / "setup.py") in files:
            yield str(folder)


# --- Among the models --------------------------------------------------------------


def _modelled(run: Run, reader: Reader, downloads: Downloads) -> dict[str, str]:
    """What the requirements of the models fix; where they contradict each other, nothing."""
    versions: dict[str, set[str]] = {}
    for folder in _models(run, reader, downloads):
        for name, version in _required(folder).items():
            versions.setdefault(name, set()).add(version)
    return {name: told.pop() for name, told in versions.items() if len(told) == 1}


def _models(run: Run, reader: Reader, downloads: Downloads) -> Iterator[Path]:
    with contextlib.suppress(ReproError):
        for model in reader.logged_models(run.run_id):
            fetched = fetch(reader, model.artifact_location, downloads)
            if isinstance(fetched, Fetched):
                yield fetched.folder
    with contextlib.suppress(ValueError, RecursionError):
        noted = json.loads(run.tags.get(_HISTORY, "[]"))
        paths = [one.get("artifact_path") for one in noted if isinstance(one, dict)]
        top = fetch(reader, run.artifact_uri, downloads) if paths else None
        for path in paths:
            if isinstance(top, Fetched) and isinstance(path, str) and ".." not in path.split("/"):
                yield top.folder / path.lstrip("/")


def _required(model: Path) -> Mapping[str, str]:
    """Exact versions by name, `python` among them."""
    told: dict[str, str] = {}
    for name in ("conda.yaml", "python_env.yaml", "requirements.txt"):
        with contextlib.suppress(ReproError):
            for key, package in parse(name, read_text(model / name, LIMIT)).items():
                # Build dependencies are those of the environment to come, not of the run.
                wanted = name != "python_env.yaml" or key == "python"
                if wanted and package.version and package.version[0].isdigit():
                    told[_name(key)] = package.version
    return told
