"""skops files, written by skops: members are named by memory address."""

from typing import Any

import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.compare.artifacts.opened import at, inside, nested, not_equal, zipped

from repro_tui.compare.model import Kind, TensorDetail

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] > 0.1


def model(**options: Any) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(**options)).fit(X, Y)


# Kept alive together, so that their addresses differ.
MODELS = [model(), model()]


def test_addresses_are_set_aside() -> None:
    left, right = map(skops.io.dumps, MODELS)
    seen = inside("model.skops", left, right)
    assert seen.detail.comparer == "skops"
    assert seen.kind is Kind.SET_ASIDE
    assert "memory addresses" in seen.rule
    assert set(not_equal(seen).values()) == {Kind.SET_ASIDE}


def test_one_flipped_bit_is_found_at_its_place_in_the_schema() -> None:
    other = model()
    other[-1].coef_.view(np.int64)[0, 1] ^= 1
    seen = inside("model.skops", skops.io.dumps(MODELS[0]), skops.io.dumps(other))
    (key,) = [key for key, kind in not_equal(seen).items() if kind is Kind.CHANGED]
    assert key[0].endswith("coef_.npy")
    detail = at(nested(at(seen, *key)), "array").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.differing, detail.distance.max_ulp) == (1, 1)


def test_one_changed_hyperparameter() -> None:
    other = model()
    other[-1].C = 2.0
    seen = inside("model.skops", skops.io.dumps(MODELS[0]), skops.io.dumps(other))
    (key,) = [key for key, kind in not_equal(seen).items() if kind is Kind.CHANGED]
    assert key[0] == "schema.json"
    assert "C" in key


def test_arrays_that_trade_places_are_found() -> None:
    other = model()
    scaler = other[0]
    scaler.mean_, scaler.scale_ = scaler.scale_, scaler.mean_
    seen = inside("model.skops", skops.io.dumps(MODELS[0]), skops.io.dumps(other))
    names = [key[-1] for key, kind in not_equal(seen).items() if kind is Kind.CHANGED]
    assert len(names) == 2
    assert any("mean_" in name for name in names)


def test_a_schema_that_is_none_is_a_zip_like_others() -> None:
    left, right = (zipped({"schema.json": text}) for text in (b"{", b"}"))
    seen = inside("model.skops", left, right)
    assert (seen.kind, seen.detail.comparer) == (Kind.CHANGED, "zip")
    assert "Not read as a skops file" in seen.detail.summary
