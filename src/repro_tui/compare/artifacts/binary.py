"""Bytes: where nothing finer is known, how many differ and where the first one is."""

from typing import BinaryIO

import numpy as np

from repro_tui.compare.artifacts.file import Inside, OpenFile
from repro_tui.compare.model import FileDetail, Kind
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.text import plural, size

_CHUNK = 1 << 20


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:  # noqa: ARG001 - exact
    """Count the differing bytes; bytes that only the longer file has count as well.

    Raises ReproError where a file became shorter while it was read.
    """
    common = min(left.size, right.size)
    left.stream.seek(0)
    right.stream.seek(0)
    first: int | None = None
    differing = 0
    for start in range(0, common, _CHUNK):
        length = min(_CHUNK, common - start)
        unequal = np.flatnonzero(_array(left.stream, length) != _array(right.stream, length))
        if len(unequal) and first is None:
            first = start + int(unequal[0])
        differing += len(unequal)
    longer = abs(left.size - right.size)
    where = common if first is None else first
    summary = f"{plural(differing + longer, 'byte')} differ, the first at offset {where:,}"
    if differing + longer == 1:
        summary = f"1 byte differs, at offset {where:,}"
    if longer:
        summary += f"; {size(left.size)} against {size(right.size)}"
    return Inside(Kind.CHANGED, FileDetail("bytes", summary))


def _array(stream: BinaryIO, length: int) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    data = stream.read(length)
    if len(data) != length:
        raise ReproError("A file became shorter while it was read.", "Compare again.")
    return np.frombuffer(data, dtype=np.uint8)
