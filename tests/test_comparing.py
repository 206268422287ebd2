"""How often the files of two runs are read from the disk."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests import builders

from repro_tui.compare.model import FileDetail
from repro_tui.comparing import comparing
from repro_tui.evidence.files import hash_folder
from repro_tui.evidence.model import Evidence, Fact, FileRef, Key, Section, SectionName
from repro_tui.settings import load

_COUNTED = Path("/proc/self/io")


def read_from_disk() -> int:
    """Bytes that this process had fetched from a disk so far, of files already in memory none."""
    fields = dict(line.split(": ") for line in _COUNTED.read_text().splitlines())
    return int(fields["read_bytes"])


def forget(path: Path) -> None:
    """Have the operating system keep nothing of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def with_artifacts(folder: Path) -> Evidence:
    of = builders.evidence()
    found = hash_folder(folder)
    facts: dict[Key, Fact] = {
        (path,): builders.known(ref) for path, ref in found.items() if isinstance(ref, FileRef)
    }
    section = Section(SectionName.ARTIFACTS, facts)
    return Evidence(of.run, {**of.sections, SectionName.ARTIFACTS: section})


@pytest.mark.skipif(not _COUNTED.exists(), reason="this system does not count what is read")
def test_what_is_hashed_and_then_compared_is_read_from_the_disk_once(tmp_path: Path) -> None:
    weights = np.arange(1 << 20, dtype=np.float32)
    table = "".join(f"{step},{step / 7}\n" for step in range(50_000))
    for side, last in (("left", 0.5), ("right", 0.25)):
        folder = tmp_path / side
        folder.mkdir()
        save_file({"early": weights, "late": weights + np.float32(last)}, folder / "m.safetensors")
        (folder / "points.csv").write_text(f"{table}{last},0\n")
    settings = load()
    files = list(tmp_path.rglob("*.*"))
    size = sum(file.stat().st_size for file in files)
    for file in files:
        forget(file)

    before = read_from_disk()
    left, right = (with_artifacts(tmp_path / side) for side in ("left", "right"))
    hashed = read_from_disk() - before
    if not hashed:
        pytest.skip("the files lie in memory")
    compared = comparing(settings)(left, right)[SectionName.ARTIFACTS]
    found = {finding.key: finding for finding in compared.findings}

    weights_differ, points_differ = found["m.safetensors",].detail, found["points.csv",].detail
    assert isinstance(weights_differ, FileDetail)
    assert weights_differ.summary == "2 parts: 1 equal, 1 changed"
    assert points_differ is not None
    assert size <= hashed
    assert read_from_disk() - before < 1.02 * size
