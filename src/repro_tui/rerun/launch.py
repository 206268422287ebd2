"""Carries out one job: `python -m repro_tui.rerun.launch [--end|--tied] JOBFOLDER`.

A process of its own, in a session of its own: it outlives the program that submitted
the job. SIGTERM cancels. Whatever happens, the run is ended in the store: by this
process, or, where it is killed itself, by a second one that is started with `--end`.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from repro_tui.errors import ReproError
from repro_tui.rerun import jobfolder, processes
from repro_tui.rerun.execution import Cancelled, Execution
from repro_tui.rerun.model import JobState

_logger = logging.getLogger(__name__)


def launch(folder: Path, *, tied: bool = False) -> None:
    """Carry the job out, from its turn in the queue to the comparison.

    `tied`: cancel it when stdin ends, which is when the program that submitted it does.
    """
    signal.signal(signal.SIGTERM, _cancel)
    if tied:
        threading.Thread(target=_end_with_program, args=(folder,), daemon=True).start()
    execution = Execution(folder)
    if execution.job.state.ended:
        # Too late: it was given up, as one that nobody carries out.
        return
    try:
        execution.run()
    except Cancelled:
        execution.end(JobState.CANCELLED, "KILLED", "It was cancelled.")
    except ReproError as error:
        execution.end(JobState.FAILED, "FAILED", str(error))
    except Exception as error:
        # Whatever MLflow or the machine came up with: no run may be left RUNNING.
        _logger.exception("The job failed.")
        execution.end(JobState.FAILED, "FAILED", f"{type(error).__name__}: {error}")


def clear_up(folder: Path) -> None:
    """End what a dead launcher left behind: processes, runs, checkout.

    The job is LOST, or CANCELLED where that was asked for. Where it had ended before and
    only its runs had not, because their store could not be reached, it stays as it is.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    execution = Execution(folder)
    processes.end_job(execution.job.job_id)
    execution.keep_record(None)
    if execution.job.state.ended:
        execution.end_runs_later()
    elif jobfolder.cancelled(folder).exists():
        execution.end(JobState.CANCELLED, "KILLED", "It was cancelled.")
    else:
        execution.end(JobState.LOST, "KILLED", "Its launcher died; what it left was ended.")
    execution.sweep()


def _end_with_program(folder: Path) -> None:
    # Not by sys.stdin: Python cannot close it at its own end while somebody reads from it.
    os.read(0, 1)
    jobfolder.cancelled(folder).touch()
    os.kill(os.getpid(), signal.SIGTERM)


def _cancel(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: what clears up must not be interrupted by an impatient second.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Cancelled


if __name__ == "__main__":
    *option, named = sys.argv[1:]
    if option == ["--end"]:
        clear_up(Path(named))
    else:
        launch(Path(named), tied=option == ["--tied"])
