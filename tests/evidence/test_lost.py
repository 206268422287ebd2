"""Nothing where a run's artifacts belong: when that is known to be so, and when it is a gap."""

from pathlib import Path

import pytest
from tests.builders import run as made

from repro_tui.evidence.lost import gone, model_gone
from repro_tui.evidence.model import LoggedModel, Run
from repro_tui.evidence.tags import Tag

SQLITE = "sqlite:///mlflow.db"


def run_at(artifact_uri: str, status: str = "FINISHED", **tags: str) -> Run:
    return made(artifact_uri=artifact_uri, status=status, tags=tags)


def test_a_run_of_metrics_alone_has_no_folder_and_lost_nothing(tmp_path: Path) -> None:
    place = tmp_path / "mlruns" / "1" / "a" / "artifacts"
    for uri in (str(place), place.as_uri(), "s3://bucket/1/a/artifacts", "mlflow-artifacts:/1/a"):
        assert gone(run_at(uri), SQLITE) is None


def test_a_project_that_was_moved_is_not_a_run_without_artifacts(tmp_path: Path) -> None:
    place = tmp_path / "moved" / "mlruns" / "1" / "a" / "artifacts"
    for uri in (str(place), place.as_uri()):
        gap = gone(run_at(uri), SQLITE)
        assert gap is not None
        assert gap.reason.startswith(f"{tmp_path / 'moved'} is not there")


def test_a_file_store_has_the_folder_of_every_run(tmp_path: Path) -> None:
    place = tmp_path / "mlruns" / "1" / "a" / "artifacts"
    gap = gone(run_at(place.as_uri()), (tmp_path / "mlruns").as_uri())
    assert gap is not None
    assert "moved" in gap.reason


def test_a_relative_place_is_not_looked_for_elsewhere() -> None:
    gap = gone(run_at("./mlruns/1/a/artifacts"), SQLITE)
    assert gap is not None
    assert "relative" in gap.reason


@pytest.mark.parametrize(
    "tag",
    [Tag.DETERMINISM, Tag.RECORD, "mlflow.log-model.history", "mlflow.loggedArtifacts"],
)
def test_tags_that_only_a_run_with_files_has(tag: str) -> None:
    uri = "mlflow-artifacts:/1/a/artifacts"
    gap = gone(run_at(uri, **{tag: "[]"}), SQLITE)
    assert gap is not None
    assert "gone" in gap.reason
    assert gone(run_at(uri, "RUNNING", **{tag: "[]"}), SQLITE) is None


def test_a_model_that_is_ready_has_files() -> None:
    assert model_gone(LoggedModel("m-1", "model", "/gone", "READY"))
    for status in ("PENDING", "FAILED"):
        assert model_gone(LoggedModel("m-1", "model", "/gone", status)) is None
