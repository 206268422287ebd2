"""Two ordinary runs of one small project, told to repro-tui, Guild and DVC alike."""

import json
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.speed import stores
from benchmarks.speed.ground import Ground

COMMITS = ("left", "right")
"""The branches of the project, one a run."""

_STEPS = 100
_METRICS = ("accuracy", "loss", "val_accuracy", "val_loss")
_PARAMS: dict[str, float | str] = {
    "batch_size": 32, "dropout": 0.1, "epochs": 100, "hidden": 64, "layers": 2, "lr": 0.1,
    "momentum": 0.9, "optimizer": "sgd", "seed": 1, "weight_decay": 0.0001,
}  # fmt: skip
_CHANGED = {"hidden": 128, "lr": 0.2}
_TRAIN = """{params}

for step in range({steps}):
    print(f"step: {{step}}")
    print(f"loss: {{lr / (step + 1)}}")
"""
_GUILD = """\
train:
  main: train
  flags-import: all
  output-scalars: '(\\key): (\\value)'
"""
_DVC = """\
params:
- params.yaml
metrics:
- metrics.json
"""
_AUTHOR = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")


@dataclass(frozen=True, slots=True)
class Project:
    """A Git repository with a branch for each run."""

    folder: Path

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ("git", *_AUTHOR, *arguments),
            cwd=self.folder, check=True, capture_output=True, encoding="utf-8",
        ).stdout.strip()  # fmt: skip

    def checkout(self, commit: str) -> None:
        self.git("checkout", "--quiet", commit)


def project(ground: Ground) -> Project:
    """The repository, made unless it is there."""
    folder = ground.folder / "project"
    made = Project(folder)
    if not (folder / ".git" / "refs" / "heads" / COMMITS[-1]).exists():
        folder.mkdir(exist_ok=True)
        made.git("init", "--quiet", "--initial-branch", "main")
        for commit, params in zip(COMMITS, _sides(), strict=True):
            made.git("checkout", "--quiet", "-b", commit)
            for name, text in _files(params).items():
                (folder / name).write_text(text, encoding="utf-8")
            made.git("add", "--all")
            made.git("commit", "--quiet", "--message", commit)
    return made


def ordinary(ground: Ground) -> Path:
    """A store with the two runs: params, metrics of a hundred steps, a few small artifacts."""
    artifacts = ground.folder / "artifacts" / "ordinary"

    def fill(store: sqlite3.Connection) -> None:
        repository = project(ground)
        stores.add_runs(store, len(COMMITS), artifacts)
        for number, (commit, params) in enumerate(zip(COMMITS, _sides(), strict=True)):
            run_id = stores.run_id(number)
            store.executemany(
                "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                ((key, str(value), run_id) for key, value in params.items()),
            )
            store.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
                " VALUES (?, ?, ?, ?, ?, 0)",
                (
                    (metric, 1 / (step + 1 + number), stores.STARTED + step, run_id, step)
                    for metric in _METRICS
                    for step in range(_STEPS)
                ),
            )
            store.execute(
                "UPDATE tags SET value = ? WHERE run_uuid = ? AND key = 'mlflow.source.git.commit'",
                (repository.git("rev-parse", commit), run_id),
            )
            store.execute(
                "UPDATE tags SET value = ? WHERE run_uuid = ? AND key = 'mlflow.source.name'",
                (str(repository.folder / "train.py"), run_id),
            )
            _write_artifacts(artifacts / run_id, number, params)

    return stores.made(ground, "ordinary", fill)


def _sides() -> tuple[dict[str, float | str], dict[str, float | str]]:
    return _PARAMS, _PARAMS | _CHANGED


def _files(params: dict[str, float | str]) -> dict[str, str]:
    lines = "\n".join(f"{name} = {value!r}" for name, value in params.items())
    return {
        "train.py": _TRAIN.format(params=lines, steps=_STEPS),
        "params.yaml": json.dumps(params),
        "metrics.json": json.dumps(dict.fromkeys(_METRICS, params["lr"])),
        "requirements.txt": "numpy==2.3.1\nscikit-learn==1.7.0\n",
        "guild.yml": _GUILD,
        "dvc.yaml": _DVC,
    }


def _write_artifacts(folder: Path, seed: int, params: dict[str, float | str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.random.default_rng(seed).standard_normal((256, 256), np.float32)
    np.save(folder / "weights.npy", weights)
    (folder / "config.json").write_text(json.dumps(params, indent=2), encoding="utf-8")
    (folder / "requirements.txt").write_text("numpy==2.3.1\nscikit-learn==1.7.0\n")
    (folder / "predictions.csv").write_text(
        "row,value\n" + "".join(f"{row},{row * (seed + 1)}\n" for row in range(1000))
    )
