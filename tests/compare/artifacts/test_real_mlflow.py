"""Models that MLflow logged into a real store, compared from the store on."""

from collections.abc import Iterator
from contextlib import closing

import mlflow
import mlflow.pytorch
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pytest
import torch
import xgboost
from sklearn.linear_model import LogisticRegression
from tests.builders import POLICY

from repro_tui.compare.compare import compare
from repro_tui.compare.model import Comparison, FileDetail, Finding, Kind, OutcomesVerdict
from repro_tui.evidence.collect import collect
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import Evidence, SectionName
from repro_tui.evidence.repository import commits_between
from repro_tui.evidence.tracking import open_reader
from repro_tui.evidence.tracking.downloads import Downloads

pytestmark = pytest.mark.filterwarnings("ignore")

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0.1).astype(int)


def log(nudge: float, order: tuple[float, float]) -> str:
    """A run with a model of each kind, and two of one name in the given order."""
    with mlflow.start_run() as run:
        model = LogisticRegression().fit(X, Y)
        model.coef_[0, 0] += nudge
        mlflow.sklearn.log_model(
            model, name="pickled", serialization_format="cloudpickle", pip_requirements=["numpy==2"]
        )
        for strength in order:
            twin = LogisticRegression(C=strength).fit(X, Y)
            mlflow.sklearn.log_model(twin, name="twin", pip_requirements=["numpy==2"])
        torch.manual_seed(0)
        network = torch.nn.Linear(3, 2)
        with torch.no_grad():
            network.bias[0] += nudge
        mlflow.pytorch.log_model(
            network, name="network", serialization_format="pickle", pip_requirements=["numpy==2"]
        )
        booster = xgboost.XGBClassifier(n_estimators=1, max_depth=1, n_jobs=1)
        booster.set_params(learning_rate=0.3 + nudge).fit(X, Y)
        mlflow.xgboost.log_model(booster, name="trees", pip_requirements=["numpy==2"])
        return str(run.info.run_id)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Evidence]]:
    """The same run twice, with the twins swapped, and one with a nudge."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.chdir(folder)
        mlflow.set_tracking_uri(uri)
        try:
            ids = [log(0, (1, 2)), log(0, (2, 1)), log(1e-3, (1, 2))]
        finally:
            mlflow.set_tracking_uri(before)
        with closing(open_reader(uri, folder / "cache")) as reader:
            yield [collect(run_id, reader, Downloads(folder / "cache")) for run_id in ids]


def compared(left: Evidence, right: Evidence) -> Comparison:
    return compare(left, right, POLICY, open_file, 2**24, 2**16, commits_between)


def artifacts(comparison: Comparison, kind: Kind) -> dict[str, Finding]:
    found = comparison[SectionName.ARTIFACTS].findings
    return {"/".join(f.key[1:]): f for f in found if f.kind is kind}


def test_models_logged_twice_differ_in_nothing_that_counts(logged: list[Evidence]) -> None:
    found = compared(logged[0], logged[1])
    assert found.verdict.outcomes is OutcomesVerdict.IDENTICAL
    assert not artifacts(found, Kind.CHANGED)
    assert not artifacts(found, Kind.UNKNOWN)
    aside = artifacts(found, Kind.SET_ASIDE)
    assert {"twin/model.skops", "twin #2/model.skops", "trees/MLmodel"} <= set(aside)
    equal = artifacts(found, Kind.EQUAL)
    assert {"pickled/model.pkl", "network/data/model.pth", "trees/model.ubj"} <= set(equal)


def test_a_nudge_is_found_in_each_model_and_nowhere_else(logged: list[Evidence]) -> None:
    changed = artifacts(compared(logged[0], logged[2]), Kind.CHANGED)
    assert set(changed) == {"pickled/model.pkl", "network/data/model.pth", "trees/model.ubj"}
    details = {name: finding.detail for name, finding in changed.items()}
    inner = {
        name: {f.key[0] for f in detail.findings if f.kind is Kind.CHANGED}
        for name, detail in details.items()
        if isinstance(detail, FileDetail)
    }
    assert inner["pickled/model.pkl"] == {"coef_"}
    assert inner["network/data/model.pth"] == {"_parameters.bias"}
    assert any("base_weights" in name for name in inner["trees/model.ubj"])


def test_the_models_tell_what_was_installed(logged: list[Evidence]) -> None:
    environment = logged[0][SectionName.ENVIRONMENT]
    assert ("packages", "numpy") in environment.facts
    assert ("python",) in environment.facts
