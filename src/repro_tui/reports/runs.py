"""A list of runs written out, for a terminal and for scripts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from repro_tui.evidence.gauge import gauge, seen_on_page
from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.text import duration, number, visible


def to_json(runs: Iterable[Run]) -> dict[str, Any]:
    """All that the store tells of each run; times in milliseconds since the epoch, UTC.

    `known` is how much of each group a reproduction would find, as a page of runs tells it.
    JSON has no NaN and no infinities: those metrics are spelled as strings.
    """
    return {"schema": "repro-tui.runs/1", "runs": [_run(run) for run in runs]}


def _run(run: Run) -> Mapping[str, Any]:
    finite = {
        name: value if value - value == 0 else number(value) for name, value in run.metrics.items()
    }
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment_id": run.experiment_id,
        "experiment_name": run.experiment_name,
        "status": run.status,
        "lifecycle_stage": run.lifecycle_stage,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "artifact_uri": run.artifact_uri,
        "params": dict(run.params),
        "tags": dict(run.tags),
        "metrics": finite,
        "known": {str(g.group): str(g.level) for g in gauge(run, seen_on_page(run)).grades},
    }


COLUMNS = (
    "run", "name", "status", "started (UTC)", "duration", "commit", "seed", "known",
    "re-executes", "verdict",
)  # fmt: skip
"""What tells runs apart at a glance."""


def cells(run: Run) -> tuple[str, ...]:
    """A run's line in a table of `COLUMNS`."""
    took = run.duration
    return (
        run.run_id[:8],
        visible(run.name, 40),
        visible(run.status),
        started(run),
        "" if took is None else duration(took),
        visible(commit(run)),
        visible(seed(run), 12),
        gauge(run, seen_on_page(run)).cells,
        visible(run.tags.get(Tag.REEXECUTES, "")[:8]),
        visible(run.tags.get(Tag.VERDICT, ""), 60),
    )


def described(runs: Sequence[Run]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What identifies runs in a comparison: a label, and each run's text; empty: not told."""
    columns: dict[str, Callable[[Run], str]] = {
        "run": lambda run: run.run_id,
        "name": lambda run: run.name,
        "experiment": lambda run: run.experiment_name,
        "status": lambda run: run.status,
        "started (UTC)": started,
        "duration": lambda run: "" if (took := run.duration) is None else duration(took),
        "user": lambda run: run.user,
    }
    return tuple((label, tuple(map(told, runs))) for label, told in columns.items())


def started(run: Run) -> str:
    """The start to the second, UTC; empty where the store does not tell it."""
    if run.start_time is None:
        return ""
    try:
        moment = datetime.fromtimestamp(run.start_time / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return "out of range"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def commit(run: Run) -> str:
    """The commit in seven characters, with a star where uncommitted changes are known."""
    short = run.tags.get(Tag.GIT_COMMIT, "")[:7]
    return f"{short}*" if short and run.tags.get(Tag.DIRTY) == "true" else short


def seed(run: Run) -> str:
    """The seed that repro-tui set, or else a parameter that is called so."""
    return run.tags.get(Tag.SEED) or run.params.get("seed", "")


def device(run: Run) -> str:
    """The device that repro-tui chose, or else a parameter that is called so."""
    return run.tags.get(Tag.DEVICE) or run.params.get("device", "")
