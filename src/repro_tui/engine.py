"""The engine behind the screen and the command line: one store, its runs, what is asked of them.

Every method blocks, may be called from any thread and raises `ReproError`. Nothing is
computed twice: the evidence of runs that have ended is kept. What only some questions need
(collecting, comparing, re-executing) is imported by the first of them: listing runs waits
for none of it.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import (
    Reader,
    RunPage,
    RunQuery,
    StoreLocation,
    discover,
    open_reader,
)
from repro_tui.evidence.tracking.reader import Progress, silent

if TYPE_CHECKING:
    from repro_tui.compare.model import Comparison
    from repro_tui.compare.policy import Policy
    from repro_tui.compare.several import Several
    from repro_tui.evidence.model import Dataset, Evidence, Experiment, History, Run
    from repro_tui.evidence.origin import Places
    from repro_tui.evidence.overview import Overview
    from repro_tui.evidence.tracking.downloads import Downloads
    from repro_tui.evidence.tracking.outline import Outline
    from repro_tui.rerun.advance import Course
    from repro_tui.rerun.model import Device, Job, Plan, Refusal, Request, Series
    from repro_tui.rerun.presets import Preset
    from repro_tui.rerun.series import Schedule
    from repro_tui.rerun.situation import Situation
    from repro_tui.settings import Settings

MOST_REPEATS = 200
"""Re-executions that a run's history shows."""


class Engine:
    """One tracking store and everything that can be asked about its runs."""

    def __init__(self, settings: Settings, location: StoreLocation, reader: Reader) -> None:
        self.settings = settings
        self.location = location
        self.reader = reader
        self._fetched: Downloads | None = None
        self._evidence: dict[str, Evidence] = {}
        self._devices: tuple[Device, ...] | None = None
        self._originals: dict[str, tuple[Run, Mapping[str, History]]] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        settings: Settings,
        tracking_uri: str | None,
        folder: Path,
        named_by: str = "the option --tracking-uri",
    ) -> Engine:
        """Find the store as MLflow does, starting in `folder`, and open it for reading.

        `named_by` is who gave the URI, where there is one.
        """
        location = discover(tracking_uri, folder, named_by)
        return cls(settings, location, open_reader(location.uri, settings.cache))

    def close(self) -> None:
        self.reader.close()
        if self._fetched is not None:
            self._fetched.close()

    @property
    def _downloads(self) -> Downloads:
        """The place of what is fetched; there is none until something may be."""
        from repro_tui.evidence.tracking.downloads import Downloads

        with self._lock:
            if self._fetched is None:
                self._fetched = Downloads(self.settings.cache, self.settings.download)
            return self._fetched

    # --- Runs ----------------------------------------------------------------------

    def experiments(self) -> tuple[Experiment, ...]:
        return self.reader.experiments()

    def runs(self, query: RunQuery) -> RunPage:
        return self.reader.runs(query)

    def outline(self, query: RunQuery) -> Outline | None:
        """All runs of a query in its order; None where the store tells only page by page."""
        return self.reader.outline(query)

    def state(self) -> Hashable | None:
        """What is another after every write to the store; None where it cannot tell."""
        return self.reader.state()

    def runs_of(self, run_ids: Sequence[str]) -> tuple[Run, ...]:
        """The runs of these full ids, in any order; those that are not there are left out."""
        return self.reader.runs_of(run_ids)

    def run(self, run_id: str) -> Run:
        return self.reader.run(run_id)

    def resolve(self, name: str) -> str:
        """The full run id that an id, a unique prefix, `latest` or `latest~N` stands for."""
        return self.reader.resolve(name)

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        return self.reader.datasets(run_id)

    def overview(self, run_id: str, progress: Progress = silent) -> Overview:
        """What is known of a run, its artifacts listed and not read."""
        from repro_tui.evidence.look import look

        return look(run_id, self.reader, self._downloads, progress, self._places(run_id))

    def histories(self, run_id: str) -> dict[str, History]:
        return self.reader.histories(run_id)

    def reexecutions(self, run_id: str) -> RunPage:
        """The re-executions of a run in the whole store, newest first; the latest of very many."""
        query = RunQuery(filter=f"tags.`{Tag.REEXECUTES}` = '{run_id}'", max_results=MOST_REPEATS)
        return self.runs(query)

    # --- Comparison ----------------------------------------------------------------

    def evidence(self, run_id: str, progress: Progress = silent) -> Evidence:
        """All that is known of a run; collected once where the run has ended."""
        from repro_tui.evidence.collect import collect

        with self._lock:
            kept = self._evidence.get(run_id)
        if kept is not None:
            return kept
        places = self._places(run_id)
        evidence = collect(run_id, self.reader, self._downloads, progress, places)
        if evidence.run.finished:
            with self._lock:
                self._evidence[run_id] = evidence
        return evidence

    def _places(self, run_id: str) -> Places:
        from repro_tui.evidence.origin import Places

        settings = self.settings
        # A run that was re-executed from elsewhere than it says: its code is there.
        also = [job.plan.repository for job in self.jobs() if job.plan.reexecutes == run_id]
        return Places(Path.cwd(), settings.repositories, settings.cache, tuple(also))

    def compare(
        self,
        left: str,
        right: str,
        policy: Policy | None = None,
        progress: Progress = silent,
    ) -> Comparison:
        """Compare two runs by id; `policy` stands in for the one in the settings."""
        from repro_tui.comparing import comparing

        _each_once((left, right))
        sides = self.evidence(left, progress), self.evidence(right, progress)
        progress("comparing")
        return comparing(self.settings, policy)(*sides)

    def compare_several(
        self,
        run_ids: Sequence[str],
        policy: Policy | None = None,
        progress: Progress = silent,
        *,
        repeats: bool = False,
    ) -> Several:
        """Compare the first of the runs with every other one, by id, each read once.

        Re-executions of the first are summed up, and so is whatever `repeats` says is one.
        """
        from repro_tui.compare.model import MOST_RUNS
        from repro_tui.compare.several import compare_several
        from repro_tui.comparing import comparing

        if len(run_ids) > MOST_RUNS:
            raise ReproError(
                f"{len(run_ids)} runs are too many to compare at once.",
                f"Name {MOST_RUNS} at most.",
            )
        _each_once(run_ids)
        base, *others = [self.evidence(run_id, progress) for run_id in run_ids]
        progress("comparing")
        return compare_several(base, others, comparing(self.settings, policy), repeats=repeats)

    # --- Re-execution --------------------------------------------------------------

    def devices(self) -> tuple[Device, ...]:
        """What this machine offers; looked up once."""
        from repro_tui.rerun.devices import devices

        if self._devices is None:
            self._devices = devices()
        return self._devices

    def plan(self, request: Request, progress: Progress = silent) -> Plan | Refusal:
        """What the request leads to. A commit that lies on another machine is fetched."""
        from repro_tui.rerun.plan import plan

        return plan(request, self._survey(request, progress))

    def schedule(
        self, request: Request, series: Series, progress: Progress = silent
    ) -> Schedule | Refusal:
        """What several executions of the request lead to; looked up once for all of them."""
        from repro_tui.rerun.series import schedule

        return schedule(request, series, self._survey(request, progress))

    def preset(self, name: str, run_id: str, progress: Progress = silent) -> Preset:
        """The preset of this name, fitted to this machine and to the run."""
        from repro_tui.rerun import presets
        from repro_tui.rerun.model import Plan, Request

        found = presets.find(name, presets.load())
        unchosen = self.plan(Request(run_id), progress)
        original = unchosen.device if isinstance(unchosen, Plan) else None
        return presets.fitted(found, original, self.devices())

    def presets(self) -> tuple[Preset, ...]:
        from repro_tui.rerun import presets

        return presets.load()

    def _survey(self, request: Request, progress: Progress) -> Situation:
        from repro_tui.rerun import survey

        return survey.survey(request, self.reader, self.settings, self.devices(), progress)

    def trusts(self, chosen: Plan) -> bool:
        """Whether the settings let the code of the plan's repository run unasked."""
        if address.is_remote(chosen.repository):
            return chosen.repository in self.settings.trusted
        place = Path(chosen.repository).resolve()
        return any(
            not address.is_remote(name) and Path(name).resolve() == place
            for name in self.settings.trusted
        )

    def submit(self, chosen: Plan) -> Job:
        from repro_tui.rerun import jobs

        return jobs.submit(chosen, self.settings)

    def submit_all(self, plans: Sequence[Plan]) -> list[Job]:
        """A job for each plan, or none: where one cannot be submitted, nobody watches the rest."""
        submitted: list[Job] = []
        try:
            for each in plans:
                submitted = [*submitted, self.submit(each)]
        except (ReproError, KeyboardInterrupt):
            for job in submitted:
                self.cancel(job)
            raise
        return submitted

    def jobs(self) -> tuple[Job, ...]:
        if not self.settings.jobs.is_dir():
            return ()  # nothing was submitted yet
        from repro_tui.rerun import jobs

        return jobs.jobs(self.settings)

    def job(self, job: Job) -> Job:
        """The job as it stands now."""
        from repro_tui.rerun import jobs

        return jobs.load(job.folder)

    def wait(self, job: Job) -> Job:
        """Block until the job has ended."""
        from repro_tui.rerun import jobs

        return jobs.wait(job)

    def cancel(self, job: Job) -> None:
        from repro_tui.rerun import jobs

        jobs.cancel(job)

    def remove(self, job: Job) -> None:
        """Remove what is kept of a job that has ended; its run stays."""
        from repro_tui.rerun import jobs

        jobs.remove(job)

    def course(self, job: Job) -> Course:
        """How far a job has come, how it stands to its original, and how long that took.

        Nothing is known of them where the job works on another store than this one.
        """
        from repro_tui.compare.departure import so_far
        from repro_tui.rerun.advance import Course, advance, steps

        original = job.plan.reexecutes
        if original is None or job.plan.tracking_uri != self.reader.uri:
            return Course()
        run, ended = self._original(original)
        now = self.reader.histories(job.run_id) if job.run_id is not None else {}
        come = advance(steps(ended), steps(now))
        # What the original has not logged yet would look like a difference.
        tells = run.finished and job.run_id is not None
        held = so_far(ended, now, self.settings.policy) if tells else None
        return Course(come, run.duration, held, ended, now)

    def _original(self, run_id: str) -> tuple[Run, Mapping[str, History]]:
        """A run and its metrics; read once where it has ended."""
        if run_id in self._originals:
            return self._originals[run_id]
        found = self.reader.run(run_id), self.reader.histories(run_id)
        if found[0].finished:
            self._originals[run_id] = found
        return found

    def read_log(self, job: Job, offset: int = 0) -> tuple[str, int]:
        from repro_tui.rerun import jobs

        return jobs.read_log(job, offset)


def _each_once(run_ids: Sequence[str]) -> None:
    """A run compared with itself would seem to be reproduced. Raises ReproError."""
    twice = next((run_id for run_id in run_ids if run_ids.count(run_id) > 1), "")
    if twice:
        raise ReproError(f"The run {twice} is named twice.", "Name each run once.")
