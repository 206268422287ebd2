"""What is set for a process before its interpreter starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.rerun.determinism import recorder_variables, variables
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


@pytest.mark.parametrize("device", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "CUDA:0"])
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
