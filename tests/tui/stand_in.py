"""A store that lives in memory and answers as the engine does, for tests of screens."""

import threading
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from types import SimpleNamespace

from msgspec.structs import replace
from tests import builders

from repro_tui.compare.model import Comparison
from repro_tui.compare.several import Several
from repro_tui.errors import ReproError
from repro_tui.evidence.model import (
    Dataset,
    Experiment,
    History,
    LoggedModel,
    Missing,
    Run,
    Section,
    SectionName,
)
from repro_tui.evidence.overview import Overview, Stored
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.discover import StoreLocation
from repro_tui.evidence.tracking.outline import Outline, outline_of
from repro_tui.evidence.tracking.reader import Listing, RunPage, RunQuery, StoredFile
from repro_tui.rerun.advance import Advance, Course
from repro_tui.rerun.model import (
    Determinism,
    Device,
    Fidelity,
    Job,
    JobState,
    Lack,
    Plan,
    Refusal,
    Request,
    Series,
)
from repro_tui.rerun.presets import Preset
from repro_tui.rerun.presets import load as load_presets
from repro_tui.rerun.series import Choice, Schedule
from repro_tui.settings import Settings, load

NOW = 1_760_003_600_000
"""An hour after the builders' runs started: 9 October 2025, 09:53:20 UTC."""


def run_id(number: int) -> str:
    return f"{number:032x}"


def some_runs() -> tuple[Run, ...]:
    """A baseline, its twin, a re-execution, a sweep of three, a failure, one running."""
    minute = 60_000
    base = builders.run(run_id(0xA1), "baseline", tags=_tags("baseline"))
    changed = {"lr": "0.01", "epochs": "3", "conf": '{"layers": [64, 32]}'}
    again = {Tag.REEXECUTES: base.run_id, Tag.SEED: "7", Tag.DEVICE: "cpu"}
    sweep = builders.run(run_id(0xB0), "sweep", tags=_tags("sweep"), metrics={})
    runs = [
        base,
        builders.run(run_id(0xA2), "twin", tags=_tags("twin")),
        builders.run(
            run_id(0xA3), "other learning rate", params=changed, metrics={"loss": 0.3125},
            tags=_tags("other learning rate") | {Tag.DIRTY: "true"},
        ),
        sweep,
        *(
            builders.run(
                run_id(0xB1 + n), f"sweep lr={lr}", params={"lr": lr}, metrics={"loss": n / 7},
                tags=_tags("child") | {Tag.PARENT_RUN_ID: sweep.run_id},
            )
            for n, lr in enumerate(("0.1", "0.01", "0.001"))
        ),
        builders.run(
            run_id(0xC1), "fell over", tags=_tags("fell over"), status="FAILED", metrics={}
        ),
        builders.run(
            run_id(0xD1), "baseline again",
            tags=_tags("baseline again") | again | {Tag.VERDICT: "reproduced"},
        ),
        builders.run(
            run_id(0xD2), "baseline on another seed",
            tags=_tags("x") | again | {Tag.SEED: "8", Tag.VERDICT: "diverged"},
        ),
        builders.run(run_id(0xE1), "still going", tags=_tags("x"), status="RUNNING", end_time=None),
    ]  # fmt: skip
    start = NOW - 50 * minute
    starts = [start + n * minute for n in range(len(runs))]
    timed = [
        replace(run, start_time=begun, end_time=run.end_time and begun + 41_300)
        for run, begun in zip(runs, starts, strict=True)
    ]
    return tuple(reversed(timed))


def _tags(name: str) -> dict[str, str]:
    return {
        Tag.RUN_NAME: name,
        Tag.GIT_COMMIT: builders.COMMIT,
        Tag.ENTRY_POINT: "main",
        Tag.SOURCE_NAME: "train.py",
    }


def plan_for(request: Request, usual: Determinism = Determinism.SEED) -> Plan:
    parameters = {"conf_file": "confs/training.yaml", "lr": "0.001", "seed": "7"}
    parameters |= request.overrides
    seed = 7 if request.seed is None else request.seed
    return Plan(
        reexecutes=request.run_id,
        tracking_uri="sqlite:///mlflow.db",
        experiment_id="1",
        run_name="baseline, re-executed",
        repository="/home/ada/digits",
        commit=builders.COMMIT,
        subdirectory="",
        patch="",
        entry_point="main",
        command=f"python train.py --conf {parameters['conf_file']} --lr {parameters['lr']}",
        parameters=parameters,
        env_manager=request.env_manager,
        device=request.device or "cpu",
        seed=seed,
        determinism=request.determinism or usual,
        variables={"PYTHONHASHSEED": str(seed), "CUDA_VISIBLE_DEVICES": ""},
        fidelity=Fidelity.DECLARED,
        caveats=("The original's packages were not recorded; this environment's are used.",),
    )


def job(number: int, state: JobState, **fields: object) -> Job:
    plan = plan_for(Request(run_id(0xA1)))
    usual = Job(
        job_id=f"job-{number}",
        folder=Path("jobs") / f"job-{number}",
        plan=plan,
        state=state,
        created=NOW - 90_000,
        started=NOW - 80_000,
        ended=NOW - 20_000 if state.ended else None,
        run_id=run_id(0xD1),
        verdict="reproduced" if state is JobState.FINISHED else "",
    )
    return replace(usual, **fields)


class StandIn:
    """Has the engine's methods that screens call, and remembers what was asked."""

    def __init__(
        self,
        runs: tuple[Run, ...] | None = None,
        comparison: Callable[[], Comparison] = builders.diverged,
        jobs: tuple[Job, ...] = (),
    ) -> None:
        self.settings: Settings = replace(load(), refresh_seconds=0.0)
        self.reader = SimpleNamespace(remark="")
        self.location = StoreLocation("sqlite:///mlflow.db", "mlflow.db in this folder")
        self.all_runs = some_runs() if runs is None else runs
        self.comparison = comparison
        self.several = builders.several
        self.all_jobs = jobs
        self.all_devices: tuple[Device, ...] = (
            Device("cpu", "AMD EPYC 7B13", detail="2 cores"),
            Device("cuda:0", "NVIDIA H200", memory=150_000_000_000),
        )
        self.usual = Determinism.SEED
        self.refusal: Refusal | None = None
        self.failure: ReproError | None = None
        self.log = "epoch 1 loss 0.5\n"
        self.how_far = Course(Advance("loss", 5, 11, 0.5), 160_000)
        self.looks = 0
        """How often it was asked how far a job has come."""
        self.outlines = True
        """Whether the store tells all runs in outline."""
        self.queries: list[RunQuery] = []
        self.asked: list[tuple[str, ...]] = []
        """The runs of each comparison, by id, the base first."""
        self.requests: list[Request] = []
        self.series: list[Series] = []
        self.looked_at: list[str] = []
        self.submitted: list[Plan] = []
        self.cancelled: list[Job] = []
        self.go_on = threading.Event()
        """Cleared: a comparison or a look at a run waits, telling its progress, until set."""
        self.go_on.set()
        self.closed = False

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def experiments(self) -> tuple[Experiment, ...]:
        return (Experiment("1", "digits"), Experiment("2", "[/x] \x1b]0;owned\x07"))

    def runs(self, query: RunQuery) -> RunPage:
        self._fail()
        self.queries.append(query)
        listed = self._listed(query)
        first = int(query.page_token or 0)
        last = first + query.max_results
        more = str(last) if last < len(listed) else ""
        return RunPage(listed[first:last], more)

    def _listed(self, query: RunQuery) -> tuple[Run, ...]:
        stages = ("active", "deleted") if query.include_deleted else ("active",)
        return tuple(run for run in self.all_runs if run.lifecycle_stage in stages)

    def outline(self, query: RunQuery) -> Outline | None:
        self._fail()
        return outline_of(self._listed(query)) if self.outlines else None

    def state(self) -> Hashable | None:
        """Of the store, which cannot tell."""
        return None

    def runs_of(self, run_ids: Sequence[str]) -> tuple[Run, ...]:
        self._fail()
        return tuple(run for run in self.all_runs if run.run_id in run_ids)

    def run(self, run_id: str) -> Run:
        return next(run for run in self.all_runs if run.run_id == run_id)

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        return (Dataset("digits", "9f86d081", "code", "load_digits", "", "", "training"),)

    def overview(self, run_id: str, progress: Callable[[str], None] = lambda _: None) -> Overview:
        """Complete but for the randomness, which nobody recorded."""
        self._fail()
        self.looked_at.append(run_id)
        while not self.go_on.wait(0.02):
            progress("listing the artifacts")
        known = builders.evidence().sections
        unrecorded = Missing("no record of the execution; it was not started by repro-tui")
        lacking = Section(SectionName.RANDOMNESS, {(): unrecorded})
        files = (
            StoredFile("model/MLmodel", 640), StoredFile("model/weights.bin", 4_200_000),
            StoredFile("plots/loss.png", 18_432), StoredFile("predictions.csv", 1_024),
            StoredFile("scratch", None, "a link, not followed"),
        )  # fmt: skip
        run = self.run(run_id)
        return Overview(
            run,
            {**known, SectionName.RANDOMNESS: lacking},
            self.datasets(run_id),
            (LoggedModel("m-1", "digits", "file:///models/m-1", "READY"),),
            (
                Stored("", run.artifact_uri, Listing(files)),
                Stored("digits", "file:///models/m-1", Listing((StoredFile("MLmodel", 512),))),
            ),
        )

    def histories(self, run_id: str) -> dict[str, History]:
        self._fail()
        losses = [1.0, 0.5, float("nan"), 0.25, 0.125]
        found = {"loss": losses, "accuracy": [0.25, 0.5, 0.875, 0.9375]}
        return {name: builders.history(values) for name, values in found.items()}

    def reexecutions(self, run_id: str) -> RunPage:
        self._fail()
        again = [run for run in self.all_runs if run.tags.get(Tag.REEXECUTES) == run_id]
        return RunPage(tuple(again), "")

    def compare(
        self,
        left: str,
        right: str,
        policy: object = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Comparison:
        self._fail()
        self.asked.append((left, right))
        progress("hashing 3 artifacts")
        while not self.go_on.wait(0.02):
            progress("hashing 3 artifacts")
        return self.comparison()

    def compare_several(
        self,
        run_ids: Sequence[str],
        policy: object = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Several:
        self._fail()
        self.asked.append(tuple(run_ids))
        progress("hashing 3 artifacts")
        return self.several()

    def devices(self) -> tuple[Device, ...]:
        return self.all_devices

    def schedule(self, request: Request, series: Series) -> Schedule | Refusal:
        self._fail()
        self.requests.append(request)
        self.series.append(series)
        if self.refusal is not None:
            return self.refusal
        first = plan_for(request, self.usual)
        seeds = series.seeds or tuple(range(8, 8 + series.times)) * series.other_seeds
        plans = [plan_for(replace(request, seed=seed), self.usual) for seed in seeds]
        plans = plans or [first] * series.times
        original = plan_for(Request(request.run_id), self.usual)
        choices = [Choice("seed", "7", ", ".join(str(plan.seed) for plan in plans))] * (
            plans[0].seed != 7
        )
        choices += [
            Choice(name, original.parameters[name], value)
            for name, value in request.overrides.items()
        ]
        return Schedule(tuple(plans), tuple(choices), original)

    def presets(self) -> tuple[Preset, ...]:
        self._fail()
        return load_presets()

    def submit(self, plan: Plan) -> Job:
        self.submitted.append(plan)
        new = job(9, JobState.PREPARING, plan=plan)
        self.all_jobs = (new, *self.all_jobs)
        return new

    def submit_all(self, plans: Sequence[Plan]) -> list[Job]:
        return [self.submit(plan) for plan in plans]

    def jobs(self) -> tuple[Job, ...]:
        return self.all_jobs

    def cancel(self, job: Job) -> None:
        self.cancelled.append(job)

    def remove(self, job: Job) -> None:
        self.all_jobs = tuple(other for other in self.all_jobs if other != job)

    def course(self, job: Job) -> Course:
        self.looks += 1
        return self.how_far if job.started is not None else Course()

    def read_log(self, job: Job, offset: int = 0) -> tuple[str, int]:
        return self.log[offset:], len(self.log)

    def close(self) -> None:
        self.closed = True


REFUSAL = Refusal(
    (
        Lack("The commit c0ffee0 is in no repository on this machine.", "Clone it, or fetch."),
        Lack("There is no MLproject file.", "Add one that names the entry point."),
    )
)
