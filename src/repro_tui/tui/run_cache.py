"""What has been read of runs, as much of it as fits: a list of any length costs no more."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from repro_tui.evidence.model import Run

MOST = 1000
"""Runs that are kept: the screen, its neighbourhood, and some way back."""


class RunCache:
    """Runs by id; those looked at last stay."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._runs: OrderedDict[str, Run | None] = OrderedDict()
        self._fresh: set[str] = set()

    def __iter__(self) -> Iterator[Run]:
        return (run for run in self._runs.values() if run is not None)

    def get(self, run_id: str) -> Run | None:
        """The run as it was read last; None where it was not, or is not in the store."""
        run = self._runs.get(run_id)
        if run is not None:
            self._runs.move_to_end(run_id)
        return run

    def gone(self, run_id: str) -> bool:
        """Whether the store was asked for the run and does not hold it."""
        return run_id in self._runs and self._runs[run_id] is None

    def put(self, asked: Sequence[str], runs: Iterable[Run]) -> None:
        """Keep what came of asking for these ids."""
        found = {run.run_id: run for run in runs}
        for run_id in asked:
            self._runs[run_id] = found.get(run_id)
            self._runs.move_to_end(run_id)
            self._fresh.add(run_id)
        while len(self._runs) > self._most:
            old, _ = self._runs.popitem(last=False)
            self._fresh.discard(old)

    def outdate(self) -> None:
        """The store may have changed: all is to be read again, and is shown until it was."""
        self._fresh.clear()

    def wanted(self, run_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the runs that were not read, or not since the store may have changed."""
        return tuple(run_id for run_id in run_ids if run_id not in self._fresh)
