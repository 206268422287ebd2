"""The MLflow runs that a process makes, or was handed by `mlflow run`.

Noted where MLflow makes them, by their store: neither a tag nor a search would find the
run of a program that sets a tracking URI of its own or uses `MlflowClient.create_run`.

A program that names a store beside its code, `sqlite:///mlflow.db`, would find an empty one
in a throw-away checkout. There it is given the store of the run that it is to go on with.
"""

from __future__ import annotations

import functools
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


class Runs:
    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._folder = os.getcwd()
        # In a re-execution alone: what `record` runs is in its own folder, store and all.
        handed, store = os.environ.get("MLFLOW_RUN_ID"), os.environ.get("MLFLOW_TRACKING_URI", "")
        self._store = store if handed and os.environ.get("REPRO_TUI_JOB") else ""
        self.noted: list[dict[str, str]] = []
        """`run_id`, `tracking_uri` and the `folder` that a relative URI starts from."""
        if handed:
            self._note(store, handed)

    def hooks(self) -> dict[str, Callable[[ModuleType], None]]:
        """What to do after which module was imported."""
        service = "mlflow.tracking._tracking_service"
        return {f"{service}.client": self._watch, f"{service}.utils": self._keep_store}

    def _watch(self, module: Any) -> None:
        client = getattr(module, "TrackingServiceClient", None)
        original = getattr(client, "create_run", None)
        if client is None or original is None:
            return  # A release that makes its runs elsewhere: its tags must do.

        @functools.wraps(original)
        def create_run(client: Any, *arguments: Any, **named: Any) -> Any:
            run = original(client, *arguments, **named)
            try:
                self._note(str(client.tracking_uri), str(run.info.run_id))
                self._changed()
            except Exception:  # noqa: BLE001, S110 - the program must not notice
                pass
            return run

        client.create_run = create_run

    def _keep_store(self, module: Any) -> None:
        original = getattr(module, "set_tracking_uri", None)
        if original is None or not self._store:
            return
        store, folder = self._store, self._folder

        @functools.wraps(original)
        def set_tracking_uri(uri: Any, *arguments: Any, **named: Any) -> Any:
            beside = isinstance(uri, (str, os.PathLike)) and lies_beside(os.fspath(uri), folder)
            return original(store if beside else uri, *arguments, **named)

        module.set_tracking_uri = set_tracking_uri

    def _note(self, tracking_uri: str, run_id: str) -> None:
        self.noted.append({"run_id": run_id, "tracking_uri": tracking_uri, "folder": os.getcwd()})


def lies_beside(uri: str, folder: str) -> bool:
    """Whether a tracking URI names a place by a relative path, or one below the folder."""
    scheme, colon, rest = uri.partition(":")
    if not colon:
        path = "" if uri in ("databricks", "databricks-uc", "uc") else uri
    elif scheme == "file":
        path = rest[2:] if rest.startswith("//") else rest  # noqa: FURB188 - Python 3.8
    elif scheme.partition("+")[0] == "sqlite" and rest.startswith("///"):
        path = rest[3:].partition("?")[0]
    else:
        return False
    if not path or path == ":memory:":
        return False
    below = os.path.join(folder, "")
    return not os.path.isabs(path) or os.path.normpath(path).startswith(below)
