"""The section `environment`: the interpreter, its packages, the system and its libraries."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.artifacts import Files
from repro_tui.evidence.files import read_text
from repro_tui.evidence.lockfiles import keyed, parse
from repro_tui.evidence.model import (
    Fact,
    FileRef,
    Key,
    Known,
    Missing,
    Package,
    Run,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.randomness import VISIBLE_DEVICES
from repro_tui.evidence.record import Record
from repro_tui.evidence.tags import Tag

_SOURCE = "record.json"
REQUIREMENTS = ("requirements.txt", "python_env.yaml", "conda.yaml")
"""The files in which MLflow keeps what a model requires."""
_LIMIT = 4 << 20
_DOCKER = ("mlflow.docker.image.uri", "mlflow.docker.image.id")
_OF_PYTHON = ("version", "implementation")
_OF_MACHINE = ("os", "kernel", "cpu", "host")


def environment(
    run: Run, record: Record | None, models: Mapping[str, Files | Unreadable] | Unreadable
) -> Section:
    """The section, from the record or else from what MLflow keeps beside the models.

    `models` are the files of the run's logged models by the model's name.
    """
    facts = _recorded(record) if record is not None else _gathered(models) | _tagged(run)
    for tag in _DOCKER:
        if tag in run.tags:
            facts[tag.removeprefix("mlflow."),] = Known(run.tags[tag], f"tag {tag}")
    return Section(SectionName.ENVIRONMENT, facts)


def _recorded(record: Record) -> dict[Key, Fact]:
    absent = Missing("the record does not hold it")
    python = record.python or {}
    machine = record.machine or {}
    facts: dict[Key, Fact] = {
        ("python",): Known(python["version"], _SOURCE) if "version" in python else absent,
        ("implementation",): Known(python["implementation"], _SOURCE)
        if "implementation" in python
        else absent,
    }
    for key in _OF_MACHINE:
        facts[key,] = Known(machine[key], _SOURCE) if key in machine else absent
    parts = {
        "packages": record.packages,
        "libraries": record.libraries,
        "variables": record.variables,
    }
    facts |= {(name,): absent for name, part in parts.items() if part is None}
    installed = keyed(
        (canonicalize_name(name), Package(version, source=origin))
        for name, version, origin in record.packages or ()
    )
    facts |= {("packages", name): Known(package, _SOURCE) for name, package in installed.items()}
    facts |= _in_place(record)
    for library, values in (record.libraries or {}).items():
        for name, value in values.items():
            # What drives the device stands in that section.
            if value is not None and name not in ("cuda", "cudnn"):
                facts["libraries", f"{library} {name}".strip()] = Known(value, _SOURCE)
    for name, text in (record.variables or {}).items():
        # What it shows of the devices stands in that section.
        if name != VISIBLE_DEVICES:
            facts["variables", name] = Known(text, _SOURCE)
    return facts


def _in_place(record: Record) -> dict[Key, Fact]:
    """What is not known of packages whose code lies in a folder that changes under its version.

    Those of the run's own repository are known by its commit and its uncommitted changes.
    """
    own = record.launch.repository if record.launch else ""
    facts: dict[Key, Fact] = {}
    for name, _, origin in record.packages or ():
        folder = unquote(urlsplit(origin).path)
        ours = bool(own) and PurePosixPath(folder).is_relative_to(own)
        if name in record.in_place and canonicalize_name(name) != "repro-tui" and not ours:
            facts["packages", canonicalize_name(name), "content"] = Missing(
                f"it was imported from {folder} in place, and what lay there was not recorded"
            )
    return facts


def _tagged(run: Run) -> dict[Key, Fact]:
    """What repro-tui's plugin has told MLflow of the interpreter."""
    implementation, _, version = run.tags.get(Tag.PYTHON, "").partition(" ")
    told = {("implementation",): implementation, ("python",): version}
    return {key: Known(value, f"tag {Tag.PYTHON}") for key, value in told.items() if value}


def _gathered(models: Mapping[str, Files | Unreadable] | Unreadable) -> dict[Key, Fact]:
    """What the models' requirements tell: exact pins are known, ranges are not versions."""
    unrecorded = Missing("MLflow does not record it")
    facts: dict[Key, Fact] = {
        (key,): unrecorded
        for key in ("python", "implementation", *_OF_MACHINE, "libraries", "variables")
    }
    if isinstance(models, Unreadable):
        return {**facts, ("packages",): models}
    facts["packages",] = Missing(
        "only what the models' requirements fix is known"
        if models
        else "no model was logged, whose requirements would tell"
    )
    for name, files in models.items():
        if isinstance(files, Unreadable):
            continue
        for path in sorted(files):
            if PurePosixPath(path).name in REQUIREMENTS:
                _add(facts, _pins(files[path], f"{name}/{path}"))
    return facts


def _pins(file: FileRef | Unreadable, source: str) -> dict[Key, Fact]:
    if isinstance(file, Unreadable):
        return {}
    try:
        packages = parse(PurePosixPath(file.path).name, read_text(file, _LIMIT))
    except ReproError as error:
        return {("packages", source): Unreadable(source, error.message)}
    facts: dict[Key, Fact] = {}
    for name, package in packages.items():
        if not package.version or package.version[0] in "<>=!~":
            continue
        if name == "python":
            facts["python",] = Known(package.version, source)
        elif not file.path.endswith("python_env.yaml"):
            # Its build dependencies are those of the environment to come, not of the run.
            facts["packages", name.partition("[")[0]] = Known(Package(package.version), source)
    return facts


def _add(facts: dict[Key, Fact], more: Mapping[Key, Fact]) -> None:
    """Add facts; where models contradict each other, nothing is known."""
    for key, fact in more.items():
        held = facts.get(key)
        if isinstance(held, Known) and isinstance(fact, Known) and held.value != fact.value:
            facts[key] = Unreadable(
                f"{held.source}, {fact.source}", "the models of this run contradict each other"
            )
        elif not isinstance(held, Known | Unreadable):
            facts[key] = fact
