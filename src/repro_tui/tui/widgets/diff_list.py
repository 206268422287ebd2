"""Two texts line by line: side by side where it is wide enough, else one above the other."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from repro_tui.compare.model import DiffLine, DiffMark
from repro_tui.tui.background import Failed, start
from repro_tui.tui.diff_rows import DiffRow, abreast, found, hunks, matches, stacked
from repro_tui.tui.house import house
from repro_tui.tui.spelling import MUTED, fitted, shown, styled
from repro_tui.tui.syntax import Styled, styles
from repro_tui.tui.widgets.rows import Rows

_WIDE = 110
"""Cells from which the texts stand side by side."""
_LONGEST, _LONGEST_WRAPPED = 2_000, 20_000
"""Characters of a line that are drawn; y copies it whole."""
_GUTTER, _STACKED_GUTTER = 9, 14
"""Cells before the text of a line: its numbers and its mark."""
_COLOUR = {DiffMark.REMOVED: "$diff-removed", DiffMark.ADDED: "$diff-added"}

Side = tuple[Styled, ...]


@dataclass
class _Coloured(Message):
    """The styles of both sides' lines, by the line's number."""

    left: Mapping[int, Styled]
    right: Mapping[int, Styled]


@dataclass
class _Unfolded(Message):
    """All lines of both texts, also those that are equal."""

    lines: Sequence[DiffLine]


class DiffList(Rows[DiffRow]):
    """`path` names the file, for the colours of its syntax; `whole` reads all of its lines."""

    SEARCHES: ClassVar[str] = "search in the lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "hunk(1)", "Next", id="lines.next"),
        Binding("N", "hunk(-1)", "Previous hunk or match", show=False, id="lines.previous"),
        Binding("w", "wrap", "Wrap", id="lines.wrap"),
        Binding("z,Z", "fold", "Unfold", id="lines.fold"),
    ]

    def __init__(
        self,
        lines: Sequence[DiffLine],
        path: str = "",
        whole: Callable[[], Sequence[DiffLine]] | None = None,
        *,
        classes: str | None = None,
    ) -> None:
        super().__init__(classes=classes)
        self.lines = lines
        self.wrapped = False
        self._excerpt = lines
        self._path = path
        self._whole = whole
        self._search = ""
        self._styles: tuple[Mapping[int, Styled], Mapping[int, Styled]] = {}, {}
        self._longest = 0

    def on_mount(self) -> None:
        self._take(self.lines)
        self.cursor = next(iter(hunks(self.rows)), 0)

    def _take(self, lines: Sequence[DiffLine]) -> None:
        self.lines = lines
        self._longest = max((min(len(line.text), _LONGEST) for line in lines), default=0)
        path = self._path
        if path:
            start(self, "colours", lambda _: _Coloured(*_coloured(path, lines)))
        self._arrange()

    def on__coloured(self, message: _Coloured) -> None:
        message.stop()
        self._styles = message.left, message.right
        self.refresh()

    # --- Rows --------------------------------------------------------------------------

    @property
    def _wide(self) -> bool:
        return self.size.width >= _WIDE

    @property
    def _text_width(self) -> int:
        """Cells for the text of one line."""
        if self._wide:
            return (self.size.width - 3) // 2 - _GUTTER
        return self.size.width - _STACKED_GUTTER

    def _arrange(self) -> None:
        """Make the rows for the width that there is."""
        rows = abreast(self.lines) if self._wide else stacked(self.lines)
        self.show(list(self._wraps(rows)) if self.wrapped else rows)

    def on_resize(self) -> None:
        self._arrange()
        super().on_resize()

    def _wraps(self, rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
        for row in rows:
            parts = max(len(self._parts(line)) for line in row.lines) if row.lines else 1
            yield from (replace(row, part=part) if part else row for part in range(parts))

    def _parts(self, line: DiffLine) -> Sequence[str]:
        """A line's text in pieces that fit, where lines are wrapped."""
        width = max(self._text_width, 8)
        if len(line.text) * 2 <= width:
            return (line.text,)
        return [part.plain for part in shown(self._cut(line) + "…").fold(width)]

    def _cut(self, line: DiffLine) -> str:
        return line.text[: _LONGEST_WRAPPED if self.wrapped else _LONGEST]

    def identity(self, row: DiffRow) -> Hashable:
        # Stacked rows become rows abreast and back: what stays is a line with a number.
        line = row.lines[-1] if row.lines else None
        return None if line is None else (line.mark, line.left, line.right, row.part)

    def full_width(self, width: int) -> int:
        return 0 if width >= _WIDE or self.wrapped else self._longest + _STACKED_GUTTER

    # --- Drawing -----------------------------------------------------------------------

    def draw(self, row: DiffRow, width: int) -> Content:
        if width < _WIDE:
            return self._stacked(row, max(self.full_width(width), width))
        half = (width - 3) // 2
        sides = (self._half(row, line, half, n) for n, line in enumerate((row.left, row.right)))
        return Content.styled(" │ ", MUTED).join(sides)

    def _half(self, row: DiffRow, line: DiffLine | None, width: int, side: int) -> Content:
        if line is None:
            return Content.styled("╱" * width, "$foreground 12%")
        if line.mark is DiffMark.SKIPPED:
            return fitted(shown(f"       ⋯ {line.text}", MUTED), width)
        number = (line.left, line.right)[side]
        return self._line(row, line, f"{'' if row.part else number or '':>6} ", width, side)

    def _stacked(self, row: DiffRow, width: int) -> Content:
        line = row.left
        if line is None:
            return Content("")
        if line.mark is DiffMark.SKIPPED:
            return shown(f"            ⋯ {line.text}", MUTED)
        numbers = ("", "") if row.part else (line.left or "", line.right or "")
        side = int(line.mark is DiffMark.ADDED)
        return self._line(row, line, f"{numbers[0]:>5} {numbers[1]:>5} ", width, side)

    def _line(self, row: DiffRow, line: DiffLine, gutter: str, width: int, side: int) -> Content:
        """Numbers and mark, then the text: coloured by syntax, what differs in it underlined."""
        number = (line.left, line.right)[side] or 0
        changed = _COLOUR.get(line.mark, "")
        mark = " " if row.part or not changed else line.mark
        head = Content.styled(gutter, MUTED) + Content.styled(f"{mark} ", f"{changed} bold")
        text = self._cut(line)
        spans = [*self._styles[side].get(number, ())]
        spans += [(*span, f"{changed} bold underline") for span in row.marks(line)]
        spans += [(*span, "reverse") for span in found(text, self._search)]
        body = styled(text, spans)
        if len(text) < len(line.text):
            body += Content("…")
        if self.wrapped:
            pieces = body.fold(max(self._text_width, 8))
            body = pieces[row.part] if row.part < len(pieces) else Content("")
        whole = fitted(head + body, width)
        return whole.stylize_before(f"on {changed} 12%") if changed else whole

    # --- Going about -------------------------------------------------------------------

    def action_hunk(self, direction: int) -> None:
        """To the next change, or to the next match while something is searched for."""
        places = matches(self.rows, self._search) if self._search else hunks(self.rows)
        beyond = [at for at in places if (at - self.cursor) * direction > 0]
        if beyond:
            self.cursor = min(beyond, key=lambda at: abs(at - self.cursor))

    def seek(self, text: str) -> str:
        self._search = text
        self.refresh()
        places = matches(self.rows, text) if text else []
        if text and not places:
            return "No line that is shown holds that."
        if places:
            self.cursor = next((at for at in places if at >= self.cursor), places[0])
        return ""

    def action_wrap(self) -> None:
        self.wrapped = not self.wrapped
        self.scroll_to(x=0, animate=False)
        self._arrange()

    def action_fold(self) -> None:
        """Show what is equal, too, or only what differs with what stands around it."""
        if self.lines is not self._excerpt:
            self._take(self._excerpt)
        elif (whole := self._whole) is not None:
            start(self, "whole", lambda _: _Unfolded(whole()))

    def on__unfolded(self, message: _Unfolded) -> None:
        message.stop()
        self._take(message.lines)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        house(self).complain(message.error)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "fold" or self._whole is not None

    def copied(self) -> str:
        """The line under the cursor: the right one, where there are two."""
        lines = self.current.lines if self.current is not None else ()
        return lines[-1].text if lines else ""


def _coloured(
    path: str, lines: Sequence[DiffLine]
) -> tuple[Mapping[int, Styled], Mapping[int, Styled]]:
    sides = []
    for side in (0, 1):
        numbered = {
            number: line.text for line in lines if (number := (line.left, line.right)[side])
        }
        sides.append(dict(zip(numbered, styles(path, list(numbered.values())), strict=True)))
    return sides[0], sides[1]
