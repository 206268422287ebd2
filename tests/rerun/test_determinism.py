"""What is set for a process before its interpreter starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.rerun.determinism import (
    THREADS,
    recorded_threads,
    recorder_variables,
    threads,
    variables,
)
from repro_tui.rerun.devices import cores
from repro_tui.rerun.model import Determinism


def test_off_chooses_the_device_and_nothing_else() -> None:
    assert variables(7, Determinism.OFF, "cpu") == {"CUDA_VISIBLE_DEVICES": ""}


def test_seed_sets_the_hash_seed() -> None:
    assert variables(7, Determinism.SEED, "cpu") == {
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "7",
    }


def test_strict_sets_what_libraries_read_when_they_start() -> None:
    assert variables(7, Determinism.STRICT, "cuda:3") == {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "3",
        "PYTHONHASHSEED": "7",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "TORCHINDUCTOR_DETERMINISTIC": "1",
        "TF_DETERMINISTIC_OPS": "1",
        "TF_CUDNN_DETERMINISTIC": "1",
    }


def test_without_a_seed_hashing_stays_as_it_is() -> None:
    assert "PYTHONHASHSEED" not in variables(None, Determinism.STRICT, "mps")


@given(st.integers(-(2**70), 2**70))
def test_every_seed_gives_a_hash_seed_within_what_cpython_reads(seed: int) -> None:
    assert 0 <= int(variables(seed, Determinism.SEED, "cpu")["PYTHONHASHSEED"]) < 2**32


def test_cpython_starts_with_the_largest_hash_seed() -> None:
    chosen = variables(2**32 - 1, Determinism.SEED, "cpu")
    done = subprocess.run([sys.executable, "-c", ""], env=chosen, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "CUDA:0"])
def test_a_device_that_is_spelled_otherwise_is_refused(device: str) -> None:
    with pytest.raises(ReproError) as refused:
        variables(7, Determinism.SEED, device)
    assert refused.value.hint


def test_the_recorder_is_told_an_absolute_folder() -> None:
    told = recorder_variables(Path("record"), None, Determinism.STRICT, ["TZ", "LANG"])
    assert told == {
        "REPRO_TUI_RECORD": str(Path.cwd() / "record"),
        "REPRO_TUI_SEED": "",
        "REPRO_TUI_DETERMINISM": "strict",
        "REPRO_TUI_VARIABLES": '["TZ", "LANG"]',
        "REPRO_TUI_LINEAGE": "0",
    }


def test_every_numeric_library_is_given_the_number_of_threads(tmp_path: Path) -> None:
    asked = (
        "import json, numpy, torch, threadpoolctl; "
        "pools = {pool['num_threads'] for pool in threadpoolctl.threadpool_info()}; "
        "print(json.dumps([torch.get_num_threads(), sorted(pools)]))"
    )
    # More than there are cores, MKL takes none; and PyTorch takes as many as MKL.
    for number in {1, min(2, cores())}:
        done = subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, **threads(number)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [number, [number]]


def test_the_originals_threads_are_those_that_it_was_started_with() -> None:
    told = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "", "LANG": "C"}
    assert recorded_threads(told, 2, 2, 64) == {"OMP_NUM_THREADS": "2"}
    # Nested parallel regions have a number each.
    assert recorded_threads({"OMP_NUM_THREADS": "4,2"}, 4, 8, 8) == {"OMP_NUM_THREADS": "4,2"}


def test_without_variables_the_number_of_cores_decided() -> None:
    assert recorded_threads({}, 4, 8, 8) == {}
    assert recorded_threads({}, 4, 8, 64) == dict.fromkeys(THREADS, "4")
    # Nobody told how many PyTorch had.
    assert recorded_threads({}, None, 8, 64) == {}


@pytest.mark.parametrize("value", ["", "0x2", "2\0", "2; rm", "\u0664", "-1", "99999"])
def test_a_record_from_elsewhere_sets_nothing_but_numbers(value: str) -> None:
    assert recorded_threads({"OMP_NUM_THREADS": value}, None, 1, 2) == {}
