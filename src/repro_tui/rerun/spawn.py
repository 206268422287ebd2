"""Starts the launcher of a job: here, or through Slurm on a node of its cluster."""

import json
import os
import shutil
import subprocess
import sys
import threading

from repro_tui.errors import ReproError
from repro_tui.rerun import jobfolder, processes, slurm
from repro_tui.rerun.model import Job
from repro_tui.settings import Settings

# -P: nothing is imported from the working folder.
_LAUNCH = (sys.executable, "-P", "-m", "repro_tui.rerun.launch")


def on_slurm(job: Job, settings: Settings) -> None:
    """On a node of the cluster. Raises ReproError where it is refused; the folder is gone then."""
    try:
        slurm_id = slurm.submit(
            (*_LAUNCH, str(job.folder)),
            name=f"repro-tui {job.plan.run_name}",
            log=job.log,
            folder=job.folder,
            environment=_environment(job, settings),
            options=json.loads(job.plan.backend_config),
        )
    except ReproError:
        shutil.rmtree(job.folder)
        raise
    jobfolder.write_slurm_id(job.folder, slurm_id)


def here(job: Job, *options: str, settings: Settings | None = None) -> None:
    """In a process that outlives this one. Raises OSError."""
    tied = settings is not None and settings.jobs_end_with_program
    with job.log.open("ab") as log:
        # A session of its own: no signal meant for the program's terminal reaches the job.
        process = subprocess.Popen(
            [*_LAUNCH, *(["--tied"] if tied else []), *options, str(job.folder)],
            # Nothing is ever written there: it ends when this program does, however.
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=job.folder,
            env=_environment(job, settings),
            start_new_session=True,
        )
    # Both sides note the launcher, so that it is known whichever of them dies first.
    noted = processes.note(process.pid)
    if noted is not None:
        jobfolder.write_launcher(job.folder, noted)
    threading.Thread(target=_attend, args=(process,), daemon=True).start()


def _environment(job: Job, settings: Settings | None) -> dict[str, str]:
    environment = os.environ | {processes.JOB_VARIABLE: job.job_id}
    if settings is not None:
        environment |= {
            "REPRO_TUI_STATE_DIR": str(settings.state),
            "REPRO_TUI_CACHE_DIR": str(settings.cache),
        }
    return environment


def _attend(process: "subprocess.Popen[bytes]") -> None:
    # A child that nobody waits for stays a zombie for as long as this program runs.
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
