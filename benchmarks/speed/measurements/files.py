"""SHA-256 of many warm files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.speed import artifacts
from benchmarks.speed.ground import Ground
from benchmarks.speed.measurements.processes import seconds
from benchmarks.speed.method import Rival, Row
from benchmarks.speed.timed import timed


@contextmanager
def hashed(ground: Ground) -> Iterator[Row]:
    folder = artifacts.many_files(ground)
    names = sorted(path.name for path in folder.iterdir())
    openssl = ["openssl", "dgst", "-sha256", *names]
    whole = ground.size.files * ground.size.file_bytes / 1e9
    with timed(ground, "measurements.files:ours", str(folder)) as ours:
        yield Row(
            f"hashing {ground.size.files:,} warm files, {whole:g} GB",
            ours,
            (
                Rival(
                    "openssl, one file after another",
                    partial(seconds, openssl, ground.variables(), folder),
                    0.6,
                ),
            ),
        )


def ours(folder: str) -> Callable[[], object]:
    from repro_tui.evidence.files import hash_folder

    return lambda: hash_folder(Path(folder))
