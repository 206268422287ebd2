"""What is known of one run by now, while the rest of it is still being read. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from repro_tui.evidence.model import History, Run
from repro_tui.evidence.tracking.reader import RunPage

if TYPE_CHECKING:
    # It brings all that looks into a run, which the list of runs does not wait for.
    from repro_tui.evidence.overview import Overview


class Told(Struct, frozen=True):
    """None: it is still being read."""

    run: Run
    overview: "Overview | str | None" = None
    """In place of what could not be read stands why."""
    histories: Mapping[str, History] | str | None = None
    again: RunPage | str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is being read any more."""
        return None not in (self.overview, self.histories, self.again)
