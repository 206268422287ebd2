"""Trains the demo's runs through real MLflow Projects, two at a time."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import git
from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import Reader, RunQuery, open_reader
from repro_tui.rerun import jobs, project
from repro_tui.rerun.model import Determinism, JobState, Plan
from repro_tui.rerun.plan import first
from repro_tui.settings import Settings
from repro_tui.text import duration

EXPERIMENT = "digits"


class Training(Struct, frozen=True):
    """One run of the demo: what it is called and how it is started."""

    name: str
    conf_file: str
    seed: int | None


TRAININGS = (
    Training("baseline", "confs/baseline.yaml", 42),
    Training("twin", "confs/baseline.yaml", 42),
    Training("faster", "confs/faster.yaml", 42),
    Training("unseeded-1", "confs/baseline.yaml", None),
    Training("unseeded-2", "confs/baseline.yaml", None),
)


def store_uri(folder: Path) -> str:
    """The demo's tracking store; `mlflow.db` is where repro-tui looks by itself."""
    return f"sqlite:///{folder / 'mlflow.db'}"


def train(folder: Path, settings: Settings, narrate: Callable[[str], None]) -> None:
    """Train what is not trained yet, with progress told as each run starts and ends.

    Raises ReproError where a training fails.
    """
    if not (folder / "mlflow.db").exists():
        narrate("Making the MLflow store")
        _make_store(folder)
    reader = open_reader(store_uri(folder), settings.cache)
    try:
        done = {run.name for run in reader.runs(RunQuery(filter="status = 'FINISHED'")).runs}
        waiting = [
            (training, _plan(folder, reader, training))
            for training in TRAININGS
            if training.name not in done
        ]
    finally:
        reader.close()

    def carry_out(item: tuple[Training, Plan]) -> None:
        training, plan = item
        narrate(f"Training {training.name}: {plan.command}")
        job = jobs.wait(jobs.submit(plan, settings))
        if job.state is not JobState.FINISHED:
            raise ReproError(
                f"The training of {training.name} {job.state}: {job.message}",
                f"Its log: {job.log}",
            )
        took = (job.ended or job.created) - job.created
        narrate(f"Trained {training.name} in {duration(took)}")

    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        # Reading every result raises what a training raised.
        list(pool.map(carry_out, waiting))


def _plan(folder: Path, reader: Reader, training: Training) -> Plan:
    source = folder / "project"
    seed = "none" if training.seed is None else str(training.seed)
    with git.Repo(source) as repository:
        commit = repository.head.commit.hexsha
    (experiment,) = [one for one in reader.experiments() if one.name == EXPERIMENT]
    return first(
        project.parse((source / "MLproject").read_text(encoding="utf-8")),
        "main",
        {"conf_file": training.conf_file, "seed": seed, "device": "cpu"},
        repository=str(source),
        commit=commit,
        tracking_uri=store_uri(folder),
        experiment_id=experiment.experiment_id,
        run_name=training.name,
        interpreter=sys.executable,
        seed=training.seed,
        determinism=Determinism.OFF if training.seed is None else Determinism.SEED,
    )


def _make_store(folder: Path) -> None:
    """A SQLite store with the experiment, made by MLflow's own command line."""
    created = subprocess.run(
        [
            *(sys.executable, "-m", "mlflow", "experiments", "create"),
            *("--experiment-name", EXPERIMENT),
            *("--artifact-location", (folder / "artifacts").as_uri()),
        ],
        env={**os.environ, "MLFLOW_TRACKING_URI": store_uri(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if created.returncode != 0:
        (folder / "mlflow.db").unlink(missing_ok=True)
        reason = created.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ReproError(f"MLflow could not make the demo's store: {reason[0]}")
