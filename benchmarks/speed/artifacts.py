"""Files that runs leave: many of a middling size, and two large checkpoints."""

import shutil
from pathlib import Path

import numpy as np
from benchmarks.speed import stores
from benchmarks.speed.ground import Ground


def many_files(ground: Ground) -> Path:
    """A folder of files whose bytes are random."""
    size = ground.size
    folder = ground.folder / "artifacts" / f"{size.files}" / stores.run_id(0)
    if not folder.exists():
        random = np.random.default_rng(0)
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for number in range(size.files):
            (partial / f"{number:04}.bin").write_bytes(random.bytes(size.file_bytes))
        partial.rename(folder)
    return folder


def of_run(ground: Ground, number: int) -> Path:
    """The artifacts of the run of that number in the store of histories: the same for both."""
    folder = many_files(ground)
    own = folder.with_name(stores.run_id(number))
    if not own.exists():
        # Links cost no space; for who reads them they are files like others.
        shutil.copytree(folder, own, copy_function=lambda a, b: Path(b).hardlink_to(a))
    return own


def checkpoints(ground: Ground) -> tuple[Path, Path]:
    """Two checkpoints of PyTorch; one tensor in a hundred differs, as after fine-tuning a head."""
    import torch

    size = ground.size
    paths = tuple(
        ground.folder / f"checkpoint-{size.tensors * size.tensor_bytes}-{side}.pt"
        for side in ("left", "right")
    )
    if not all(path.exists() for path in paths):
        random = np.random.default_rng(0)
        shape = (size.tensor_bytes // 4 // 250, 250)
        weights = {
            f"layers.{number}.weight": torch.from_numpy(random.standard_normal(shape, np.float32))
            for number in range(size.tensors)
        }
        for path in paths:
            torch.save(weights, path)
            last = f"layers.{size.tensors - 1}.weight"
            weights[last] = torch.from_numpy(random.standard_normal(shape, np.float32))
    left, right = paths
    return left, right
