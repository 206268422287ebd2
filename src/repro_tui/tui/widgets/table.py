"""Rows in columns that are as wide as what they hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.content import Content

from repro_tui.tui.widgets.rows import Rows

T = TypeVar("T")

_MEASURED = 200
"""Rows whose cells are measured: enough to be right, few enough to be quick."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: its title, how a row's cell reads, and at most how wide it gets."""

    title: str
    cell: Callable[[T], Content]
    most: int = 24
    right: bool = False
    """Whether cells stand at the right edge, as numbers do."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[T]):
    """Columns and their widths in cells."""

    columns: tuple[Column[T], ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return sum(self.widths) + 2 * max(len(self.widths) - 1, 0) + 2

    def head(self) -> Content:
        return self._line([Content(column.title) for column in self.columns])

    def line(self, row: T) -> Content:
        return self._line([column.cell(row) for column in self.columns])

    def _line(self, cells: Sequence[Content]) -> Content:
        fitted = [
            _fit(cell, width, column.right)
            for cell, width, column in zip(cells, self.widths, self.columns, strict=True)
        ]
        return Content(" ") + Content("  ").join(fitted)


def _fit(cell: Content, width: int, right: bool) -> Content:
    cut = cell.truncate(width, ellipsis=True)
    gap = width - cut.cell_length
    return cut.pad_left(gap) if right else cut.pad_right(gap)


def lay_out(columns: Sequence[Column[T]], rows: Sequence[T]) -> Layout[T]:
    """Give each column the width that it needs. Columns that hold nothing are left out."""
    kept: list[Column[T]] = []
    widths: list[int] = []
    for column in columns:
        needed = max((column.cell(row).cell_length for row in rows[:_MEASURED]), default=0)
        if needed or not rows:
            kept.append(column)
            widths.append(min(max(needed, len(column.title)), column.most))
    return Layout(tuple(kept), tuple(widths))


class Table(Rows[T]):
    """A list of rows in columns, with their titles on top."""

    fitted_columns: Layout[T] = Layout()

    def lay(self, columns: Sequence[Column[T]], rows: Sequence[T]) -> None:
        """Show `rows` in `columns`."""
        self.fitted_columns = lay_out(columns, rows)
        self.show(rows)

    def draw(self, row: T, width: int) -> Content:
        del width
        return self.fitted_columns.line(row)

    def head(self, width: int) -> Content:
        del width
        return self.fitted_columns.head()

    def full_width(self, width: int) -> int:
        del width
        return self.fitted_columns.width
