"""Makes the runs, in processes that keep MLflow loaded."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.zoo import ground
from benchmarks.zoo.alterations import ALTERATIONS, Copy
from benchmarks.zoo.model import Altered, Plain, Reexecution, Run, Training
from benchmarks.zoo.places import EXPERIMENT, Places
from benchmarks.zoo.table import ENVIRONMENTS

from repro_tui import settings as configuration
from repro_tui.engine import Engine
from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import RunQuery
from repro_tui.rerun import jobfolder, launch, plan, project
from repro_tui.rerun.model import Determinism, JobState, Plan, Refusal, Request

_PROCESSES = 2
_BATCH = 1000
"""Points that MLflow takes at once."""


def make(places: Places, runs: tuple[Run, ...], narrate: Callable[[str], None]) -> None:
    """Make every run that the store does not hold yet.

    Trainings first, then what is made from them. Raises RuntimeError where one fails
    that should not.
    """
    told = places.folder / "commits.json"
    if not told.exists():
        narrate("making the data and the commits")
        for folder in (places.data, places.project):
            shutil.rmtree(folder, ignore_errors=True)
        ground.make_data(places)
        told.write_text(json.dumps(ground.make_project(places)), encoding="utf-8")
    commits = json.loads(told.read_text(encoding="utf-8"))
    for name in ENVIRONMENTS:
        narrate(f"environment {name}")
        ground.make_environment(places, name)
    with ProcessPoolExecutor(
        _PROCESSES, get_context("spawn"), initializer=_initialize, initargs=(places,)
    ) as pool:
        pool.submit(_make_store, places).result()
        done = run_ids(places)
        waiting = [run for run in runs if run.name not in done]
        plain = [run for run in waiting if isinstance(run, Plain)]
        trainings = [run for run in waiting if isinstance(run, Training)]
        first: list[Future[str]] = []
        for in_git in (True, False):
            together = [run for run in plain if run.in_git is in_git]
            if together:
                first.append(pool.submit(_plain, places, together))
        first += [pool.submit(_train, places, run, commits) for run in trainings]
        _finish(first, narrate)
        of = run_ids(places)
        later = [
            pool.submit(_reexecute, places, run, of[run.of])
            for run in waiting
            if isinstance(run, Reexecution)
        ]
        later += [
            pool.submit(_copy, places, run, of[run.of])
            for run in waiting
            if isinstance(run, Altered)
        ]
        _finish(later, narrate)


def run_ids(places: Places) -> dict[str, str]:
    """The runs that the store holds, by name."""
    with closing(Engine.open(configuration.load(), places.uri, places.folder)) as engine:
        return {run.name: run.run_id for run in engine.runs(RunQuery(max_results=1000)).runs}


def _finish(futures: list[Future[str]], narrate: Callable[[str], None]) -> None:
    try:
        for number, future in enumerate(as_completed(futures), start=1):
            narrate(f"{number} of {len(futures)}: {future.result()}")
    finally:
        for future in futures:
            future.cancel()


# --- In the processes of the pool --------------------------------------------------


def _initialize(places: Places) -> None:
    """What the trainings print goes to the log, as it does in a job of repro-tui."""
    log = os.open(places.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _client() -> Any:
    import mlflow

    return mlflow.MlflowClient()


def _make_store(places: Places) -> None:
    client = _client()
    if client.get_experiment_by_name(EXPERIMENT) is None:
        client.create_experiment(EXPERIMENT, artifact_location=places.artifacts.as_uri())


def _train(places: Places, run: Training, commits: Mapping[str, str]) -> str:
    (experiment,) = [e for e in _client().search_experiments() if e.name == EXPERIMENT]
    declared = project.parse((places.project / "MLproject").read_text(encoding="utf-8"))
    made = plan.first(
        declared,
        run.entry_point,
        run.parameters,
        repository=str(places.project),
        commit=commits[run.commit],
        tracking_uri=places.uri,
        experiment_id=experiment.experiment_id,
        run_name=run.name,
        interpreter=places.interpreter(run.environment),
        seed=run.seed,
        determinism=Determinism.OFF if run.seed is None else Determinism.SEED,
    )
    made = replace(made, variables={**made.variables, **run.variables})
    if run.uncommitted:
        patch = ground.changes(places, commits, run.uncommitted)
        made = replace(made, patch=patch, tags={**made.tags, Tag.DIRTY: "true"})
    os.environ["ZOO_DATA"] = str(places.data / run.data)
    os.environ.pop("ZOO_SILENT_DATA", None)
    if not run.tells_data:
        os.environ["ZOO_SILENT_DATA"] = "1"
    # One training is meant to crash; what it left is logged all the same.
    _carry_out(places, made, may_fail=run.commit == "crash")
    return run.name


def _reexecute(places: Places, run: Reexecution, original: str) -> str:
    settings = configuration.load()
    with closing(Engine.open(settings, places.uri, places.folder)) as engine:
        made = engine.plan(Request(run_id=original, seed=run.seed))
    if isinstance(made, Refusal):
        raise ReproError(f"{run.name}: {made.lacks[0].what}", made.lacks[0].remedy)
    os.environ["ZOO_DATA"] = str(places.data / "base")
    _carry_out(places, replace(made, run_name=run.name), may_fail=False)
    return run.name


def _carry_out(places: Places, made: Plan, *, may_fail: bool) -> None:
    """What a job's launcher does, in this process: it has MLflow loaded already."""
    settings = configuration.load()
    name = made.run_name.replace(" ", "-").replace(",", "")
    folder = settings.jobs / f"{name}-{time.time_ns():x}"
    jobfolder.create(folder, made, round(time.time() * 1000))
    launch.launch(folder)
    job = jobfolder.read(folder)
    if job.run_id is None or (job.state is not JobState.FINISHED and not may_fail):
        raise RuntimeError(f"{made.run_name} {job.state}: {job.message}; see {places.log}")
    if (raw := places.raw / job.run_id / "points.jsonl").exists():
        _log(raw.parent, job.run_id)


def _log(raw: Path, run_id: str) -> None:
    """What a training left behind, as MLflow's client logs it."""
    from mlflow.entities import DatasetInput, Param

    client = _client()
    log_points(client, run_id, read_points(raw))
    if (params := raw / "params.jsonl").exists():
        lines = params.read_text(encoding="utf-8").splitlines()
        client.log_batch(run_id, params=[Param(*json.loads(line)) for line in lines])
    if (told := raw / "dataset.json").exists():
        client.log_inputs(run_id, [_dataset_input(json.loads(told.read_text()), DatasetInput)])
    client.log_artifacts(run_id, str(raw / "files"))


def _dataset_input(told: Mapping[str, str], kind: Any) -> Any:
    from mlflow.entities import Dataset, InputTag

    source = json.dumps({"uri": told["name"]})
    dataset = Dataset(told["name"], told["digest"], "local", source, "", "")
    return kind(dataset, [InputTag("mlflow.data.context", "training")])


def read_points(raw: Path) -> list[tuple[str, float, int, int]]:
    """Metric, value, timestamp and step of every point that a training wrote."""
    lines = (raw / "points.jsonl").read_text(encoding="utf-8").splitlines()
    return [tuple(json.loads(line)) for line in lines]


def log_points(client: Any, run_id: str, points: list[tuple[str, float, int, int]]) -> None:
    from mlflow.entities import Metric

    for start in range(0, len(points), _BATCH):
        batch = [Metric(*point) for point in points[start : start + _BATCH]]
        client.log_batch(run_id, metrics=batch)


def _copy(places: Places, run: Altered, original: str) -> str:
    """A run that is the original in everything, and then one thing altered."""
    from mlflow.entities import Param

    client = _client()
    found = client.get_run(original)
    tags = {name: text for name, text in found.data.tags.items() if name != Tag.RUN_NAME}
    made = client.create_run(
        found.info.experiment_id,
        start_time=found.info.start_time,
        tags=tags,
        run_name=run.name,
    )
    run_id = made.info.run_id
    params = [Param(name, text) for name, text in found.data.params.items()]
    client.log_batch(run_id, params=params)
    for dataset in found.inputs.dataset_inputs:
        client.log_inputs(run_id, [dataset])
    files = places.artifacts / run_id / "artifacts"
    shutil.copytree(places.artifacts / original / "artifacts", files)
    copy = Copy(read_points(places.raw / original), files)
    ALTERATIONS[run.alteration](copy)
    raw = places.raw / run_id
    raw.mkdir()
    lines = "".join(json.dumps(point) + "\n" for point in copy.points)
    (raw / "points.jsonl").write_text(lines, encoding="utf-8")
    log_points(client, run_id, copy.points)
    if copy.ended:
        client.set_terminated(run_id, found.info.status, found.info.end_time)
    return run.name


def _plain(places: Places, runs: list[Plain]) -> str:
    """All plain runs of one folder in one process: MLflow is what takes the time."""
    wanted = json.dumps([{"name": run.name, **run.wanted} for run in runs])
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = places.project
        if not runs[0].in_git:
            folder = Path(elsewhere)
            shutil.copy(places.project / "plain_train.py", folder)
        subprocess.run(
            [sys.executable, "plain_train.py", wanted],
            cwd=folder,
            env={**os.environ, "ZOO_DATA": str(places.data / "base")},
            check=True,
        )
    return ", ".join(run.name for run in runs)
