"""The devices of this machine, found without importing torch.

NVIDIA's driver is asked through `nvidia-smi`, which comes with it, and only where a
device file says that there is a driver.
"""

import csv
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import psutil
from msgspec import Struct

from repro_tui.rerun.model import Device
from repro_tui.text import plural

_MIB = 2**20
_GPU_FIELDS = ("index", "uuid", "name", "memory.total", "memory.used", "driver_version")
_PROCESS_FIELDS = ("gpu_uuid", "pid", "process_name")


class Gpu(Struct, frozen=True):
    """One NVIDIA GPU. Memory in bytes; None where the driver does not tell."""

    index: int
    """Its place on the PCI bus, as `nvidia-smi` counts."""
    name: str
    memory: int | None
    memory_used: int | None
    driver: str
    users: tuple[str, ...] = ()
    """The processes that compute on it: `python3 (1234)`."""


def devices() -> tuple[Device, ...]:
    """The CPU, then every CUDA device, then MPS."""
    found = [_cpu(), *map(_cuda, gpus())]
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        memory = psutil.virtual_memory()
        found.append(Device("mps", processor(), memory.total, detail="shares the machine's memory"))
    return tuple(found)


def child_name(device: str) -> str:
    """What a process that sees only `device` calls it: `cuda:3` becomes `cuda:0`."""
    return "cuda:0" if device.partition(":")[0] == "cuda" else device


def processor() -> str:
    """The model of the CPU; the architecture where the system names no model."""
    model = ""
    if platform.system() == "Linux":
        for line in _read(Path("/proc/cpuinfo")).splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
                break
    elif platform.system() == "Darwin":
        model = _output("sysctl", "-n", "machdep.cpu.brand_string").strip()
    return model or platform.machine()


def cores() -> int:
    """The logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> tuple[Gpu, ...]:
    """The NVIDIA GPUs of this machine; none where the driver cannot be asked."""
    if not has_driver():
        return ()
    listing = _output("nvidia-smi", f"--query-gpu={','.join(_GPU_FIELDS)}", _CSV)
    users = _output("nvidia-smi", f"--query-compute-apps={','.join(_PROCESS_FIELDS)}", _CSV)
    return parse_gpus(listing, users)


def has_driver() -> bool:
    """Whether a device file tells of an NVIDIA driver, on Linux or in WSL. Takes 1 ms."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


_CSV = "--format=csv,noheader,nounits"


def parse_gpus(listing: str, users: str = "") -> tuple[Gpu, ...]:
    """Read what `nvidia-smi` prints for `_GPU_FIELDS` and `_PROCESS_FIELDS`.

    CSV without header and units; memory in MiB; a value that the driver does not tell
    is `[N/A]` or `[Not Supported]`. Rows of another shape, such as error messages,
    are passed over.
    """
    by_gpu: dict[str, list[str]] = {}
    for row in _rows(users, len(_PROCESS_FIELDS)):
        uuid, pid, name = row
        by_gpu.setdefault(uuid, []).append(f"{name.rpartition('/')[2]} ({pid})")
    return tuple(
        Gpu(
            int(index),
            name,
            _mebibytes(total),
            _mebibytes(used),
            driver,
            tuple(by_gpu.get(uuid, ())),
        )
        for index, uuid, name, total, used, driver in _rows(listing, len(_GPU_FIELDS))
        if index.isdecimal()
    )


def _rows(text: str, width: int) -> Iterable[list[str]]:
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return ([cell.strip() for cell in row] for row in rows if len(row) == width)


def _mebibytes(cell: str) -> int | None:
    return int(cell) * _MIB if cell.isdecimal() else None


def _cpu() -> Device:
    memory = psutil.virtual_memory()
    # Of the last minute: how many processes computed, or waited to.
    busy = f"{plural(cores(), 'core')}, load {psutil.getloadavg()[0]:.1f}"
    return Device("cpu", processor(), memory.total, memory.total - memory.available, busy)


def _cuda(gpu: Gpu) -> Device:
    used_by = f"; used by {', '.join(gpu.users)}" if gpu.users else ""
    return Device(
        f"cuda:{gpu.index}", gpu.name, gpu.memory, gpu.memory_used, f"driver {gpu.driver}{used_by}"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _output(*command: str) -> str:
    """What a command prints; empty where it is absent, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", errors="replace")
