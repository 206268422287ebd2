"""What the store tells of the run under the cursor, beside the list of runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from repro_tui.evidence.model import Dataset, Run
from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house
from repro_tui.tui.run_details import details

_PAUSE = 0.15
"""Seconds that the cursor rests on a run before more is read of it than the list knows."""


@dataclass
class DatasetsRead(Message):
    run_id: str
    datasets: tuple[Dataset, ...]


class RunPane(VerticalScroll):
    """Given a run and its verdicts, it reads the rest by itself. Hidden, it reads nothing."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._run: Run | None = None
        self._verdicts: Sequence[str] = ()
        self._datasets: dict[str, tuple[Dataset, ...]] = {}
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static()

    def on_show(self) -> None:
        self._draw()

    def show(self, run: Run | None, verdicts: Sequence[str] = ()) -> None:
        """Tell of this run from now on; of none, what was told stays."""
        if run is not None:
            self._run, self._verdicts = run, verdicts
            self._draw()

    def forget(self) -> None:
        """The store was read anew: what was read of single runs may have changed."""
        self._datasets.clear()

    def _draw(self) -> None:
        run = self._run
        if run is None or not self.display:
            return
        if self._resting is not None:
            self._resting.stop()
        if run.run_id not in self._datasets:
            self._resting = self.set_timer(_PAUSE, self._read_datasets)
        known = self._datasets.get(run.run_id)
        self.query_one(Static).update(details(run, known, self._verdicts, house(self).now()))

    def _read_datasets(self) -> None:
        if self._run is not None:
            engine, run_id = house(self).engine, self._run.run_id
            start(self, "datasets", lambda _: DatasetsRead(run_id, engine.datasets(run_id)))

    def on_datasets_read(self, message: DatasetsRead) -> None:
        message.stop()
        self._datasets[message.run_id] = message.datasets
        self._draw()

    def on_failed(self, message: Failed) -> None:
        message.stop()
        house(self).complain(message.error)
