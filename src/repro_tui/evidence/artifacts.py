"""The section `artifacts`: the content of every file of a run and of its logged models."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from repro_tui.errors import ReproError
from repro_tui.evidence.files import hash_folder
from repro_tui.evidence.hashes import Hashes
from repro_tui.evidence.model import (
    Fact,
    FileRef,
    Key,
    Known,
    LoggedModel,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Fetched, Progress, Reader, silent

Files = Mapping[str, FileRef | Unreadable]
"""Files of one folder by path relative to it."""


def fetch(
    reader: Reader, artifact_uri: str, into: Downloads, progress: Progress = silent
) -> Fetched | Unreadable | None:
    """The files of an artifact location on this machine; None: nothing is there."""
    try:
        return reader.fetch(artifact_uri, into, progress)
    except ReproError as error:
        return Unreadable(artifact_uri, error.message)


def files(
    fetched: Fetched | Unreadable | None,
    wanted: Callable[[str], bool] = lambda _: True,
    hashes: Hashes | None = None,
) -> Files | Unreadable:
    """The files that were fetched, or those whose path is wanted; why others were left."""
    if fetched is None or isinstance(fetched, Unreadable):
        return fetched or {}
    left = {path: Unreadable(path, reason) for path, reason in fetched.left.items()}
    return {**hash_folder(fetched.folder, wanted, hashes), **left}


def by_model(
    models: Sequence[tuple[LoggedModel, Files | Unreadable]],
) -> dict[str, Files | Unreadable]:
    """The files of each model by the model's name.

    Models of one name are numbered in an order that their content decides, since the
    order in which a store lists them is not stable, and neither are their ids.
    """
    same: dict[str, list[Files | Unreadable]] = defaultdict(list)
    for model, content in models:
        same[model.name].append(content)
    return {
        name if number == 1 else f"{name} #{number}": content
        for name, contents in sorted(same.items())
        for number, content in enumerate(sorted(contents, key=_content), start=1)
    }


def models_within(own: Files | Unreadable) -> dict[str, Files]:
    """The files of each model that lies among a run's own: where MLflow 2 kept them."""
    if isinstance(own, Unreadable):
        return {}
    folders = [path.rpartition("/")[0] for path in own if path.endswith("/MLmodel")]
    return {
        folder: {
            path.removeprefix(f"{folder}/"): file
            for path, file in own.items()
            if path.startswith(f"{folder}/")
        }
        for folder in folders
    }


def artifacts(
    own: Files | Unreadable, models: Mapping[str, Files | Unreadable] | Unreadable
) -> Section:
    """The section: `(path,)` for the run's own files, `("models", name, path)` for models."""
    facts = _facts(own, ())
    if isinstance(models, Unreadable):
        return Section(SectionName.ARTIFACTS, {**facts, ("models",): models})
    for name, content in models.items():
        facts |= _facts(content, ("models", name))
    return Section(SectionName.ARTIFACTS, facts)


def _facts(content: Files | Unreadable, at: Key) -> dict[Key, Fact]:
    if isinstance(content, Unreadable):
        return {at: content}
    return {
        (*at, path): Known(file, "artifact") if isinstance(file, FileRef) else file
        for path, file in content.items()
    }


def _content(content: Files | Unreadable) -> str:
    """A name for a model's content, without MLmodel: its ids and times never repeat."""
    if isinstance(content, Unreadable):
        return ""
    digest = hashlib.sha256()
    for path, file in sorted(content.items()):
        if path.rpartition("/")[2] != "MLmodel":
            told = file.digest if isinstance(file, FileRef) else file.reason
            digest.update(f"{path}\0{told}\0".encode(errors="backslashreplace"))
    return digest.hexdigest()
