"""What this machine offers to a re-execution, beside its devices."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.discover import sqlite_path
from repro_tui.evidence.tracking.sqlite import revision
from repro_tui.rerun import rebuild
from repro_tui.rerun.model import EnvManager
from repro_tui.rerun.situation import Environment, Standing

_TIMEOUT = 30.0
_QUESTION = """
import importlib.metadata, importlib.util, json, platform
mlflow = importlib.util.find_spec("mlflow")
found = [
    (d.metadata["Name"], d.version, d.read_text("direct_url.json"))
    for d in importlib.metadata.distributions()
]
known = [one for one in found if one[0] and one[1]]
print(json.dumps([platform.python_version(), known, mlflow.origin if mlflow else None]))
"""
_REVISION = re.compile(r"^(down_)?revision(?:: [^=]*)? = ['\"]([0-9a-f]+)['\"]", re.MULTILINE)


def tools(*, docker: bool) -> frozenset[str]:
    """The environment managers that are installed, Slurm, and, if asked, a Docker that answers."""
    # MLflow makes a virtualenv with the `venv` of a Python that it asks pyenv for.
    commands = {"uv": "uv", "virtualenv": "pyenv", "conda": "conda", "slurm": "sbatch"}
    found = {name for name, command in commands.items() if shutil.which(command)}
    if docker and _answer("docker", "version", "--format", "{{.Server.Version}}"):
        found.add("docker")
    return frozenset(found)


def interpreter() -> str:
    """What `python` means here: the activated environment's, or else our own.

    A program that was started by its path, without activating its environment, finds
    another `python` on PATH than the one it was installed for.
    """
    if os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX"):
        return shutil.which("python") or ""
    return sys.executable


def pythons(manager: EnvManager) -> tuple[str, ...]:
    """The versions of CPython that an environment manager makes environments of."""
    if manager is EnvManager.VIRTUALENV:
        told = _answer("pyenv", "versions", "--bare", "--skip-aliases").split()
        return tuple(one for one in told if re.fullmatch(r"[0-9.]+", one))
    if manager not in (EnvManager.UV, EnvManager.ORIGINAL):
        return ()
    command = ("uv", "python", "list", "--only-installed", "--no-python-downloads")
    told = json.loads(_answer(*command, "--output-format", "json") or "[]")
    return tuple(dict.fromkeys(p["version"] for p in told if p["implementation"] == "cpython"))


def store_revision(tracking_uri: str) -> str:
    """The alembic revision of a SQLite store; empty: it is another kind of store."""
    path = sqlite_path(tracking_uri, Path.cwd())
    return revision(path) if path is not None else ""


def environment(interpreter: str) -> Environment | None:
    """What the environment of an interpreter holds; None: it does not say."""
    answer = _answer(interpreter, "-I", "-c", _QUESTION)
    if not answer:
        return None
    python, found, mlflow = json.loads(answer)
    packages: dict[str, str] = {}
    editable = {}
    for name, version, origin in found:
        # The first of a name is the one that is imported.
        packages.setdefault(str(canonicalize_name(name)), version)
        # https://packaging.python.org/en/latest/specifications/direct-url/
        told = json.loads(origin) if origin else {}
        if told.get("dir_info", {}).get("editable"):
            editable[name] = unquote(urlsplit(told["url"]).path)
    return Environment(python, packages, editable, mlflow=mlflow or "")


def migrates(tracking_uri: str) -> bool:
    """Whether our MLflow, opening the store, would migrate its schema."""
    found = find_spec("mlflow")
    origin = found.origin if found is not None else None
    return standing(origin or "", tracking_uri) is not Standing.FITS


def standing(mlflow: str, tracking_uri: str) -> Standing:
    """How the MLflow in the file `mlflow` (its `__init__.py`) stands to the store.

    SQLite alone: MLflow migrates a schema that it knows as an older one unasked, and
    refuses one that it does not know. The newest schema is the one of its migrations
    that no other one follows; they are read as text, because importing MLflow is slow.
    """
    path = sqlite_path(tracking_uri, Path.cwd())
    if path is None or not mlflow:
        return Standing.FITS
    told = [
        names
        for migration in Path(mlflow).parent.glob("store/db_migrations/versions/*.py")
        for names in _REVISION.findall(migration.read_text(encoding="utf-8"))
    ]
    known = {name for down, name in told if not down}
    newest = known - {name for down, name in told if down}
    held = revision(path)
    if not told or held in newest:
        return Standing.FITS
    return Standing.NEWER if held in known else Standing.OLDER


def check_mlflow(interpreter: Path, tracking_uri: str) -> None:
    """Raise ReproError where the environment's MLflow and the store do not fit."""
    found = environment(str(interpreter))
    if found is None:
        return
    version = found.packages.get("mlflow") or found.packages.get("mlflow-skinny", "")
    stands = standing(found.mlflow, tracking_uri)
    if stands is not Standing.FITS:
        raise ReproError(rebuild.unfit(version, stands), rebuild.SERVE)


def _answer(*command: str) -> str:
    """What a command prints; empty: it cannot be run, or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
