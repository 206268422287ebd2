"""What a training leaves behind: points of metrics, params, datasets and files.

They are written to a folder of the run's own, and logged to MLflow as they stand by the
process that started the training: importing MLflow takes several times as long as any of
these trainings.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(os.environ["ZOO_RAW"], os.environ["MLFLOW_RUN_ID"])
FILES = FOLDER / "files"
"""What becomes the run's artifacts."""
DATA = Path(os.environ["ZOO_DATA"])
"""Holds the data to learn from; which data these are is not told by its name."""

FILES.mkdir(parents=True)


def point(metric: str, value: float, step: int) -> None:
    """Note one point of a metric, with the time in milliseconds since the epoch."""
    with (FOLDER / "points.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([metric, float(value), int(time.time() * 1000), step]) + "\n")


def param(name: str, value: object) -> None:
    with (FOLDER / "params.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([name, str(value)]) + "\n")


def read_rows() -> list[list[float]]:
    """The rows of the data file, noted as the run's dataset."""
    content = _read("rows.csv")
    return [[float(cell) for cell in line.split(",")] for line in content.splitlines()]


def read_lines() -> list[str]:
    """The lines of the text file, noted as the run's dataset."""
    return _read("lines.txt").splitlines()


@contextmanager
def timed(epoch: int) -> Iterator[None]:
    """Note how long an epoch took: a time that never repeats."""
    started = time.perf_counter()
    yield
    point("epoch_seconds", time.perf_counter() - started, epoch)


def _read(name: str) -> str:
    content = (DATA / name).read_bytes()
    # The store keeps 36 characters of a digest.
    told = {"name": name, "digest": hashlib.sha256(content).hexdigest()[:36]}
    if "ZOO_SILENT_DATA" not in os.environ:
        (FOLDER / "dataset.json").write_text(json.dumps(told), encoding="utf-8")
    return content.decode("utf-8")
