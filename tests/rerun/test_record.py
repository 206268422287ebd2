"""The record of an execution, of real processes and read back by the reading side."""

import hashlib
import json
import platform
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.rerun.training import PYTHON, environment, train

from repro_tui.errors import ReproError
from repro_tui.evidence.record import Record, read_record
from repro_tui.rerun import devices, overlay, record
from repro_tui.rerun.devices import Gpu
from repro_tui.rerun.model import Determinism, EnvManager, Fidelity, Plan

PATCH = "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-lr = 1\n+lr = 2 # ü\n"
PLAN = Plan(
    reexecutes="0" * 32,
    tracking_uri="sqlite:///store.db",
    experiment_id="1",
    run_name="again",
    repository="https://example.org/project.git",
    commit="1" * 40,
    subdirectory="",
    patch=PATCH,
    entry_point="main",
    command="python train.py --lr 0.1",
    parameters={"lr": "0.1"},
    env_manager=EnvManager.LOCAL,
    device="cpu",
    seed=7,
    determinism=Determinism.SEED,
    variables={"PYTHONHASHSEED": "7"},
    fidelity=Fidelity.EXACT,
)
START, END = 1_700_000_000_000, 1_700_000_060_000


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay.make(tmp_path_factory.mktemp("overlays") / "overlay", PYTHON)


def launched(**changes: object) -> dict[str, Any]:
    return {**record.launch(PLAN), **changes}


def assembled(processes: Path, **changes: object) -> dict[str, Any]:
    return record.assemble(processes, launched(**changes), [], START, END, 0)


def process(lineage: str, *loaded: str, **told: object) -> dict[str, Any]:
    """A process file as the recorder writes it, cut down."""
    return {
        "schema": "repro-tui.process/1", "lineage": lineage, "start": START, "finished": True,
        "loaded": list(loaded), "device": None, "packages": [],
        "recorder": {"active": True, "reason": "", "stream": "v1", "seedless": {}}, **told,
    }  # fmt: skip


def save(folder: Path, *processes: dict[str, Any]) -> Path:
    for each in processes:
        (folder / f"process-{each['lineage']}.json").write_text(json.dumps(each))
    return folder


def test_a_record_is_read_back_as_it_was_kept(scripts: Path, tmp_path: Path) -> None:
    ended = train(scripts, tmp_path, "import numpy\nnumpy.random.seed(3)\n", allowed=["LANG"],
                  extra={"LANG": "C"})  # fmt: skip
    project = tmp_path / "project"
    (project / "deeper").mkdir(parents=True)
    for name in ("uv.lock", "requirements.txt", "train.py", "deeper/uv.lock"):
        (project / name).write_text(f"# {name}\n")
    (project / "constraints.txt").symlink_to("/etc/passwd")
    folder = tmp_path / "repro-tui"
    written = record.keep(folder, PLAN, ended.record, project, START, END, 0)

    assert json.loads((folder / "record.json").read_bytes()) == written
    assert written["files"] == [
        "lockfiles/requirements.txt", "lockfiles/uv.lock", "changes.patch",
    ]  # fmt: skip
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(
        [*written["files"], "record.json"]
    )
    assert written["timings"] == {"start": START, "end": END}
    assert written["exit_code"] == 0
    assert written["launch"]["patch"] == f"sha256:{hashlib.sha256(PATCH.encode()).hexdigest()}"

    read = read_record(tmp_path)
    assert isinstance(read, Record)
    assert read.patch() == PATCH
    assert read.lockfiles() == {
        "uv.lock": folder / "lockfiles/uv.lock",
        "requirements.txt": folder / "lockfiles/requirements.txt",
    }
    assert read.inactive == ""
    assert read.launch is not None
    assert read.launch.parameters == {"lr": "0.1"}
    assert read.generators is not None
    assert (read.generators["numpy"].seeded_by, read.generators["numpy"].seed) == ("code", 3)
    assert read.variables == {"LANG": "C"}
    assert read.python is not None
    assert read.python["version"] == platform.python_version()
    assert read.machine is not None
    assert read.machine["cpu"] == devices.processor()
    assert read.device == {"device": "cpu", "name": devices.processor()}


def test_a_run_without_our_python_has_a_record_that_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "repro-tui"
    processes = tmp_path / "processes"
    processes.mkdir()
    record.keep(folder, PLAN, processes, None, None, END, None)
    read = read_record(tmp_path)
    assert isinstance(read, Record)
    assert "no process of the command" in read.inactive
    assert read.packages is None
    assert read.generators is None
    assert read.device is not None
    assert read.device["device"] == "cpu"


def test_a_recorder_that_could_not_start_says_why(scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "json.py").write_text("raise ImportError('no json here')")
    ended = train(scripts, tmp_path, "", extra={"PYTHONPATH": str(tmp_path / "broken")})
    told = assembled(ended.record)["recorder"]
    assert told["active"] is False
    assert told["reason"] == "it could not start: ImportError: no json here"


def test_a_killed_process_is_recorded_and_said_to_be(scripts: Path, tmp_path: Path) -> None:
    program = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    ended = train(scripts, tmp_path, program)
    assert ended.code == -signal.SIGKILL
    told = assembled(ended.record)
    assert told["recorder"]["active"] is True
    assert "ended before it could write" in told["recorder"]["reason"]
    assert len(told["packages"]) > 50


def test_the_process_that_trained_is_reported(scripts: Path, tmp_path: Path) -> None:
    """Not the script that starts it, and not the workers that it starts."""
    folder = tmp_path / "processes"
    folder.mkdir()
    worker = "import numpy"
    trainer = f"import numpy, subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {trainer!r}])"
    subprocess.run([scripts / "python", "-c", starter], env=environment(folder), check=True)
    told = assembled(folder)["recorder"]
    assert (told["process"], told["processes"]) == ("0.1", 3)


def test_among_equals_the_first_by_descent_is_reported(tmp_path: Path) -> None:
    save(tmp_path, process("0.1", "numpy"), process("0", "numpy"), process("0.2.1", "numpy"))
    assert assembled(tmp_path)["recorder"]["process"] == "0"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"schema": "another"}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_process_file_is_passed_over(damage: bytes, tmp_path: Path) -> None:
    save(tmp_path, process("0.1", "numpy"))
    (tmp_path / "process-0.json").write_bytes(damage)
    assert assembled(tmp_path)["recorder"]["process"] == "0.1"


CARDS = tuple(Gpu(n, f"card {n}", 80 << 30, 0, "570.1") for n in range(2))


@pytest.mark.parametrize(
    ("device", "told", "expected"),
    [
        pytest.param("cuda:1", {"device": "cuda:0", "name": "card 1"}, "card 1", id="used"),
        pytest.param("cuda:1", None, "card 1", id="not told"),
        pytest.param("cuda:7", None, "", id="not listed"),
    ],
)
def test_a_gpu_has_the_name_that_it_has_on_this_machine(
    device: str, told: object, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The GPUs are mocked."""
    monkeypatch.setattr(devices, "gpus", lambda: CARDS)
    save(tmp_path, process("0", "torch", device=told))
    written = assembled(tmp_path, device=device)
    assert written["device"] == {"device": device, "name": expected}
    assert written["machine"]["gpus"][1] == {
        "name": "card 1", "memory": 80 << 30, "driver": "570.1",
    }  # fmt: skip


def test_a_process_that_used_no_gpu_computed_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The GPUs are mocked."""
    monkeypatch.setattr(devices, "gpus", lambda: CARDS)
    save(tmp_path, process("0", "torch", device={"device": "cpu", "name": ""}))
    assert assembled(tmp_path, device="cuda:1")["device"]["device"] == "cpu"


@pytest.mark.parametrize(
    ("told", "shown", "cards", "expected"),
    [
        pytest.param("cuda:0", "1", 2, {"device": "cuda:1", "name": "card 1"}, id="second card"),
        pytest.param("cuda:1", None, 2, {"device": "cuda:1", "name": "card 1"}, id="all shown"),
        pytest.param("cpu", None, 2, {"device": "cpu"}, id="not used"),
        pytest.param(None, None, 2, None, id="nobody can tell"),
        pytest.param(None, None, 0, {"device": "cpu"}, id="no card"),
    ],
)
def test_a_device_that_nobody_chose_is_the_one_that_was_found(
    told: str | None, shown: str | None, cards: int, expected: dict[str, str] | None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The GPUs are mocked."""
    monkeypatch.setattr(devices, "gpus", lambda: CARDS[:cards])
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    variables = {} if shown is None else {"CUDA_VISIBLE_DEVICES": shown}
    name = "" if told in (None, "cpu") else "card 1"
    device = None if told is None else {"device": told, "name": name}
    save(tmp_path, process("0", "torch", device=device, variables=variables))
    written = assembled(tmp_path, device="")
    if expected is None:
        assert written["device"] is None
    else:
        assert expected.items() <= written["device"].items()
    assert written["launch"]["device"] == (expected or {}).get("device", "")


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "repro-tui").touch()
    with pytest.raises(ReproError, match="cannot be written") as failed:
        record.keep(tmp_path / "repro-tui", PLAN, tmp_path, None, START, END, 0)
    assert failed.value.hint


def test_a_patch_that_is_not_utf8_is_kept_to_the_byte(tmp_path: Path) -> None:
    original = b"--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-# caf\xe9\n+# the\xe9\n"
    plan = replace(PLAN, patch=original.decode("utf-8", "surrogateescape"))
    (tmp_path / "processes").mkdir()
    kept = record.keep(
        tmp_path / "record", plan, tmp_path / "processes", None, START, END, 0
    )  # fmt: skip
    assert (tmp_path / "record" / "changes.patch").read_bytes() == original
    assert kept["launch"]["patch"] == f"sha256:{hashlib.sha256(original).hexdigest()}"
