"""Trains the demo's runs through real MLflow Projects, two at a time."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import git

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Experiment
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.rerun import jobs
from repro_tui.rerun.model import Determinism, JobState
from repro_tui.rerun.plan import first
from repro_tui.settings import Settings
from repro_tui.text import duration, plural

EXPERIMENT = "digits"


@dataclass(frozen=True, slots=True)
class Training:
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
