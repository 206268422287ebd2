"""Rows in columns that are as wide as what they hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Generic, TypeVar

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from repro_tui.tui.widgets.rows import Rows

T = TypeVar("T")

_MEASURED = 200
"""Rows whose cells are measured: enough to be right, few enough to be quick."""
GAP = 2
"""Cells between two columns."""


class Column(Struct, Generic[T], frozen=True):
    """One column: its title, how a row's cell reads, and at most how wide it gets."""

    title: str
    cell: Callable[[T], Content]
    most: int = 24
    right: bool = False
    """Whether cells stand at the right edge, as numbers do."""
    least: int = 0
    name: str = ""
    """What tells it from other columns; empty: its title."""
    always: bool = False
    """Whether it is there where no row has anything in it."""
    arrow: str = ""
    """Stands behind the title of the column that the rows are sorted by."""
    stays: bool = False
    """Whether it is not scrolled sideways, with nothing but such columns before it."""

    @property
    def key(self) -> str:
        return self.name or self.title

    @property
    def head(self) -> str:
        return f"{self.title} {self.arrow}" if self.arrow else self.title


class Layout(Struct, Generic[T], frozen=True):
    """Columns and their widths in cells; those that nothing was found in are left out."""

    columns: tuple[Column[T], ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return self.start(len(self.widths))

    def start(self, number: int) -> int:
        """The cell that a column begins at."""
        return 1 + sum(self.widths[:number]) + GAP * number

    @property
    def staying(self) -> int:
        """How many columns stay."""
        return sum(1 for _ in takewhile(lambda column: column.stays, self.columns))

    def at(self, x: int) -> int | None:
        """Which column holds the cell `x` of the line, its gap included."""
        for number, width in enumerate(self.widths):
            start = self.start(number)
            if start <= x < start + width + GAP:
                return number
        return None


def needed(columns: Sequence[Column[T]], rows: Iterable[T]) -> dict[str, int]:
    """How wide the cells of each column are at most; no more than the column gets."""
    found = dict.fromkeys((column.key for column in columns), 0)
    for row in rows:
        for column in columns:
            if found[column.key] < column.most:
                width = min(column.cell(row).cell_length, column.most)
                found[column.key] = max(found[column.key], width)
    return found


def lay_out(
    columns: Sequence[Column[T]],
    needs: Mapping[str, int],
    sized: Mapping[str, int],
    *,
    empty: bool = False,
) -> Layout[T]:
    """Give each column the width that it needs, or that was chosen by hand.

    Columns that hold nothing are left out, unless nothing is listed at all.
    """
    kept = [column for column in columns if needs[column.key] or column.always or empty]
    return Layout(
        tuple(kept),
        tuple(
            sized.get(column.key)
            or min(max(needs[column.key], cell_len(column.head), column.least), column.most)
            for column in kept
        ),
    )


class Table(Rows[T]):
    """A list of rows in columns, with their titles on top.

    Columns grow with what is read; they never shrink while the same columns are shown, so
    that nothing jumps when the list is scrolled.
    """

    fitted_columns: Layout[T] = Layout()

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 (as Textual has it)
        super().__init__(id=id)
        self._columns: tuple[Column[T], ...] = ()
        self._needs: dict[str, int] = {}
        self._growing = False
        self.sized: Mapping[str, int] = {}
        """Widths in cells of the columns that were sized by hand."""
        self._titles: tuple[Layout[T], int | None, Content] = Layout(), None, Content()
        """The head, of which columns it is, and which of them is stressed."""

    # --- Columns -----------------------------------------------------------------------

    def lay(self, columns: Sequence[Column[T]], rows: Sequence[T]) -> None:
        """Show `rows` in `columns`."""
        before = {column.key for column in self._columns}
        if before != {column.key for column in columns}:
            self._needs = {}
        self._columns = tuple(columns)
        self.measure(self.sample(rows, _MEASURED), empty=not rows)
        self.show(rows)

    def sample(self, rows: Sequence[T], most: int) -> Iterable[T]:
        """Rows to measure columns by."""
        return rows[:most]

    def measure(self, rows: Iterable[T], *, empty: bool = False) -> None:
        """See whether these rows have something in columns that were empty so far.

        Other columns are measured as their cells are drawn.
        """
        unseen = [column for column in self._columns if not self._needs.get(column.key)]
        self._needs |= needed(unseen, rows)
        layout = lay_out(self._columns, self._needs, self.sized, empty=empty)
        if layout != self.fitted_columns:
            self.fitted_columns = layout
            self._measure()
            self.refresh()

    # --- Drawing -----------------------------------------------------------------------

    def full_width(self, width: int) -> int:
        del width
        return self.fitted_columns.width

    @property
    def held(self) -> int:
        layout = self.fitted_columns
        cells = layout.start(layout.staying) if layout.staying else 0
        # Where they would take more than half of the view nothing stays.
        return cells if 2 * cells <= self.size.width else 0

    def column_at(self, x: int) -> int | None:
        """The column whose cells stand `x` cells from the left edge of the view."""
        return self.fitted_columns.at(x if x < self.held else x + self.scroll_offset.x)

    def head(self, width: int) -> Content:
        del width
        layout, stressed, head = self._titles
        if layout is not self.fitted_columns or stressed != self.stressed:
            layout, stressed = self.fitted_columns, self.stressed
            head = titles(layout, stressed)
            self._titles = layout, stressed, head
        return head

    @property
    def stressed(self) -> int | None:
        """The column whose title is stressed, if any is."""
        return None

    def strip(self, row: T, width: int, style: Style) -> Strip:
        """Few segments, made at once: a page of lines is drawn at every press of a key."""
        plain, segments = style.rich_style, []
        waiting = " "
        filled = 1
        layout = self.fitted_columns
        for column, wide in zip(layout.columns, layout.widths, strict=True):
            cell = self.cell(column, row)
            taken = cell.cell_length
            if taken > wide:
                self._grow(column, taken, wide)
                cell = cell.truncate(wide, ellipsis=True)
                taken = cell.cell_length
            padding = " " * (wide - taken)
            if column.right:
                waiting += padding
            if cell.spans:
                segments.append(Segment(waiting, plain))
                waiting = ""
                for text, own in cell.render(style, "", self._get_style):
                    segments.append(Segment(text, (style + own).rich_style))
            else:
                waiting += cell.plain
            waiting += " " * GAP if column.right else padding + " " * GAP
            filled += wide + GAP
        segments.append(Segment(waiting + " " * (width - filled), plain))
        return Strip(segments, width)

    def _grow(self, column: Column[T], taken: int, wide: int) -> None:
        """Make room in the next frame for a cell that was cut."""
        if wide < column.most and column.key not in self.sized:
            if not self._growing:
                self._growing = True
                self.call_after_refresh(self._grown)
            self._needs[column.key] = max(min(taken, column.most), self._needs[column.key])

    def _grown(self) -> None:
        self._growing = False
        self.measure(())

    def cell(self, column: Column[T], row: T) -> Content:
        """What a column tells of a row."""
        return column.cell(row)


def titles(layout: Layout[T], stressed: int | None = None) -> Content:
    """The titles of columns, each over its own; that of the column `stressed` stands out."""
    drawn = []
    for number, (column, wide) in enumerate(zip(layout.columns, layout.widths, strict=True)):
        arrow = Content(f" {column.arrow}" if column.arrow else "")
        named = Content(column.title).truncate(wide - len(arrow), ellipsis=True)
        title = _fit(named + arrow, wide, column.right)
        drawn.append(title.stylize("$accent underline") if number == stressed else title)
    return Content(" ") + Content(" " * GAP).join(drawn)


def _fit(cell: Content, width: int, right: bool) -> Content:
    cut = cell.truncate(width, ellipsis=True)
    gap = width - cut.cell_length
    return cut.pad_left(gap) if right else cut.pad_right(gap)
