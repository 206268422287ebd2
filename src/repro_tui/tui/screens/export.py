"""Where to write the comparison, and how much of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from repro_tui.compare.model import Comparison
from repro_tui.compare.several import Several
from repro_tui.output import write_whole
from repro_tui.reports.formats import by_ending, written
from repro_tui.text import visible
from repro_tui.tui.background import Failed, start
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.keys import Keys


@dataclass
class Written(Message):
    path: Path


class ExportScreen(ModalScreen[None]):
    """Writes Markdown, or what the file's ending asks for.

    A file that exists is replaced only when that is said twice.
    """

    TITLE = "Export"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "write", "Write", priority=True, id="export.write"),
        Binding("escape", "dismiss", "Close", id="export.back"),
        Binding("f1", "app.help", "Help", id="export.help"),
    ]

    def __init__(self, compared: Comparison | Several, folder: Path, *, full: bool) -> None:
        super().__init__()
        self._compared = compared
        self._folder = folder
        self._full = full
        self._confirmed: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Export"
            yield Static(shown(f"File, in {self._folder}", MUTED))
            yield Static(shown(".md Markdown, .html a page with the curves, .json, .txt", MUTED))
            yield Input(_file_name(self._compared), id="path", compact=True)
            yield Select[bool](
                [
                    ("only what differs, what is unknown and the verdict", False),
                    ("everything, also what is equal", True),
                ],
                value=self._full,
                allow_blank=False,
                id="full",
                compact=True,
            )
            yield Static(id="said")
            with Horizontal(classes="buttons"):
                yield Button("Write", variant="primary", id="write", action="screen.write")
                yield Button("Close", action="screen.dismiss")
        yield Keys(palette=False)

    @on(Input.Submitted)
    def action_write(self) -> None:
        name = self.query_one("#path", Input).value.strip()
        if not name:
            self._say("Give the file a name.", "$text-warning")
            return
        path = self._folder / Path(name).expanduser()
        if path.is_dir():
            self._say(f"{name} is a folder.", "$text-warning")
        elif path.exists() and self._confirmed != path:
            self._confirmed = path
            self._say(f"{path.name} exists. Write once more to replace it.", "$text-warning")
        else:
            full = self.query_one("#full", Select).value is True
            compared = self._compared

            def write() -> Written:
                format_ = by_ending(path.name) or "md"
                write_whole(path, written(compared, format_, full=full))
                return Written(path)

            start(self, "write", lambda _: write())

    @on(Input.Changed)
    def _changed(self) -> None:
        self._confirmed = None
        self.query_one("#said", Static).update(Content(""))

    def _say(self, text: str, style: str) -> None:
        self.query_one("#said", Static).update(shown(text, style))

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self._say(f"{message.error.message} {message.error.hint}", "$text-error")

    def on_written(self, message: Written) -> None:
        self.app.notify(visible(str(message.path)), title="Written", markup=False)
        self.dismiss()


def _file_name(compared: Comparison | Several) -> str:
    if isinstance(compared, Several):
        return f"repro-{compared.runs[0].run_id[:8]}-and-{len(compared.comparisons)}-others.md"
    return f"repro-{compared.left.run_id[:8]}-{compared.right.run_id[:8]}.md"
