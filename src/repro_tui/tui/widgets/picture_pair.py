"""Two pictures side by side, and where they differ."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.pictures import Abreast, abreast, reduced
from repro_tui.errors import ReproError
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import FileRef
from repro_tui.text import plural
from repro_tui.tui.background import Failed, start
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.terminal_pictures import picture

_TITLES = 3
"""Rows above the pictures."""


@dataclass
class _Read(Message):
    pictures: Abreast


class PicturePair(Vertical, can_focus=True):
    """Reads and decodes the files once it is seen; what differs is always said in words."""

    DEFAULT_CSS = """
    PicturePair {
        & > #said { height: auto; max-height: 3; padding: 0 1; }
        & > Horizontal > Vertical { padding: 0 1; }
        & > Horizontal > Vertical > Static { height: 1; }
    }
    """

    def __init__(self, left: FileRef, right: FileRef, names: tuple[str, str]) -> None:
        super().__init__()
        self._files = left, right
        self._names = names
        self._asked = False
        self._said = ""
        self._shown: list[tuple[Widget, int, int]] = []

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("⋯ reading both pictures", "$accent"), id="said")
        yield Horizontal()

    def on_show(self) -> None:
        if not self._asked:
            self._asked = True
            files = self._files
            start(self, "pictures", lambda _: _Read(_read(*files)))

    def on__read(self, message: _Read) -> None:
        message.stop()
        found = message.pictures
        self._said = said(found)
        self.query_one("#said", Static).update(Content(self._said))
        titled = [
            (Content(f"{side}  ") + shown(name, MUTED), image)
            for side, name, image in (
                ("left", self._names[0], found.left),
                ("right", self._names[1], found.right),
            )
        ]
        if found.difference is not None:
            # As few pixels as there are half blocks: scaled down further, one could vanish.
            lit = reduced(found.difference, max(self.size.width // 3 - 2, 8))
            titled.append((Content("what differs, lit up"), lit.convert("RGB")))
        columns = []
        for title, image in titled:
            widget = picture(image)
            widget.add_class("picture")
            columns.append(Vertical(Static(title), widget))
            self._shown.append((widget, image.width, image.height))
        self.query_one(Horizontal).mount_all(columns)
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Give each picture the room that it has, in its proportions: a cell is twice as high
        as it is wide."""
        wide = max(self.size.width // max(len(self._shown), 1) - 2, 1)
        high = max(self.size.height - _TITLES, 1)
        for widget, width, height in self._shown:
            columns = min(wide, max(round(2 * high * width / height), 1))
            widget.styles.width = columns
            widget.styles.height = min(max(round(columns * height / width / 2), 1), high)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self._said = f"{message.error.message} {message.error.hint}".strip()
        self.query_one("#said", Static).update(shown(f"✗ {self._said}", "$text-error"))

    def copied(self) -> str:
        return self._said


def said(found: Abreast) -> str:
    """What the pictures are and how many pixels differ."""
    parts = []
    if found.sizes[0] == found.sizes[1]:
        width, height = found.sizes[0]
        parts.append(f"{width:,} × {height:,} pixels both")
        parts.append(f"{found.differing:,} of {plural(width * height, 'pixel')} differ")
    else:
        told = (f"{width:,} × {height:,}" for width, height in found.sizes)
        parts.append(f"{' against '.join(told)} pixels: they cannot be laid over each other")
    if found.frames != (1, 1):
        parts.append(f"the first of {found.frames[0]:,} and {found.frames[1]:,} frames")
    return "  ·  ".join(parts)


def _read(left: FileRef, right: FileRef) -> Abreast:
    """Raises ReproError where a file cannot be read or is no picture that is decoded."""
    with open_file(left) as a, open_file(right) as b:
        sides = (OpenFile(ref.path, ref.size, f) for ref, f in ((left, a), (right, b)))
        try:
            return abreast(*sides)
        except Unsuited as error:
            raise ReproError(f"The pictures are not shown: {error}.") from error
        # A stranger's bytes can make a decoder raise anything.
        except Exception as error:
            told = str(error).partition("\n")[0][:200] or type(error).__name__
            raise ReproError(f"The pictures cannot be decoded: {told}.") from error
