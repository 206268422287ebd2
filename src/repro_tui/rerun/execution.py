"""One job on its way: from its turn in the queue to the comparison, or to its early end."""

import json
import logging
import os
import signal
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from repro_tui import settings as configuration
from repro_tui.evidence.record import NAME
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import (
    diagnosis,
    environments,
    jobfolder,
    jobs,
    processes,
    record,
    runcontext,
    written,
)
from repro_tui.rerun.checkout import remove
from repro_tui.rerun.determinism import VISIBLE_DEVICES, recorder_variables
from repro_tui.rerun.model import Backend, Job, JobState
from repro_tui.rerun.turns import await_turn
from repro_tui.rerun.workplace import workplace
from repro_tui.settings import Settings

if TYPE_CHECKING:
    from repro_tui.rerun.newrun import NewRun

_logger = logging.getLogger(__name__)


class Cancelled(BaseException):
    """SIGTERM: the job is to end. No exception, so that nobody's `except` catches it."""


class Execution:
    """One job on its way. `job` is always what stands in its folder."""

    def __init__(self, folder: Path) -> None:
        jobfolder.write_launcher(folder, processes.this_process())
        self.job: Job = jobfolder.read(folder)
        self.settings: Settings = configuration.load()
        os.environ[processes.JOB_VARIABLE] = self.job.job_id
        self._new_run: NewRun | None = None
        # Where git, uv and the training process keep what they throw away.
        os.chdir(folder)
        self._checkouts = self.settings.cache / "checkouts"
        self._place = self._checkouts / self.job.job_id
        self._overlay = folder / "overlay"
        self._record = folder / "record"
        self._processes = folder / "processes"
        self._built: environments.Built | None = None
        self._before = folder / "checkout.json"

    def run(self) -> None:
        plan = self.job.plan
        if jobfolder.cancelled(self.job.folder).exists():
            raise Cancelled
        self.sweep()
        if plan.backend == Backend.LOCAL:
            await_turn(self.job, self.settings, lambda: self._note(state=JobState.PREPARING))
        else:
            self._note(state=JobState.PREPARING)
        with workplace(plan, self._place, self.settings.cache):
            self._before.write_text(json.dumps(written.look(self._place)), encoding="utf-8")
            exit_code: int | None = None
            try:
                ours = Backend.is_ours(plan.backend)
                exit_code = self._train() if ours else self._hand_over()
            finally:
                ended = _now()
                # Also what the command left running: its checkout goes now.
                processes.end_job(self.job.job_id)
                self.keep_record(exit_code)
                remove(self._overlay)
                environments.discard(self.settings.cache, self.job.job_id)
        others = self._end_runs("FINISHED" if exit_code == 0 else "FAILED", ended)
        if others:
            print(f"The process made other runs, too: {', '.join(others)}", flush=True)
        if plan.reexecutes is not None:
            self._note(state=JobState.COMPARING)
            self._compare(plan.reexecutes, exit_code)
        # What the comparison had to say, if anything, was said before.
        said = [self.job.message, environments.sentence(self._built)]
        if exit_code == 0:
            state = JobState.FINISHED
        else:
            state = JobState.FAILED
            said.insert(0, self._how_it_ended(exit_code))
        self._note(state=state, ended=_now(), message=" ".join(filter(None, said)))

    def _train(self) -> int:
        """Make the new run and run the command; return its exit code."""
        plan, job_id = self.job.plan, self.job.job_id
        if plan.rebuild is not None:
            self._built = environments.build(plan.rebuild, self._place, self.settings.cache, job_id)
            plan = replace(plan, interpreter=str(self._built.interpreter))
        store = self.connect()
        jobfolder.unended(self.job.folder).touch()
        run_id = store.create()
        self._note(run_id=run_id)
        self._processes.mkdir(exist_ok=True)
        variables = {
            **plan.variables,
            **recorder_variables(
                self._processes, plan.seed, plan.determinism, self.settings.variables
            ),
            **runcontext.tagging({Tag.JOB: job_id}, os.environ),
        }
        if plan.backend == Backend.SLURM and plan.device.startswith("cuda"):
            # Which of the node's devices are the job's, Slurm has told its launcher.
            told = os.environ.get(VISIBLE_DEVICES)
            variables |= {} if told is None else {VISIBLE_DEVICES: told}
        project = self._place / plan.subdirectory
        from repro_tui.rerun import backend

        process = backend.start(plan, project, run_id, self._overlay, variables)
        self._note(state=JobState.RUNNING, started=_now())
        return process.wait()

    def _hand_over(self) -> int:
        """Let a backend of MLflow Projects execute the plan; 0 where it says that all went well."""
        store = self.connect()
        jobfolder.unended(self.job.folder).touch()
        from repro_tui.rerun import handover

        project = self._place / self.job.plan.subdirectory
        submitted = handover.submit(self.job.plan, project, self.job.folder)
        try:
            self._note(run_id=store.adopt(submitted.run_id))
            self._note(state=JobState.RUNNING, started=_now())
            return 0 if submitted.wait() else 1
        except BaseException:
            # Whatever it was: nobody would watch it any more.
            submitted.cancel()
            raise

    def connect(self) -> "NewRun":
        """Load MLflow, which takes seconds, and open the store."""
        if self._new_run is None:
            # A module whose loading was interrupted cannot be loaded again in the same
            # process, and without MLflow no run can be ended: who cancels waits.
            cancelled = threading.Event()
            usual = signal.signal(signal.SIGTERM, lambda *_: cancelled.set())
            try:
                from repro_tui.rerun.newrun import NewRun

                job = self.job
                self._new_run = NewRun(job.plan, job.job_id, job.run_id, self._place)
            finally:
                signal.signal(signal.SIGTERM, usual)
            if cancelled.is_set() and callable(usual):
                usual(signal.SIGTERM, None)
        return self._new_run

    def keep_record(self, exit_code: int | None) -> None:
        """Make the record and upload it. A record that cannot be kept does not end the job."""
        job = self.job
        if job.run_id is None or not jobfolder.unended(job.folder).exists():
            return
        project = self._place / job.plan.subdirectory
        try:
            if not (self._record / NAME).exists():
                self._keep_written()
                record.keep(
                    self._record,
                    job.plan,
                    self._processes,
                    project if project.is_dir() else None,
                    job.started,
                    _now(),
                    exit_code,
                    None if self._built is None else self._built.differences,
                )
            self.connect().upload(self._record)
        except Exception:
            # Whatever the command's files, MLflow or the store came up with.
            _logger.exception("The record of the execution could not be kept.")

    def _keep_written(self) -> None:
        """Move what the command wrote out of the checkout, which goes."""
        if not (self._before.exists() and self._place.is_dir()):
            return
        into = self.job.folder / "written"
        try:
            before = json.loads(self._before.read_text(encoding="utf-8"))
            written.write(written.keep(self._place, before, into), self._record)
        except (OSError, ValueError):
            _logger.exception("What the command wrote into its checkout could not be kept.")
        if into.is_dir():
            print(f"What the command wrote into its checkout is in {into}", flush=True)

    def _compare(self, original: str, exit_code: int | None) -> None:
        """Give the new run its verdict. One that failed where the original did not has none.

        It may have lacked a file or a module: that its outcomes differ says nothing.
        """
        # Not before they are needed: the job has been started and can be cancelled.
        from repro_tui.comparing import comparing
        from repro_tui.evidence.collect import collect
        from repro_tui.evidence.origin import Places
        from repro_tui.evidence.tracking import open_reader
        from repro_tui.evidence.tracking.downloads import Downloads

        uri, run_id, settings = self.job.plan.tracking_uri, self.job.run_id or "", self.settings
        try:
            # Where it was executed from, its code is; here is only the job's folder.
            here = self.job.folder
            also = (self.job.plan.repository,)
            places = Places(here, settings.repositories, settings.cache, also)
            with (
                closing(open_reader(uri, settings.cache)) as reader,
                closing(Downloads(settings.cache, settings.download)) as downloads,
            ):
                if exit_code != 0 and reader.run(original).status == "FINISHED":
                    return
                left = collect(original, reader, downloads, places=places)
                right = collect(run_id, reader, downloads, places=places)
                comparison = comparing(settings)(left, right)
        except Exception as error:
            # The run itself has ended well; nothing about that changes.
            _logger.exception("The two runs could not be compared.")
            self._note(message=f"The two runs could not be compared: {error}")
            return
        verdict = comparison.verdict.headline.value
        self.connect().set_verdict(verdict, comparison.policy.asked)
        self._note(verdict=verdict)

    def end(self, state: JobState, status: str, message: str) -> None:
        """End the processes, the runs that still run with `status`, and the job in `state`."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        processes.end_job(self.job.job_id)
        # What was just being started as the signal came could still write into it.
        remove(self._place)
        try:
            self._end_runs(status, _now())
        except Exception as error:
            # Whatever MLflow or the store came up with: the job itself is to end.
            _logger.exception("The run could not be ended.")
            message += f" Its run could not be ended in the store: {error}"
        self._note(state=state, ended=_now(), message=message)

    def end_runs_later(self) -> None:
        """Try once more, for a job that has ended while its store could not be reached."""
        status = "FAILED" if self.job.state is JobState.FAILED else "KILLED"
        try:
            self._end_runs(status, self.job.ended or _now())
        except Exception:
            # As it was the first time.
            _logger.exception("The run could not be ended; it is tried again later.")
        else:
            self._note(message=f"{self.job.message} It was ended later.")

    def _end_runs(self, status: str, end_time: int) -> tuple[str, ...]:
        """End the job's runs that still run; return the ids of those beside its own.

        Where none can have been made MLflow, which takes seconds to load, stays out of it.
        """
        mark = jobfolder.unended(self.job.folder)
        if not mark.exists():
            return ()
        others = self.connect().end(status, end_time)
        mark.unlink()
        return others

    def sweep(self) -> None:
        """Remove the checkouts of ended jobs, which killed launchers leave behind."""
        if self._checkouts.is_dir():
            ended = {job.job_id for job in jobs.jobs(self.settings) if job.state.ended}
            for folder in self._checkouts.iterdir():
                if folder.name in ended:
                    remove(folder)
            for job_id in ended:
                environments.discard(self.settings.cache, job_id)

    def _how_it_ended(self, exit_code: int | None) -> str:
        if exit_code is not None and exit_code < 0:
            name = signal.strsignal(-exit_code) or "unknown"
            return f"The command was ended by signal {-exit_code} ({name})."
        size = self.job.log.stat().st_size
        log, _ = jobs.read_log(self.job, max(0, size - diagnosis.TAIL), diagnosis.TAIL)
        cause = diagnosis.cause(log, self.job.run_id or "")
        return f"The command ended with exit code {exit_code}. {cause}".rstrip()

    def _note(self, **changes: Any) -> None:
        self.job = replace(self.job, **changes)
        jobfolder.write_state(self.job)


def _now() -> int:
    """Milliseconds since the epoch."""
    return round(time.time() * 1000)
