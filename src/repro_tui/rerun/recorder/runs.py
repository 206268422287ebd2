"""The MLflow runs that a process makes, or was handed by `mlflow run`.

Noted where MLflow makes them, by their store: neither a tag nor a search would find the
run of a program that sets a tracking URI of its own or uses `MlflowClient.create_run`.
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
        self.noted: list[dict[str, str]] = []
        """`run_id`, `tracking_uri` and the `folder` that a relative URI starts from."""
        handed = os.environ.get("MLFLOW_RUN_ID")
        if handed:
            self._note(os.environ.get("MLFLOW_TRACKING_URI", ""), handed)

    def hooks(self) -> dict[str, Callable[[ModuleType], None]]:
        """What to do after which module was imported."""
        return {"mlflow.tracking._tracking_service.client": self._watch}

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

    def _note(self, tracking_uri: str, run_id: str) -> None:
        self.noted.append({"run_id": run_id, "tracking_uri": tracking_uri, "folder": os.getcwd()})
