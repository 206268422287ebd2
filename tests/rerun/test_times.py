"""`repro-tui rerun --times` and `repro-tui jobs` as a script uses them, on real processes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.evidence.git import commit
from tests.rerun.conftest import Store
from tests.rerun.waiting import until

from repro_tui import settings as configuration
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import jobs
from repro_tui.rerun.model import JobState

pytestmark = pytest.mark.e2e

# The first time it ends, after that it waits for ever.
TRAIN = """
from pathlib import Path
import sys, time
print("training", flush=True)
try:
    Path(sys.argv[1]).mkdir()
except FileExistsError:
    time.sleep(600)
"""
MLPROJECT = """
entry_points:
  main:
    parameters: {sign: string}
    command: python train.py {sign}
"""


def repro_tui(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "repro_tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_has_ended_is_told_when_somebody_has_had_enough(
    store: Store, tmp_path: Path, own_folders: Path
) -> None:
    repository = tmp_path / "repository"
    head = commit(repository, {"MLproject": MLPROJECT, "train.py": TRAIN})
    tags = {
        Tag.SOURCE_NAME: f"file://{repository}",
        Tag.SOURCE_TYPE: "PROJECT",
        Tag.GIT_COMMIT: head,
        Tag.ENTRY_POINT: "main",
    }
    original = store.add(tags, {"sign": str(tmp_path / "sign")})
    settings = configuration.load()
    script = repro_tui("--tracking-uri", store.uri, "rerun", original, "--times", "3", "--yes")

    def states() -> list[JobState]:
        return [job.state for job in reversed(jobs.jobs(settings))]

    until(lambda: states() == [JobState.FINISHED, JobState.RUNNING, JobState.QUEUED])
    listed = json.loads(repro_tui("jobs", "--format", "json").communicate()[0])["jobs"]
    assert [job["state"] for job in listed] == ["queued", "running", "finished"]
    log, _ = repro_tui("jobs", "log", listed[1]["job_id"]).communicate()
    assert "training" in log
    os.kill(script.pid, signal.SIGINT)
    out, err = script.communicate(timeout=60)
    assert script.returncode == 2, err
    # The comparison of the one that finished, whole.
    assert original[:8] in out + err
    assert listed[2]["run_id"] in out, err
    assert re.search(r"1 of 3 finished: \w", err)
    assert err.rstrip().endswith("Stopped.")
    until(lambda: states() == [JobState.FINISHED, JobState.CANCELLED, JobState.CANCELLED])
    cancelled = repro_tui("jobs", "cancel", "latest")
    assert "has ended already: it is cancelled" in cancelled.communicate()[1]
    assert cancelled.returncode == 2
    runs = store.client.search_runs(
        [store.experiment_id], f"tags.`{Tag.REEXECUTES}` = '{original}'"
    )
    # The one that was queued never had a run.
    assert sorted(run.info.status for run in runs) == ["FINISHED", "KILLED"]
