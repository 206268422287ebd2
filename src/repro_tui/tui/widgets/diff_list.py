"""Two texts line by line: side by side where it is wide enough, else one above the other."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from repro_tui.compare.model import DiffLine, DiffMark
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.widgets.rows import Rows

_WIDE = 110
"""Cells from which the texts stand side by side."""

Pair = tuple[DiffLine | None, DiffLine | None]
_STYLE = {DiffMark.REMOVED: "$diff-removed", DiffMark.ADDED: "$diff-added"}


class DiffList(Rows[Pair]):
    """Draws the pairs of `side_by_side`, or of `stacked` when it is narrow."""

    lines: Sequence[DiffLine] = ()

    def on_resize(self) -> None:
        wide = self.size.width >= _WIDE
        self.show(tuple(side_by_side(self.lines) if wide else stacked(self.lines)))
        super().on_resize()

    def full_width(self, width: int) -> int:
        if width >= _WIDE:
            return 0
        return max((len(line.text) + 14 for line in self.lines), default=0)

    def draw(self, row: Pair, width: int) -> Content:
        left, right = row
        if width < _WIDE:
            return _stacked(left or right, self.full_width(width))
        half = (width - 3) // 2
        return _half(left, half, left=True) + Content.styled(" │ ", MUTED) + _half(
            right, half, left=False
        )  # fmt: skip


def stacked(lines: Sequence[DiffLine]) -> Iterator[Pair]:
    """One line of the difference a row, as `diff` prints it."""
    return ((line, None) for line in lines)


def side_by_side(lines: Sequence[DiffLine]) -> Iterator[Pair]:
    """Lines that were taken away beside those that came in their place."""
    removed: list[DiffLine] = []
    added: list[DiffLine] = []
    for line in [*lines, None]:
        if line is not None and line.mark is DiffMark.REMOVED and not added:
            removed.append(line)
        elif line is not None and line.mark is DiffMark.ADDED:
            added.append(line)
        else:
            for number in range(max(len(removed), len(added))):
                yield (
                    removed[number] if number < len(removed) else None,
                    added[number] if number < len(added) else None,
                )
            removed, added = [], []
            if line is not None and line.mark is DiffMark.REMOVED:
                removed.append(line)
            elif line is not None:
                yield line, line


def _half(line: DiffLine | None, width: int, *, left: bool) -> Content:
    if line is None:
        return Content.styled("╱" * width, "$foreground 12%")
    if line.mark is DiffMark.SKIPPED:
        return _fit(shown(f"      ⋯ {line.text}", MUTED), width)
    number = line.left if left else line.right
    mark = "" if line.mark is DiffMark.CONTEXT else line.mark
    gutter = Content.styled(f"{number or '':>6} ", MUTED)
    return _fit(gutter + shown(f"{mark:<2}{line.text}", _STYLE.get(line.mark, "")), width)


def _stacked(line: DiffLine | None, width: int) -> Content:
    if line is None:
        return Content("")
    if line.mark is DiffMark.SKIPPED:
        return shown(f"           ⋯ {line.text}", MUTED)
    gutter = Content.styled(f"{line.left or '':>5} {line.right or '':>5} ", MUTED)
    return _fit(gutter + shown(f"{line.mark} {line.text}", _STYLE.get(line.mark, "")), width)


def _fit(text: Content, width: int) -> Content:
    cut = text.truncate(width, ellipsis=True)
    return cut.pad_right(width - cut.cell_length)
