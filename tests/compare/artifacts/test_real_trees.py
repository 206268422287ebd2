"""XGBoost and LightGBM: models that they wrote, equal ones and ones with a known change."""

import json
import pickle
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from tests.compare.artifacts.opened import at, inside, nested, not_equal

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def boosted(**params: Any) -> Any:
    return xgboost.XGBClassifier(n_estimators=2, max_depth=2, n_jobs=1, **params).fit(X, Y)


def grown(**params: Any) -> Any:
    model = lightgbm.LGBMClassifier(n_estimators=2, max_depth=2, n_jobs=1, verbose=-1, **params)
    return model.fit(X, Y)


@pytest.fixture(scope="module")
def boosters() -> tuple[Any, Any]:
    """Two of which the second has one leaf more by half."""
    model = boosted()
    document = json.loads(model.get_booster().save_raw("json"))
    tree = document["learner"]["gradient_booster"]["model"]["trees"][1]
    leaf = tree["left_children"].index(-1)
    tree["split_conditions"][leaf] *= 1.5
    other = xgboost.XGBClassifier()
    other.load_model(bytearray(json.dumps(document).encode()))
    return model, other


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_a_changed_leaf_of_xgboost_is_named(
    boosters: tuple[Any, Any], suffix: str, tmp_path: Path
) -> None:
    files = []
    for number, model in enumerate(boosters):
        path = tmp_path / f"{number}.{suffix}"
        model.get_booster().save_model(path)
        files.append(path.read_bytes())
    seen = inside(f"model.{suffix}", files[0], files[1])
    assert seen.kind is Kind.CHANGED
    found = ["/".join(key) for key in not_equal(seen)]
    assert any("trees" in name and "[1]" in name and "split_conditions" in name for name in found)
    assert not any("trees" in name and "[0]" in name for name in found if "split" in name)


def test_raw_bytes_of_a_booster_say_so_themselves(boosters: tuple[Any, Any]) -> None:
    raw = [bytes(model.get_booster().save_raw("ubj")) for model in boosters]
    seen = inside("booster.bin", raw[0], raw[1])
    assert seen.detail.comparer == "UBJSON"
    leaves = at(seen, "learner.gradient_booster.model.trees[1].split_conditions")
    assert isinstance(leaves.detail, TensorDetail)
    assert leaves.detail.left_dtype == "float32"
    assert leaves.detail.distance is not None
    assert leaves.detail.distance.differing == 1
    assert inside("booster.bin", raw[0], raw[1], Policy(rtol=0.6)).kind is Kind.WITHIN_TOLERANCE


def test_a_booster_in_a_pickle_is_looked_into() -> None:
    sides = [pickle.dumps(boosted(learning_rate=rate)) for rate in (0.3, 0.31)]
    seen = inside("model.pkl", sides[0], sides[1])
    assert at(seen, "learning_rate").kind is Kind.CHANGED
    booster = nested(at(seen, "_Booster.handle(0)"))
    assert booster.comparer == "UBJSON"
    assert any("trees[0].base_weights" in finding.key[0] for finding in booster.findings)


def test_a_booster_that_was_trained_again_is_the_same_to_the_bit() -> None:
    first, second = (bytes(boosted().get_booster().save_raw("ubj")) for _ in range(2))
    assert first == second


def test_a_changed_leaf_of_lightgbm_is_named(tmp_path: Path) -> None:
    grown().booster_.save_model(tmp_path / "a.txt")
    content = (tmp_path / "a.txt").read_text()
    before, leaves, after = content.partition("Tree=1\n")[2].partition("leaf_value=")
    line, rest = after.split("\n", 1)
    values = line.split(" ")
    values[0] = repr(float(values[0]) + 1e-9)
    head = content.partition("Tree=1\n")[0] + "Tree=1\n"
    changed = head + before + leaves + " ".join(values) + "\n" + rest
    seen = inside("lgb.txt", content.encode(), changed.encode())
    assert seen.detail.comparer == "LightGBM"
    assert not_equal(seen) == {("Tree=1.leaf_value",): Kind.CHANGED}
    assert inside("x", content.encode(), changed.encode(), Policy(atol=1e-8)).kind is (
        Kind.WITHIN_TOLERANCE
    )


def test_a_changed_parameter_of_lightgbm_is_named() -> None:
    sides = [grown(reg_lambda=v).booster_.model_to_string().encode() for v in (0.0, 1e-30)]
    assert not_equal(inside("lgb.txt", sides[0], sides[1])) == {
        ("parameters.lambda_l2",): Kind.CHANGED
    }
    again = grown(reg_lambda=0.0).booster_.model_to_string().encode()
    assert again == sides[0]


def test_lightgbm_in_a_pickle_is_looked_into() -> None:
    sides = [pickle.dumps(grown(learning_rate=rate)) for rate in (0.1, 0.11)]
    seen = inside("model.pkl", sides[0], sides[1])
    assert at(seen, "learning_rate").kind is Kind.CHANGED
    models = [f for f in seen.detail.findings if f.key[0].endswith("handle")]
    assert [nested(finding).comparer for finding in models if finding.detail] == ["LightGBM"]
