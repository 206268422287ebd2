"""Models as MLflow saves them: MLmodel, skops, PyTorch, the files beside them."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.compare.artifacts.opened import at, inside, not_equal

from repro_tui.compare.artifacts import Inside
from repro_tui.compare.model import Kind

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] > 0.1


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same two models saved twice."""
    # Here, because each process of a test session collects all tests: MLflow takes seconds.
    import mlflow.pytorch
    import mlflow.sklearn
    import torch
    from sklearn.linear_model import LogisticRegression

    sides = tmp_path_factory.mktemp("left"), tmp_path_factory.mktemp("right")
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        for side in sides:
            estimator = LogisticRegression().fit(X, Y)
            torch.manual_seed(0)
            network = torch.nn.Linear(3, 2)
            kept.append((estimator, network))
            mlflow.sklearn.save_model(
                estimator, side / "sklearn", input_example=X[:2], pip_requirements=["scikit-learn"]
            )
            mlflow.pytorch.save_model(
                network,
                side / "torch",
                serialization_format="pickle",
                pip_requirements=["torch"],
            )
    return sides


def compared(folders: tuple[Path, Path]) -> dict[str, Inside]:
    """Every file whose bytes differ."""
    found = {}
    for path in sorted(folders[0].rglob("*")):
        name = path.relative_to(folders[0]).as_posix()
        if path.is_file():
            left, right = path.read_bytes(), (folders[1] / name).read_bytes()
            if left != right:
                found[name] = inside(name, left, right)
    return found


@pytest.mark.filterwarnings("ignore")
def test_a_model_saved_twice_differs_in_nothing_that_counts(folders: tuple[Path, Path]) -> None:
    found = compared(folders)
    assert {"sklearn/MLmodel", "torch/MLmodel", "sklearn/model.skops"} <= set(found)
    assert {name: seen.kind for name, seen in found.items()} == dict.fromkeys(found, Kind.SET_ASIDE)
    fields = {key for key, kind in not_equal(found["sklearn/MLmodel"]).items()}
    assert {("model_uuid",), ("utc_time_created",)} <= fields


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mlflow_version", "3.0.0"),
        ("flavors", {"python_function": {}}),
        ("signature", {"inputs": "[]"}),
        ("new", 1),
    ],
)
def test_an_mlmodel_file_counts_otherwise(
    folders: tuple[Path, Path], field: str, value: object
) -> None:
    text = (folders[0] / "sklearn/MLmodel").read_text()
    document = yaml.safe_load(text) | {field: value, "run_id": "0" * 32}
    seen = inside("model/MLmodel", text.encode(), yaml.safe_dump(document).encode())
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "MLmodel"
    assert any(key[0] == field and kind.differs for key, kind in not_equal(seen).items())


def test_the_fields_of_a_logged_model_are_set_aside_by_name() -> None:
    documents = [
        yaml.safe_dump(
            {
                "artifact_path": f"mlruns/0/models/m-{digit * 32}/artifacts",
                "model_id": f"m-{digit * 32}",
                "model_size_bytes": int(digit),
                "model_uuid": f"m-{digit * 32}",
                "run_id": digit * 32,
                "utc_time_created": f"2026-01-0{digit} 00:00:00.5",
                "flavors": {"sklearn": {"run_id": "x"}},
            }
        ).encode()
        for digit in "12"
    ]
    seen = inside("MLmodel", documents[0], documents[1])
    assert seen.kind is Kind.SET_ASIDE
    assert at(seen, "artifact_path").rule == "MLmodel location"
    assert at(seen, "model_size_bytes").rule == "MLmodel size"
    assert at(seen, "model_id").rule == "generated ids"
    assert at(seen, "utc_time_created").rule == "timestamps"
    assert at(seen, "flavors", "sklearn", "run_id").kind is Kind.EQUAL
