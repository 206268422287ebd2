"""Pictures of every screen and state, small and large, dark and light.

Made anew with `pytest tests/tui/test_snapshots.py --snapshot-update`; look at them before
you commit them.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tests import builders
from tests.tui.conftest import program
from tests.tui.stand_in import REFUSAL, StandIn, job, some_runs

from repro_tui.compare.departure import so_far
from repro_tui.compare.model import Comparison
from repro_tui.compare.policy import Policy
from repro_tui.engine import Engine
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName
from repro_tui.evidence.tracking import RunPage, RunQuery
from repro_tui.rerun.advance import Advance, Course
from repro_tui.rerun.model import JobState

_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""The pictures name fonts at a web address; a picture that is compared needs none."""


class SVG(SingleFileSnapshotExtension):
    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@dataclass(frozen=True)
class State:
    """How a screen is reached: by which keys, over which engine, and when it is there."""

    name: str
    keys: tuple[str, ...] = ()
    engine: Callable[[], StandIn] = StandIn
    shows: str = ""


def _refusing() -> StandIn:
    engine = StandIn()
    engine.refusal = REFUSAL
    return engine


def _working() -> StandIn:
    jobs = (
        job(1, JobState.RUNNING),
        job(2, JobState.FINISHED),
        job(3, JobState.FAILED, message="The process exited with 1: see the log."),
        job(4, JobState.CANCELLED),
        job(5, JobState.QUEUED, started=None, run_id=None),
    )
    engine = StandIn(jobs=jobs)
    engine.log = "".join(f"epoch {n} loss {1 / 2**n}\n" for n in range(40))
    return engine


def _repeating() -> StandIn:
    engine = StandIn()
    engine.several = builders.repeats
    return engine


def _long() -> Comparison:
    """A param and folders of files that are too long for one narrow line."""
    text = "cosine, warm-up 200 steps, restarts every 1000, decays until step "
    left, right = (
        builders.changed(
            builders.evidence(builders.run(run_id, name)), SectionName.PARAMS, ("schedule",),
            builders.known(f"{text}{end}"),
        )
        for run_id, name, end in (
            (builders.LEFT_ID, "baseline", 9000), (builders.RIGHT_ID, "twin", 8000),
        )
    )  # fmt: skip
    for name in ("model/encoder/w0.bin", "model/encoder/w1.bin", "model/decoder.bin", "notes.txt"):
        key = (name,)
        file = builders.file(name, b"left")
        left = builders.changed(left, SectionName.ARTIFACTS, key, builders.known(file))
        file = builders.file(name, b"right")
        right = builders.changed(right, SectionName.ARTIFACTS, key, builders.known(file))
    return builders.compared(left, right)


def _departing() -> StandIn:
    engine = _working()
    ended = {"train/loss": builders.history([1 / (n + 1) for n in range(40)])}
    now = {"train/loss": builders.history([1 / (n + 1) + (n > 12) / 20 for n in range(22)])}
    held = so_far(ended, now, Policy())
    engine.how_far = Course(Advance("train/loss", 21, 39, 0.55), 160_000, held, ended, now)
    return engine


def _silent() -> StandIn:
    engine = _working()
    engine.log = ""
    return engine


def _weights() -> StandIn:
    """Two runs whose checkpoints differ in some of their tensors."""
    whole = np.random.default_rng(0).normal(size=(64, 32)).astype(np.float32)
    other, moved = whole.copy(), whole.copy()
    other[10:20] += np.float32(1e-3)
    moved[63, 31] = np.nan
    sides = []
    for tensors in ((whole, whole, whole), (whole, other, moved)):
        written = io.BytesIO()
        names = ("decoder.bias", "encoder.0.weight", "encoder.1.weight")
        np.savez(written, allow_pickle=False, **dict(zip(names, tensors, strict=True)))
        sides.append(builders.known(builders.file("weights.npz", written.getvalue())))
    key = SectionName.ARTIFACTS, ("weights.npz",)
    comparison = builders.compared(
        builders.changed(builders.evidence(), *key, sides[0]),
        builders.changed(builders.rerun_evidence(), *key, sides[1]),
    )
    return StandIn(comparison=lambda: comparison)


def _one_deleted() -> StandIn:
    runs = some_runs()
    return StandIn((replace(runs[0], lifecycle_stage="deleted"), *runs[1:]))


def _going_away() -> StandIn:
    """It answers once."""
    engine = StandIn()
    answer = engine.runs

    def once(query: RunQuery) -> RunPage:
        page = answer(query)
        engine.failure = ReproError("The server does not answer.", "Check that it is running.")
        return page

    engine.runs = once  # type: ignore[method-assign]
    return engine


STATES = (
    State("runs"),
    State("runs-details", ("G", "d", "tab"), shows="Record with"),
    State("run", ("G", "enter"), shows="Record with"),
    State("run-folded", ("G", "enter", "Z"), shows="logged models"),
    State("run-value", ("G", "enter", *"]]]j", "enter")),
    State("runs-marked", ("space", "space")),
    State("runs-search", ("slash", *"sweep")),
    State("runs-filter", ("slash", *"params.l")),
    State("runs-filter-wrong", ("slash", *"metrics.loss < 'a'", "enter")),
    State("runs-columns", ("o", "j", "j", "greater_than_sign")),
    State("runs-sorted", ("l", "l", "S")),
    State("runs-deleted", ("D",), _one_deleted),
    State("runs-gone", ("ctrl+r",), _going_away, "store unreachable"),
    State("runs-empty", engine=lambda: StandIn(())),
    State("compare", ("j", "c")),
    State("compare-everything", ("j", "c", "a")),
    State("compare-reproduced", ("j", "c"), lambda: StandIn(comparison=builders.reproduced)),
    State("compare-unverifiable", ("j", "c"), lambda: StandIn(comparison=builders.unverifiable)),
    State("compare-search", ("j", "c", "slash", *"torch")),
    State("compare-long", ("j", "c", "n", "n", "n", "j", "j"), lambda: StandIn(comparison=_long)),
    State("compare-several", ("space", "space", "space", "c", "l"), shows="1 diverged"),
    State("compare-repeats", ("space", "space", "space", "c"), _repeating, "The 3 repeats"),
    State("verdict", ("j", "c", "v")),
    State("verdict-repeats", ("space", "space", "space", "c", "v"), _repeating, "The 3 repeats"),
    State("detail-value", ("j", "c", "enter")),
    State("detail-lines", ("j", "c", "n", "n", "enter")),
    State("detail-metric", ("j", "c", "G", *"NNNN", "enter")),
    State("detail-points", ("j", "c", "G", *"NNNN", "enter", "tab")),
    State("detail-plot-zoomed", ("j", "c", "G", *"NNNN", "enter", "+", "+", "L")),
    State("detail-tensors", ("j", "c", "G", "N", "N", "enter"), _weights, "encoder.0.weight"),
    State("detail-tensor", ("j", "c", "G", "N", "N", "enter", "enter"), _weights, "what differs"),
    State("metrics", ("j", "c", "m", "a"), shows="accuracy"),
    State("export", ("j", "c", "x")),
    State("rerun", ("G", "r")),
    State("rerun-refused", ("G", "r"), _refusing),
    State("rerun-preset", ("G", "r", "ctrl+o", *("down",) * 5, "enter"), shows="8, 9, 10"),
    State("jobs", ("J",), _working, "epoch 39"),
    State("jobs-departed", ("J", "p"), _departing, "step 13"),
    State("jobs-queued", ("J", "G"), _silent, "holds it"),
    State("jobs-empty", ("J",)),
    State("cancel", ("J", "K"), _working, "epoch 39"),
    State("help", ("question_mark",)),
    State("help-search", ("question_mark", "slash", *"differs"), shows="lets it pass"),
    State("themes", ("t",)),
    State("stores", ("O",)),
    State("experiments", ("e",)),
    State("sort", ("s",)),
)
SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
THEMES = ("repro-dark", "repro-light")


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(SVG)


def plain(svg: str) -> str:
    return _FONT.sub("", svg)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_picture(
    state: State,
    size: str,
    theme: str,
    picture: SnapshotAssertion,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/ada/digits"))
    async with program(state.engine(), SIZES[size], theme) as session:
        await session.press(*state.keys)
        await session.until(lambda: state.shows in session.text())
        await session.rest()
        assert plain(session.picture()) == picture


@pytest.mark.parametrize("size", SIZES)
async def test_picture_of_a_store_that_cannot_be_opened(
    size: str, picture: SnapshotAssertion
) -> None:
    def open_engine(_: str | None) -> Engine:
        raise ReproError(
            "No MLflow store was found: MLFLOW_TRACKING_URI is not set, and this folder holds "
            "neither mlflow.db nor an mlruns folder with experiments.",
            "Start in the folder that you train in, or name the store with --tracking-uri.",
        )

    async with program(size=SIZES[size], open_engine=open_engine) as session:
        await session.rest()
        assert plain(session.picture()) == picture


@pytest.mark.parametrize("size", SIZES)
async def test_picture_of_a_comparison_that_fails(size: str, picture: SnapshotAssertion) -> None:
    engine = StandIn()
    async with program(engine, SIZES[size]) as session:
        engine.failure = ReproError("The artifacts of this run are gone.", "Restore the folder.")
        await session.press("j", "c")
        await session.rest()
        assert plain(session.picture()) == picture


@pytest.mark.parametrize("size", SIZES)
async def test_picture_without_colour(
    size: str, picture: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with program(size=SIZES[size]) as session:
        await session.press("j", "c")
        await session.rest()
        assert plain(session.picture()) == picture
