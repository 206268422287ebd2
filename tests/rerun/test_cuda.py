"""Re-execution on a graphics card, where this machine has one and PyTorch can use it.

Through the real engine and MLflow Projects: a training whose operations differ from one
execution to the next on a card (`cuda_training.py`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace
from tests.evidence.git import commit
from tests.rerun.conftest import Store
from tests.rerun.training import PYTHON, train
from tests.rerun.waiting import until

from repro_tui import settings as configuration
from repro_tui.compare.model import (
    Comparison,
    FileDetail,
    Finding,
    Headline,
    InputsVerdict,
    OutcomesVerdict,
    TensorDetail,
)
from repro_tui.engine import Engine
from repro_tui.evidence.model import Known, SectionName
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import discover
from repro_tui.rerun import devices, overlay, processes
from repro_tui.rerun.model import Determinism, Job, JobState, Plan, Request
from repro_tui.settings import Settings

_ASKED = """
import json, torch
card = torch.cuda.get_device_properties(0)
cudnn = torch.backends.cudnn.version()
print(json.dumps([card.name, card.total_memory, torch.version.cuda, cudnn]))
"""

MLPROJECT = """
entry_points:
  main:
    parameters:
      device: {type: string, default: cuda}
      what: {type: string, default: train}
    command: python train.py {device} {what}
"""


@pytest.fixture(scope="module")
def card() -> tuple[str, int, str, int]:
    """Name, memory in bytes, version of CUDA and of cuDNN, as PyTorch tells them."""
    asked = subprocess.run([sys.executable, "-c", _ASKED], capture_output=True, check=False)
    if asked.returncode:
        pytest.skip("PyTorch cannot use the graphics card here")
    name, memory, cuda, cudnn = json.loads(asked.stdout)
    return name, memory, cuda, cudnn


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not devices.gpus(), reason="no NVIDIA graphics card here"),
    pytest.mark.usefixtures("card"),
]


class Trials:
    """The training in a repository of its own, an `mlflow run` of it, and its re-executions."""

    def __init__(self, store: Store, settings: Settings, folder: Path) -> None:
        self.store = store
        self.repository = folder / "repository"
        program = Path(__file__).with_name("cuda_training.py").read_text(encoding="utf-8")
        commit(self.repository, {"MLproject": MLPROJECT, "train.py": program})
        self.engine = Engine(settings, discover(store.uri, folder), store.reader)

    def original(self) -> str:
        """A run that somebody's own `mlflow run` made; its id."""
        subprocess.run(
            [
                *(sys.executable, "-m", "mlflow", "run", str(self.repository)),
                *("--env-manager", "local", "--experiment-id", self.store.experiment_id),
            ],
            env={
                **os.environ,
                "MLFLOW_TRACKING_URI": self.store.uri,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            check=True,
            capture_output=True,
        )
        (run, *_) = self.store.client.search_runs([self.store.experiment_id], max_results=1)
        run_id: str = run.info.run_id
        return run_id

    def job(self, request: Request) -> Job:
        plan = self.engine.plan(request)
        assert isinstance(plan, Plan), plan
        return self.engine.submit(plan)

    def executed(self, request: Request) -> Job:
        return self.engine.wait(self.job(request))

    def finished(self, request: Request) -> str:
        """The new run's id."""
        job = self.executed(request)
        assert job.state is JobState.FINISHED, job.log.read_text()
        assert job.run_id is not None
        return job.run_id

    def values(self, run_id: str, metric: str) -> list[float]:
        values: list[float] = self.store.reader.histories(run_id)[metric].values.tolist()
        return values

    def nothing_left(self, job: Job) -> None:
        """No process of the job, none of them on the card, no run that still runs."""
        until(lambda: not list(processes.of_job(job.job_id)))
        tag = f"tags.`{Tag.JOB}` = '{job.job_id}'"
        found = self.store.client.search_runs([self.store.experiment_id], tag)
        assert found
        assert {run.info.status for run in found} <= {"FINISHED", "FAILED", "KILLED"}


@pytest.fixture(scope="module")
def trials(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    folder = tmp_path_factory.mktemp("trials")
    settings = replace(configuration.load(), state=folder / "state", cache=folder / "cache")
    yield Trials(store, settings, folder)
    for job in settings.jobs.iterdir():
        processes.end_job(job.name)


@pytest.fixture(scope="module")
def original(trials: Trials) -> str:
    return trials.original()


@pytest.fixture(scope="module")
def strict(trials: Trials, original: str) -> str:
    """A re-execution with a seed and deterministic algorithms."""
    return trials.finished(Request(original, seed=7, determinism=Determinism.STRICT))


def finding(comparison: Comparison, section: SectionName, *key: str) -> Finding:
    (found,) = (each for each in comparison[section].findings if each.key == key)
    return found


def known(found: Finding) -> tuple[object, object]:
    assert isinstance(found.left, Known), found
    assert isinstance(found.right, Known), found
    return found.left.value, found.right.value


# --- What there is -----------------------------------------------------------------


def test_the_card_is_listed_as_pytorch_names_it(card: tuple[str, int, str, int]) -> None:
    first = devices.gpus()[0]
    assert first.name == card[0]
    assert first.memory is not None
    assert abs(first.memory - card[1]) < first.memory / 20
    assert first.memory_used is not None
    assert first.memory_used < first.memory
    assert first.driver
    told = subprocess.run(
        [Path(sys.executable).with_name("repro-tui"), "devices"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (line,) = (line for line in told.splitlines() if line.startswith("cuda:0  "))
    assert card[0] in line
    assert f"driver {first.driver}" in line


# --- Off, seed, strict -------------------------------------------------------------


def test_unseeded_executions_differ(trials: Trials, original: str) -> None:
    plain = Request(original, determinism=Determinism.OFF)
    # The original's device is taken up without being asked for.
    plan = trials.engine.plan(plain)
    assert isinstance(plan, Plan)
    assert (plan.device, dict(plan.parameters)["device"]) == ("cuda:0", "cuda")
    left, right = trials.finished(plain), trials.finished(plain)
    assert trials.values(left, "drawn") != trials.values(right, "drawn")
    verdict = trials.engine.compare(left, right).verdict
    assert verdict.inputs is InputsVerdict.SAME
    assert verdict.outcomes is OutcomesVerdict.DIFFERENT


def test_a_seed_repeats_what_is_drawn_and_not_what_atomics_sum(
    trials: Trials, original: str
) -> None:
    request = Request(original, seed=7)
    left, right = trials.finished(request), trials.finished(request)
    assert trials.values(left, "drawn") == trials.values(right, "drawn")
    assert trials.values(left, "summed") != trials.values(right, "summed")
    verdict = trials.engine.compare(left, right).verdict
    assert verdict.inputs is InputsVerdict.SAME
    assert verdict.headline is Headline.NONDETERMINISTIC
    # What the program left open, and what would close it.
    assert any("cudnn benchmark" in reason and "strict" in reason for reason in verdict.reasons)


def test_strict_repeats_to_the_bit(
    trials: Trials, strict: str, card: tuple[str, int, str, int]
) -> None:
    # Device, seed and determinism are those of the original.
    again = trials.finished(Request(strict))
    comparison = trials.engine.compare(strict, again)
    assert comparison.verdict.headline is Headline.REPRODUCED, comparison.not_compared
    assert len(set(trials.values(again, "loss"))) == 3
    name, _, cuda, cudnn = card
    for key, value in {
        "device": "cuda:0",
        "name": name,
        "cuda": cuda,
        "cudnn": str(cudnn),
        "driver": devices.gpus()[0].driver,
        "visible to CUDA": "0",
    }.items():
        assert known(finding(comparison, SectionName.DEVICE, key)) == (value, value)
    switches: dict[tuple[str, ...], object] = {
        ("torch", "deterministic algorithms"): True,
        ("cudnn", "deterministic"): True,
        ("cudnn", "allow tf32"): True,
        ("matmul", "allow tf32"): False,
        ("CUBLAS_WORKSPACE_CONFIG",): ":4096:8",
    }
    for switch, told in switches.items():
        assert known(finding(comparison, SectionName.RANDOMNESS, *switch)) == (told, told)


def test_strict_repeats_what_was_compiled(trials: Trials, original: str) -> None:
    request = Request(
        original, seed=7, determinism=Determinism.STRICT, overrides={"what": "compiled"}
    )
    left, right = trials.finished(request), trials.finished(request)
    comparison = trials.engine.compare(left, right)
    assert comparison.verdict.headline is Headline.REPRODUCED, comparison.verdict


def test_strict_says_which_operation_it_refuses(trials: Trials, original: str) -> None:
    request = Request(original, determinism=Determinism.STRICT, overrides={"what": "refused"})
    job = trials.executed(request)
    assert job.state is JobState.FAILED
    assert "upsample_bicubic2d_backward_out_cuda" in job.message
    assert "no deterministic implementation" in job.message
    trials.nothing_left(job)
    assert trials.executed(replace(request, determinism=Determinism.SEED)).state is (
        JobState.FINISHED
    )


DRAWS = """
import torch
from torch.utils.data import DataLoader, Dataset

class Noise(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        return torch.rand(1)

def drawn():
    return torch.rand(2, device="cuda").tolist() + torch.randperm(9, device="cuda").tolist()

if __name__ == "__main__":
    print(drawn())
    for method in ("fork", "spawn"):
        print([*DataLoader(Noise(), 4, num_workers=2, multiprocessing_context=method)], drawn())
    torch.cuda.seed()
    print(drawn())
    torch.seed()
    print(drawn())
"""


def test_what_is_drawn_on_the_card_repeats_under_a_seed_and_only_then(tmp_path: Path) -> None:
    scripts = overlay.make(tmp_path / "overlay", PYTHON)
    runs = tmp_path / "runs"
    runs.mkdir()
    shown = {"CUDA_VISIBLE_DEVICES": "0"}

    def draws(seed: int | None) -> list[str]:
        level = Determinism.OFF if seed is None else Determinism.SEED
        ended = train(scripts, runs, DRAWS, seed=seed, determinism=level, extra=shown)
        assert ended.code == 0, ended.err
        assert ended.root["device"]["device"] == "cuda:0"
        return ended.out.splitlines()

    assert draws(7) == draws(7)
    for others in (draws(8), draws(None)):
        assert not set(draws(7)) & set(others)


# --- Another device, other switches ------------------------------------------------


def test_the_cpu_instead_of_the_card_is_the_suspect(trials: Trials, strict: str) -> None:
    hidden = trials.finished(Request(strict, device="cpu", determinism=Determinism.STRICT))
    back = trials.finished(Request(hidden, device="cuda:0", determinism=Determinism.STRICT))
    # There and back again is the same training.
    assert trials.engine.compare(strict, back).verdict.outcomes is OutcomesVerdict.IDENTICAL
    for left, right, told in (
        (strict, hidden, ("cuda:0", "cpu")),
        (hidden, back, ("cpu", "cuda:0")),
    ):
        comparison = trials.engine.compare(left, right)
        assert comparison.verdict.headline is Headline.DIVERGED
        assert comparison.first_divergence is not None
        assert comparison.suspects[0].key[-1] == "device"
        assert known(finding(comparison, SectionName.DEVICE, "device")) == told
        assert "none" in known(finding(comparison, SectionName.DEVICE, "visible to CUDA"))
        assert any(
            isinstance(part.detail, TensorDetail) and part.detail.distance is not None
            for part in _tensors(comparison)
        )


def _tensors(comparison: Comparison) -> Sequence[Finding]:
    """What was found inside the checkpoint, whose storages say where they lay."""
    checkpoint = finding(comparison, SectionName.ARTIFACTS, "model.pt")
    assert isinstance(checkpoint.detail, FileDetail)
    return checkpoint.detail.findings


def test_a_switch_set_from_outside_is_seen(
    trials: Trials, strict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    other = trials.finished(Request(strict, determinism=Determinism.STRICT))
    comparison = trials.engine.compare(strict, other)
    assert comparison.verdict.inputs is InputsVerdict.CHANGED
    switch = finding(comparison, SectionName.RANDOMNESS, "NVIDIA_TF32_OVERRIDE")
    assert known(switch) == ("not set", "0")


def test_a_recorded_command_tells_the_card_that_it_found(
    trials: Trials, original: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trials.store.uri)
    command = (sys.executable, "train.py", "cuda", "train")
    subprocess.run(
        [Path(sys.executable).with_name("repro-tui"), "record", "--", *command],
        cwd=trials.repository,
        check=True,
        capture_output=True,
    )
    (found,) = trials.store.client.search_runs(["0"], max_results=1)
    run_id = found.info.run_id
    assert trials.store.reader.run(run_id).tags[Tag.VISIBLE_DEVICES] == "0"
    comparison = trials.engine.compare(run_id, run_id)
    assert known(finding(comparison, SectionName.DEVICE, "device"))[0] == "cuda:0"
    plan = trials.engine.plan(Request(run_id))
    assert isinstance(plan, Plan)
    assert plan.device == "cuda:0"


# --- When it goes wrong ------------------------------------------------------------


def test_a_card_without_room_is_told(trials: Trials, original: str) -> None:
    job = trials.executed(Request(original, overrides={"what": "memory"}))
    assert job.state is JobState.FAILED
    assert "ran out of memory" in job.message
    assert "16384.00 GiB" in job.message
    trials.nothing_left(job)


def cancelled(trials: Trials, job: Job) -> None:
    trials.engine.cancel(job)


def launcher_killed(trials: Trials, job: Job) -> None:
    launcher = trials.engine.job(job).launcher_pid
    assert launcher is not None
    psutil.Process(launcher).kill()


@pytest.mark.parametrize("end", [cancelled, launcher_killed])
def test_nothing_stays_on_the_card(
    trials: Trials, original: str, end: Callable[[Trials, Job], None]
) -> None:
    job = trials.job(Request(original, overrides={"what": "hold"}))

    def holds() -> bool:
        now = trials.engine.job(job)
        assert not now.state.ended, now.log.read_text()
        return now.run_id is not None and "holding" in trials.store.reader.histories(now.run_id)

    try:
        until(holds)
        pids = {process.pid for process in processes.of_job(job.job_id)}
        ours = {user for user in on_the_card() if any(f"({pid})" in user for pid in pids)}
        assert ours, (pids, on_the_card())
        assert all(user in devices.devices()[1].detail for user in ours)
        end(trials, job)
        until(lambda: trials.engine.job(job).state.ended)
        assert trials.engine.job(job).state in (JobState.CANCELLED, JobState.LOST)
        until(lambda: not ours & on_the_card())
        trials.nothing_left(job)
    finally:
        # Where the test failed: the next job would wait for the card.
        processes.end_job(job.job_id)


def on_the_card() -> set[str]:
    return {user for gpu in devices.gpus() for user in gpu.users}
