"""Which jobs under way have departed from their originals: looked for on every screen."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from repro_tui.errors import ReproError

if TYPE_CHECKING:
    from repro_tui.compare.departure import SoFar
    from repro_tui.engine import Engine
    from repro_tui.rerun.model import Job

_REST = 10
"""After a look no other one begins for so many times as long as it took."""


@dataclass
class Departed(Message):
    """Jobs that have departed, and how they stand."""

    jobs: "tuple[tuple[Job, SoFar], ...]"


class DepartureWatch:
    """Looks at jobs in turns, one turn at a time, until a departure was told of them.

    The screen of jobs asks by itself (CourseFeed): for one job at once, also for one that has
    ended or was told of, and does not wait for a turn of all.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._looking = False
        self._rest_until = 0.0

    def due(self, jobs: "Sequence[Job]") -> "tuple[Job, ...]":
        """Those to look at now, which `look` is then called with."""
        if self._looking or time.monotonic() < self._rest_until:
            return ()
        untold = tuple(
            job
            for job in jobs
            if not job.state.ended and job.run_id is not None and job.job_id not in self._told
        )
        self._looking = bool(untold)
        return untold

    def look(self, engine: "Engine", jobs: "Sequence[Job]") -> Departed | None:
        """Blocks. A store that cannot be asked at the moment is asked again another time."""
        began = time.monotonic()
        found = []
        try:
            for job in jobs:
                so_far = engine.course(job).so_far
                if so_far is not None and so_far.departed is not None:
                    found.append((job, so_far))
                    self._told.add(job.job_id)
        except ReproError:
            pass
        finally:
            ended = time.monotonic()
            self._rest_until = ended + _REST * (ended - began)
            self._looking = False
        return Departed(tuple(found)) if found else None
