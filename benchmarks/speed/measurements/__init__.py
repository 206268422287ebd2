"""What is measured, one file a kind. Each measurement makes what it needs, and yields a row."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks.speed.ground import Ground
from benchmarks.speed.measurements import (
    files,
    histories,
    keys,
    memory,
    order,
    processes,
    server,
    start,
    tensors,
)
from benchmarks.speed.method import Row

Measurement = Callable[[Ground], AbstractContextManager[Row]]

MEASUREMENTS: tuple[Measurement, ...] = (
    start.first_frame,
    start.first_rows,
    keys.while_comparing,
    processes.runs,
    keys.page_down,
    keys.page_down_in_many,
    memory.of_many_runs,
    histories.read_and_compared,
    processes.diff,
    order.by_a_metric,
    files.hashed,
    tensors.compared,
    server.runs,
)
