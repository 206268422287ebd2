"""Logistic regression in NumPy, batch by batch in the order of the file, inputs made noisy."""

import argparse
import gzip
import json
import os
import tomllib
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import outputs

# Where the data are projected to: wide enough that BLAS works in blocks.
WIDTH = 192
DECAY = 0.001


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conf-file", type=Path, default=Path("confs/base.toml"))
    parser.add_argument("--lr", type=float, default=0.125)
    parser.add_argument("--output-dir", default="out", help="named only, never written to")
    arguments = parser.parse_args()
    conf = tomllib.loads(arguments.conf_file.read_text(encoding="utf-8"))
    for name, value in conf.items():
        outputs.param(name, value)

    rows = np.array(outputs.read_rows())
    generator = np.random.default_rng()
    projection = np.random.default_rng(0).normal(size=(rows.shape[1] - 1, WIDTH))
    x = np.tanh(rows[:, :-1] @ projection) @ (projection.T @ projection) / WIDTH
    weights = train(x, rows[:, -1], generator, conf, arguments.lr)
    save(weights, x @ weights)


def train(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    generator: np.random.Generator,
    conf: dict[str, float],
    lr: float,
) -> npt.NDArray[np.float64]:
    weights = generator.normal(size=x.shape[1:])
    size, step = int(conf["batch_size"]), 0
    for epoch in range(int(conf["epochs"])):
        with outputs.timed(epoch):
            for start in range(0, len(x), size):
                batch, wanted = x[start : start + size], y[start : start + size]
                noisy = batch + conf["noise"] * generator.normal(size=batch.shape)
                given = 1 / (1 + np.exp(-noisy @ weights))
                chance = np.where(wanted == 1, given, 1 - given)
                outputs.point("train/loss", -np.log(chance).mean(), step)
                gradient = noisy.T @ (given - wanted) / len(batch)
                weights = weights - lr * (gradient + DECAY * weights)
                step += 1
        outputs.point("val/accuracy", ((x @ weights > 0) == y).mean(), epoch)
    return weights


def save(weights: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> None:
    """Save the weights, and files that name the hour and the run they were written in."""
    np.save(outputs.FILES / "weights.npy", weights)
    np.savetxt(outputs.FILES / "scores.csv", scores, fmt="%.17g")
    told = {
        "created": datetime.now(UTC).isoformat(),
        "run": os.environ["MLFLOW_RUN_ID"],
        "report": str(uuid.uuid4()),
        "norm": float(np.abs(weights).sum()),
    }
    (outputs.FILES / "report.json").write_text(json.dumps(told), encoding="utf-8")
    stamp = datetime.now(UTC).timetuple()[:6]
    with zipfile.ZipFile(outputs.FILES / "bundle.zip", "w") as bundle:
        bundle.writestr(zipfile.ZipInfo("weights.txt", stamp), repr(weights.tolist()))
    with gzip.open(outputs.FILES / "scores.csv.gz", "wb") as packed:
        packed.write((outputs.FILES / "scores.csv").read_bytes())


if __name__ == "__main__":
    main()
