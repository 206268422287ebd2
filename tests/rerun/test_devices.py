"""Devices. What `nvidia-smi` prints is mocked, as it was on an H200; a real card: test_cuda.py."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.rerun import devices
from repro_tui.rerun.devices import Gpu, child_name, parse_gpus
from repro_tui.rerun.model import Device

# In the shape of `nvidia-smi --format=csv,noheader,nounits`: two cards and a MIG parent.
LISTING = """\
0, GPU-5d2f1e1a-0000-0000-0000-000000000000, NVIDIA H200, 143771, 1042, 570.124.06
1, GPU-77aa3b19-0000-0000-0000-000000000000, NVIDIA A100-SXM4-80GB, 81920, [N/A], 570.124.06
"""
USERS = """\
GPU-77aa3b19-0000-0000-0000-000000000000, 4242, /usr/bin/python3
GPU-77aa3b19-0000-0000-0000-000000000000, 4243, /opt/ollama
"""
H200 = Gpu(0, "NVIDIA H200", 143771 << 20, 1042 << 20, "570.124.06")
A100 = Gpu(
    1, "NVIDIA A100-SXM4-80GB", 81920 << 20, None, "570.124.06", ("python3 (4242)", "ollama (4243)")
)


def test_the_cpu_is_always_there() -> None:
    cpu = devices.devices()[0]
    assert cpu.name == "cpu"
    assert cpu.description
    assert cpu.memory == psutil.virtual_memory().total
    assert cpu.memory_used is not None
    assert 0 < cpu.memory_used < cpu.memory
    assert re.fullmatch(r"[0-9]+ cores?, load [0-9.]+", cpu.detail)


def test_torch_is_not_imported() -> None:
    program = (
        "import sys; from repro_tui.rerun.devices import devices; devices(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_gpus_are_read_off_the_drivers_listing() -> None:
    assert parse_gpus(LISTING, USERS) == (H200, A100)


def test_a_gpu_is_shown_with_its_memory_and_what_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: (H200, A100))
    _, first, second = devices.devices()
    assert first == Device("cuda:0", "NVIDIA H200", 143771 << 20, 1042 << 20, "driver 570.124.06")
    assert second.name == "cuda:1"
    assert second.detail == "driver 570.124.06; used by python3 (4242), ollama (4243)"


def test_a_driver_is_asked_only_where_there_is_a_device_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncase $1 in --query-gpu=*) printf '{LISTING}';; esac\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(devices, "has_driver", lambda: False)
    assert devices.gpus() == ()
    monkeypatch.setattr(devices, "has_driver", lambda: True)
    assert [gpu.name for gpu in devices.gpus()] == ["NVIDIA H200", "NVIDIA A100-SXM4-80GB"]


@pytest.mark.parametrize("body", ["exit 9", "echo 'NVIDIA-SMI has failed'", "printf '\\377,\\n'"])
def test_a_driver_that_fails_lists_nothing(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(devices, "has_driver", lambda: True)
    assert devices.gpus() == ()


@given(st.text(), st.text())
def test_whatever_is_printed_is_read_without_an_error(listing: str, users: str) -> None:
    assert all(gpu.index >= 0 for gpu in parse_gpus(listing, users))


@pytest.mark.parametrize(
    ("chosen", "called"),
    [("cuda:3", "cuda:0"), ("cuda", "cuda:0"), ("cpu", "cpu"), ("mps", "mps")],
)
def test_a_masked_device_has_another_name_in_the_child(chosen: str, called: str) -> None:
    assert child_name(chosen) == called
