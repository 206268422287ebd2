"""XGBoost and LightGBM in real processes: their own defaults stand, and the record shows it."""

from pathlib import Path

import pytest
from tests.rerun.training import PYTHON, train

from repro_tui.rerun import overlay
from repro_tui.rerun.model import Determinism

pytestmark = pytest.mark.e2e

PROGRAM = """
import numpy as np, xgboost, lightgbm
x = np.random.rand(200, 4)
y = x.sum(1)
plain = xgboost.XGBRegressor(n_estimators=3, subsample=0.5, n_jobs=1).fit(x, y)
seeded = xgboost.train([("seed", 5), ("subsample", 0.5)], xgboost.DMatrix(x, y), 3)
options = {"verbose": -1, "bagging_fraction": 0.5, "bagging_freq": 1, "num_threads": 1}
light = lightgbm.train(options, lightgbm.Dataset(x, y), 3)
text = light.model_to_string()
print(plain.predict(x).tobytes().hex(), seeded.predict(xgboost.DMatrix(x)).tobytes().hex())
print(light.predict(x).tobytes().hex(), lightgbm.Booster(model_str=text).num_trees())
print([line for line in text.splitlines() if "deterministic" in line or "row_wise" in line])
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay.make(tmp_path_factory.mktemp("overlays") / "overlay", PYTHON)


def test_boosters_repeat_themselves_and_who_seeded_them_is_told(
    scripts: Path, tmp_path: Path
) -> None:
    first, again = (train(scripts, tmp_path, PROGRAM) for _ in range(2))
    assert (first.code, first.err) == (0, "")
    assert first.out == again.out
    assert first.generator("xgboost") == ("code", 5, "train.py:6")
    assert first.generator("lightgbm") == ("library", None, "")


def test_strict_keeps_lightgbm_from_choosing_its_layout_by_the_clock(
    scripts: Path, tmp_path: Path
) -> None:
    ended = train(scripts, tmp_path, PROGRAM, determinism=Determinism.STRICT)
    assert ended.code == 0, ended.err
    assert "[deterministic: 1]" in ended.out
    assert "[force_row_wise: 1]" in ended.out
