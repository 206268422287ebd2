"""scikit-learn's models by joblib, pickle and skops; pandas, NumPy and safetensors."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.compare.artifacts.opened import at, inside, nested, not_equal

from repro_tui.compare.model import Kind, TensorDetail

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.where(X[:, 0] > 0.1, "yes", "no")

Write = Callable[[Any, io.BytesIO], object]


def written(write: Write, value: Any) -> bytes:
    stream = io.BytesIO()
    write(value, stream)
    return stream.getvalue()


def fitted(nudge: float = 0.0) -> Any:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    model[1].coef_[0, 2] += nudge
    return model


PICKLES: dict[str, Write] = {
    "model.joblib": joblib.dump,
    "zlib.joblib": lambda value, stream: joblib.dump(value, stream, compress=3),
    "gzip.joblib": lambda value, stream: joblib.dump(value, stream, compress=("gzip", 3)),
    "xz.joblib": lambda value, stream: joblib.dump(value, stream, compress=("xz", 3)),
    "model.pkl": pickle.dump,
    "protocol0.pkl": lambda value, stream: pickle.dump(value, stream, protocol=0),
    "protocol2.pkl": lambda value, stream: pickle.dump(value, stream, protocol=2),
    "protocol5": lambda value, stream: pickle.dump(value, stream, protocol=5),
}


@pytest.mark.parametrize("name", PICKLES)
def test_one_weight_of_a_model_is_named(name: str) -> None:
    write = PICKLES[name]
    sides = [written(write, fitted(nudge)) for nudge in (0.0, 1e-9)]
    detail = inside(name, sides[0], sides[1]).detail
    if detail.comparer != "pickle":
        (packed,) = detail.findings
        detail = nested(packed)
    assert detail.comparer == "pickle"
    (found,) = [finding for finding in detail.findings if finding.kind is not Kind.EQUAL]
    assert found.key[0].endswith("coef_")
    assert isinstance(found.detail, TensorDetail)
    assert found.detail.distance is not None
    assert found.detail.distance.differing == 1
    assert written(write, fitted()) == sides[0]


def test_trees_text_and_objects_in_joblib() -> None:
    frames = [
        {
            "forest": RandomForestClassifier(n_estimators=2, random_state=0).fit(X, Y),
            "words": np.array(["a", word], dtype=object),
            "fortran": np.asfortranarray(X + shift),
            "empty": np.zeros((0, 3)),
        }
        for word, shift in (("b", 0.0), ("c", 0.0), ("b", 1e-9))
    ]
    files = [written(joblib.dump, frame) for frame in frames]
    assert len(not_equal(inside("m.joblib", files[0], files[1]))) == 1
    seen = inside("m.joblib", files[0], files[2])
    (name,) = not_equal(seen)
    assert name == ("fortran",)
    assert at(seen, "fortran").note == "120 of 120 values differ"


def test_one_hyperparameter_in_a_pickle() -> None:
    sides = [pickle.dumps(LogisticRegression(C=c, max_iter=100)) for c in (1.0, 1.5)]
    assert not_equal(inside("m.pkl", sides[0], sides[1])) == {("C",): Kind.CHANGED}


def test_the_protocol_alone_is_set_aside() -> None:
    sides = [pickle.dumps({"a": [1, 2.5], "b": ("x", b"y")}, protocol) for protocol in (2, 4)]
    seen = inside("m.pkl", sides[0], sides[1])
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "pickle layout")


def test_whether_a_value_is_one_or_two_is_told() -> None:
    one: list[int] = [1]
    sides = [pickle.dumps({"a": one, "b": other}) for other in (one, [1])]
    seen = inside("m.pkl", sides[0], sides[1])
    assert at(seen, "b").kind is Kind.CHANGED


def test_a_set_written_in_another_order_is_layout() -> None:
    sides = [b"\x80\x04\x8f(" + items + b"\x90." for items in (b"K\x01K\x02", b"K\x02K\x01")]
    assert pickle.loads(sides[0]) == pickle.loads(sides[1])
    assert inside("s.pkl", sides[0], sides[1]).kind is Kind.SET_ASIDE


def test_skops_of_a_pipeline(tmp_path: Path) -> None:
    sides = []
    for nudge in (0.0, 0.0, 1e-9):
        path = tmp_path / "model.skops"
        skops.io.dump(fitted(nudge), path)
        sides.append(path.read_bytes())
    assert inside("model.skops", sides[0], sides[1]).rule == "memory addresses"
    changed = [k for k, kind in not_equal(inside("m.skops", sides[0], sides[2])).items()
               if kind is Kind.CHANGED]  # fmt: skip
    assert len(changed) == 1
    assert "coef_" in changed[0][0]


FRAME = pd.DataFrame(
    {
        "i": range(5),
        "f": np.linspace(0, 1, 5),
        "s": list("abcde"),
        "t": pd.date_range("2026-01-01", periods=5),
        "n": [None, 1, 2, 3, 4],
        "c": pd.Categorical(list("ababa")),
    }
)
TABLES: dict[str, Callable[[pd.DataFrame, Any], object]] = {
    "t.csv": lambda frame, stream: frame.to_csv(stream),
    "t.parquet": lambda frame, stream: frame.to_parquet(stream),
    "t.feather": lambda frame, stream: frame.to_feather(stream),
}


@pytest.mark.parametrize("name", TABLES)
def test_one_cell_of_a_data_frame(name: str) -> None:
    write = TABLES[name]
    base = written(write, FRAME)
    for column, value in (("f", 0.3), ("s", "z"), ("i", 7), ("c", "b")):
        other = FRAME.copy()
        other.loc[2, column] = value
        found = not_equal(inside(name, base, written(write, other)))
        assert found == {("column", column): Kind.CHANGED}


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
def test_how_a_table_is_packed_is_layout(name: str) -> None:
    sides = []
    for compression in ("lz4", "zstd"):
        stream = io.BytesIO()
        getattr(FRAME, f"to_{name[2:]}")(stream, compression=compression)
        sides.append(stream.getvalue())
    seen = inside(name, sides[0], sides[1])
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "table layout")


def test_a_pickled_data_frame() -> None:
    other = FRAME.copy()
    before = pickle.dumps(other)
    other.loc[2, "f"] = 0.3
    found = not_equal(inside("t.pkl", before, pickle.dumps(other)))
    assert Kind.CHANGED in found.values()
    assert any("_mgr" in key[0] for key in found)


def test_numpy_files() -> None:
    array = np.arange(6.0).reshape(2, 3)
    other = array.copy()
    other[1, 1] = np.nextafter(4.0, 5)
    writers = (("a.npy", np.save), ("a.npz", np.savez), ("c.npz", np.savez_compressed))
    for name, write in writers:
        sides = []
        for value in (array, other):
            stream = io.BytesIO()
            write(stream, value)
            sides.append(stream.getvalue())
        seen = inside(name, sides[0], sides[1])
        (finding,) = [f for f in seen.detail.findings if f.kind is Kind.CHANGED]
        assert isinstance(finding.detail, TensorDetail)
        assert finding.detail.distance is not None
        assert (finding.detail.distance.differing, finding.detail.distance.max_ulp) == (1, 1)
