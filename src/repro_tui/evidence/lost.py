"""Artifacts that a run must have had, or may have had, where nothing lies today.

MLflow makes no folder for a run that logs nothing, so an empty place is no gap by itself.
It is one where something says that there were files, or that the place itself is gone:
a store that was moved, a share that is not mounted, a cleaned disk.
"""

from pathlib import Path

from repro_tui.evidence.model import LoggedModel, Run, Unreadable
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import local_path

_SAID_BY_TAG = {
    Tag.DETERMINISM: "repro-tui keeps its record among them",
    Tag.RECORD: "repro-tui keeps its record among them",
    Tag.LOGGED_MODELS: "the run logged a model",
    Tag.LOGGED_TABLES: "the run logged a table",
    Tag.LOGGED_PICTURES: "the run logged pictures",
}
"""Tags of a run that logged files. Source: mlflow/utils/mlflow_tags.py, MLflow 3.17."""
_MLFLOWS_OWN = 4
"""Folders of a run's place that MLflow makes itself: `mlruns/EXPERIMENT/RUN/artifacts`."""


def gone(run: Run, store: str) -> Unreadable | None:
    """Why it is not known that a run without files of its own never had any; None: it is.

    `store` is the address of the tracking store.
    """
    if run.finished:
        for tag, why in _SAID_BY_TAG.items():
            if tag in run.tags:
                return Unreadable(run.artifact_uri, f"the artifacts are gone: {why}")
    if reason := _place_gone(run.artifact_uri, store):
        return Unreadable(run.artifact_uri, reason)
    return None


def model_gone(model: LoggedModel) -> Unreadable | None:
    """Why a model without files must have had some: MLflow calls it ready."""
    if model.status == "READY":
        return Unreadable(model.artifact_location, "the files of the model are gone")
    return None


def _place_gone(uri: str, store: str) -> str:
    """Why nothing could lie where the artifacts of a run belong; empty: it could."""
    folder = local_path(uri, Path.cwd())
    if folder is None:
        return ""
    if local_path(store, Path.cwd()) is not None:
        # A file store has this folder for every run, if only an empty one.
        return "their folder is not there; was the store moved, or copied without empty folders?"
    if not Path(uri.removeprefix("file:")).is_absolute():
        return f"{uri} is a relative place, and nothing is there from this folder"
    above = folder.parents[min(_MLFLOWS_OWN, len(folder.parents)) - 1]
    if not above.is_dir():
        return f"{above} is not there; was the project moved, or is this another machine?"
    return ""
