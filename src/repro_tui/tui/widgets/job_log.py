"""What a job is writing: read as it grows, followed, searched, copied from."""

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from repro_tui.rerun.model import Job
from repro_tui.text import visible
from repro_tui.tui import clipboard
from repro_tui.tui.background import start
from repro_tui.tui.house import house
from repro_tui.tui.job_course import silence
from repro_tui.tui.widgets.log_view import LogView
from repro_tui.tui.widgets.rows import Moved
from repro_tui.tui.widgets.search_box import SearchBox

_POLL = 0.5
"""Seconds between two looks at the log."""


@dataclass
class LogRead(Message):
    job_id: str
    text: str
    offset: int


class JobLog(Vertical):
    """The log of one job, under a box to search it; without lines it says why.

    Its keys are the screen's: they work wherever the focus is.
    """

    @dataclass
    class Changed(Message):
        """What `told` tells is another, or may be."""

    def __init__(self) -> None:
        super().__init__()
        self._job: Job | None = None
        self._offset = 0
        self._reading = False

    def compose(self) -> ComposeResult:
        yield SearchBox("search in the log")
        yield LogView(id="log")
        yield Static(id="silence", classes="note")

    def on_mount(self) -> None:
        self.set_interval(_POLL, self._look)

    @property
    def _view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def _box(self) -> SearchBox:
        return self.query_one(SearchBox)

    def show(self, job: Job | None) -> None:
        """Show the log of this job from now on."""
        other = job is not None and (self._job is None or job.job_id != self._job.job_id)
        self._job = job
        if other:
            self._offset = 0
            self._view.clear()
            self._look()
        self._show_silence()

    def told(self) -> Content:
        """What is searched for and found, or that the log is not followed."""
        lines = self._view.log_lines
        if lines.searched:
            searched = Content.styled(f"search: {visible(lines.searched, 24)}", "$accent")
            found = Content.styled(lines.standing(self._view.cursor), "$accent bold")
            return Content("  ·  ").join([searched, found])
        return Content("" if self._view.follows else "the log is held still")

    # --- Reading -----------------------------------------------------------------------

    def _look(self) -> None:
        if self._job is not None and not self._reading:
            self._reading = True
            engine, job, offset = house(self).engine, self._job, self._offset
            start(self, "log", lambda _: LogRead(job.job_id, *engine.read_log(job, offset)))

    def on_log_read(self, message: LogRead) -> None:
        message.stop()
        self._reading = False
        if self._job is None or message.job_id != self._job.job_id:
            self._look()
        elif message.offset != self._offset:
            self._offset = message.offset
            self._view.feed(message.text)
            self.post_message(self.Changed())
            self._show_silence()
            self._look()

    def on_failed(self) -> None:
        self._reading = False

    def _show_silence(self) -> None:
        """Where there is no log, say why."""
        silent = not self._view.rows
        self.set_class(silent, "-silent")
        if silent and self._job is not None:
            self.query_one("#silence", Static).update(silence(self._job, house(self).jobs))

    # --- Following and copying -----------------------------------------------------------

    def switch_following(self) -> None:
        """Follow the log, or hold it still."""
        view = self._view
        view.follows = not view.follows
        if view.follows:
            view.action_end(1)
        self.post_message(self.Changed())
        self.notify(f"The log is {'followed' if view.follows else 'held still'}.")

    def copy(self) -> None:
        """Copy the line under the cursor."""
        clipboard.copy(self.app, self._view.current or "", "the line")

    # --- Searching -----------------------------------------------------------------------

    def begin_search(self) -> None:
        self._box.open()

    def end_search(self) -> bool:
        """Search no more; whether there was a search."""
        if not (self._box.is_open or self._view.log_lines.searched):
            return False
        self._box.close(clear=True)
        self._view.search("")
        self.post_message(self.Changed())
        return True

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._view.search(event.value.strip())
        self.post_message(self.Changed())

    @on(Input.Submitted, "#box")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._box.close()
        self._view.focus()

    @on(Moved, "#log")
    def _moved(self, event: Moved[str]) -> None:
        event.stop()
        self.post_message(self.Changed())
