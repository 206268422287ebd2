"""A real SQLite store that tests of re-execution share, and ways to put runs into it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from repro_tui.evidence.tracking import Reader, open_reader

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Store:
    uri: str
    client: "MlflowClient"
    experiment_id: str
    reader: Reader

    def add(self, tags: dict[str, str], params: dict[str, str] | None = None) -> str:
        """A finished run with these tags and params; its id."""
        run_id: str = self.client.create_run(self.experiment_id, tags=tags).info.run_id
        for name, value in (params or {}).items():
            self.client.log_param(run_id, name, value)
        self.client.set_terminated(run_id)
        return run_id


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    # Importing it here keeps MLflow's five seconds out of the collection of tests.
    import mlflow

    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = mlflow.MlflowClient(uri)
    experiment_id = client.create_experiment("digits", (folder / "artifacts").as_uri())
    reader = open_reader(uri, tmp_path_factory.mktemp("cache"))
    yield Store(uri, client, experiment_id, reader)
    reader.close()
