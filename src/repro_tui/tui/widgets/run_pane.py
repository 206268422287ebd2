"""What is known of one run: lines in sections that fold, read as the run is rested on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from repro_tui.tui.background import Failed, start
from repro_tui.tui.house import house
from repro_tui.tui.run_lines import Line, Topic
from repro_tui.tui.widgets.rows import Chosen, Rows

if TYPE_CHECKING:
    from textual.widgets import Input

    from repro_tui.evidence.model import History, Run
    from repro_tui.evidence.overview import Overview
    from repro_tui.evidence.tracking.reader import RunPage
    from repro_tui.tui.told import Told

_MOST_KEPT = 20
"""Runs of which is kept what was read: whole histories can be large."""
_PAUSE = 0.15
"""Seconds that the cursor rests on a run before more is read of it than the list knows."""

Reading = Literal["overview", "histories", "again"]
_READINGS: tuple[Reading, ...] = ("overview", "histories", "again")


@dataclass
class Looked(Message):
    """One of the readings of a run came to its end."""

    run_id: str
    reading: Reading
    found: Overview | Mapping[str, History] | RunPage


class RunLines(Rows[Line]):
    """The lines themselves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="run.open"),
        Binding("]", "section(1)", "Next section", show=False, id="run.next-section"),
        Binding("[", "section(-1)", "Previous section", show=False, id="run.previous-section"),
        Binding("y", "copy_value", "Copy", show=False, id="run.copy-value"),
        Binding("Y", "copy_row", "Copy the row", show=False, id="run.copy-row"),
    ]

    @dataclass
    class Resized(Message):
        """The lines have to be wrapped anew."""

    def draw(self, row: Line, width: int) -> Content:
        del width
        return row.draw()

    def identity(self, row: Line) -> Hashable:
        return row.topic, row.label, row.place, row.heads

    def on_resize(self) -> None:
        self.post_message(self.Resized())
        super().on_resize()

    def action_section(self, direction: int) -> None:
        place = self.cursor + direction
        while 0 <= place < len(self.rows):
            if self.rows[place].heads:
                self.cursor = place
                # A section is read from its heading on.
                self.scroll_to(y=place, animate=False, force=True)
                return
            place += direction

    def action_copy_value(self) -> None:
        if self.current is not None:
            self._copy(self.current.value or self.current.label)

    def action_copy_row(self) -> None:
        if self.current is not None:
            self._copy("\t".join(filter(None, (self.current.label, self.current.value))))

    def _copy(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(f"Copied {len(text):,} characters.")


class RunPane(Vertical):
    """Given a run, it reads the rest by itself. Hidden, it reads nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "fold", "Fold", show=False, id="run.fold"),
        Binding("Z", "fold_all", "Fold or unfold all", show=False, id="run.fold-all"),
        Binding("slash", "search", "Search", key_display="/", id="run.search"),
        Binding("escape", "clear", "End search", key_display="esc", id="run.clear"),
    ]

    def __init__(self) -> None:
        super().__init__(id="details")
        self._told: Told | None = None
        self._kept: dict[str, Told] = {}
        self._asked: set[str] = set()
        """Of what is kept, what need not be read again: ids of runs."""
        self._folded: frozenset[Topic] = frozenset()
        self._search = ""
        self._box: Input | None = None
        """What is searched for: made when it is opened first."""
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield RunLines(id="known")

    @property
    def _lines(self) -> RunLines:
        return self.query_one(RunLines)

    def on_show(self) -> None:
        self._draw()

    def show(self, run: Run | None) -> None:
        """Tell of this run from now on; of none, what was told stays."""
        if run is None:
            return
        from repro_tui.tui.told import Told

        other = self._told is None or self._told.run.run_id != run.run_id
        self._told = replace(self._kept.get(run.run_id, Told(run)), run=run)
        if other:
            self._lines.cursor = 0
            self._lines.scroll_home(animate=False)
        self._draw()

    def forget(self) -> None:
        """The store was read anew: what was read of single runs may have changed.

        Until it is read again it stays on the screen.
        """
        self._asked.clear()

    # --- Reading ---------------------------------------------------------------------------

    def _draw(self) -> None:
        told = self._told
        if told is None or not self.display or not house(self).ready:
            return
        from repro_tui.tui.run_details import lines

        if self._resting is not None:
            self._resting.stop()
        if told.run.run_id not in self._asked:
            self._resting = self.set_timer(_PAUSE, self._read)
        width = self._lines.size.width
        if width:
            shown = lines(told, width, house(self).now(), self._folded, self._search)
            self._lines.show(shown)

    def _read(self) -> None:
        if self._told is None:
            return
        engine, run_id = house(self).engine, self._told.run.run_id
        # Newer readings take the place of those of another run, which never end.
        ended = {of: told for of, told in self._kept.items() if told.whole and of != run_id}
        self._kept = dict([*list(ended.items())[1 - _MOST_KEPT :], (run_id, self._told)])
        self._asked &= self._kept.keys()
        self._asked.add(run_id)
        start(
            self, "overview",
            lambda progress: Looked(run_id, "overview", engine.overview(run_id, progress)),
        )  # fmt: skip
        start(self, "histories", lambda _: Looked(run_id, "histories", engine.histories(run_id)))
        start(self, "again", lambda _: Looked(run_id, "again", engine.reexecutions(run_id)))

    def on_looked(self, message: Looked) -> None:
        message.stop()
        self._keep(message.run_id, message.reading, message.found)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        reading = next(reading for reading in _READINGS if reading == message.group)
        if self._told is not None:
            self._keep(self._told.run.run_id, reading, message.error.message)

    def _keep(self, run_id: str, reading: Reading, found: object) -> None:
        kept = self._kept.get(run_id)
        if kept is None:
            return
        self._kept[run_id] = replace(kept, **{reading: found})
        if self._told is not None and self._told.run.run_id == run_id:
            self._told = self._kept[run_id]
            self._draw()

    @on(RunLines.Resized)
    def _wrap(self) -> None:
        self._draw()

    # --- Folding and searching ---------------------------------------------------------------

    @on(Chosen, "#known")
    def _chosen(self, event: Chosen[Line]) -> None:
        event.stop()
        line = event.row
        if line.heads:
            self._fold(line.topic)
        elif line.opens is not None:
            from repro_tui.tui.screens.compare import CompareScreen

            self.app.push_screen(CompareScreen(*line.opens))
        elif line.value:
            from repro_tui.tui.screens.value import ValueScreen

            whole = line.value if line.shows is None else line.shows()
            self.app.push_screen(ValueScreen(f"{line.topic}: {line.label}", whole))

    def action_fold(self) -> None:
        if self._lines.current is not None:
            self._fold(self._lines.current.topic)

    def _fold(self, topic: Topic) -> None:
        self._folded ^= {topic}
        self._draw()
        heads = (i for i, line in enumerate(self._lines.rows) if line.heads and line.topic is topic)
        self._lines.cursor = next(heads, self._lines.cursor)

    def action_fold_all(self) -> None:
        self._folded = frozenset() if self._folded else frozenset(Topic)
        self._draw()

    async def action_search(self) -> None:
        from textual.widgets import Input

        if self._box is None:
            placeholder = "search in what is known of this run"
            self._box = Input(id="find", placeholder=placeholder, compact=True)
            await self.mount(self._box, before="#known")
        self._box.add_class("-open")
        self._box.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search = event.value.strip()
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_search(keep=bool(self._search))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a search escape is the screen's."""
        del parameters
        return action != "clear" or (self._box is not None and self._box.has_class("-open"))

    def action_clear(self) -> None:
        self._leave_search(keep=False)

    def _leave_search(self, *, keep: bool) -> None:
        if self._box is not None:
            if not keep:
                self._box.value = ""
            self._box.set_class(keep, "-open")
        self._lines.focus()
