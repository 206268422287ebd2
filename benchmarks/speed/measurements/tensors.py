"""Two large checkpoints of PyTorch compared.

`torch.load` of files in the page cache copies them at the speed of memory: it takes two to
three times as long as reading them does, so that a twentieth of it is less than any program
can take that reads the bytes at all. Reading into one buffer, which stays in the processor's
cache, is the floor; comparing pairs of chunks, measuring what differs and reading the pickle
cost as much CPU time again and more, by as much as the machine's memory is slow or quick.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.speed import artifacts
from benchmarks.speed.ground import Ground
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.timed import timed

_CHUNK = 1 << 20


@contextmanager
def compared(ground: Ground) -> Iterator[Row]:
    paths = [str(path) for path in artifacts.checkpoints(ground)]
    here = "measurements.tensors"
    each = ground.size.tensors * ground.size.tensor_bytes / 1e6
    with (
        timed(ground, f"{here}:ours", *paths) as ours,
        timed(ground, f"{here}:reading", *paths) as reading,
        timed(ground, f"{here}:loading", *paths) as loading,
    ):
        yield Row(
            f"comparing 2 × {each:g} MB of tensors",
            ours,
            (
                Rival("reading both files", reading, 1.3, held=2.0),
                Rival("`torch.load` of both", loading, 0.05, held=0.8),
            ),
        )


def ours(left: str, right: str) -> Callable[[], object]:
    from repro_tui.compare.artifacts.dispatch import look_inside
    from repro_tui.compare.artifacts.file import OpenFile
    from repro_tui.compare.policy import Policy

    def work() -> object:
        with Path(left).open("rb") as one, Path(right).open("rb") as other:
            return look_inside(
                OpenFile(left, Path(left).stat().st_size, one),
                OpenFile(right, Path(right).stat().st_size, other),
                Policy(),
            )

    return work


def reading(*paths: str) -> Callable[[], object]:
    buffer = bytearray(_CHUNK)

    def work() -> None:
        for path in paths:
            with Path(path).open("rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass

    return work


def loading(*paths: str) -> Callable[[], object]:
    import torch

    return lambda: [torch.load(path, weights_only=True) for path in paths]
