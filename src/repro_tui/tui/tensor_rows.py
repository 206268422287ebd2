"""The tensors of two files as a table: how far each pair is apart, and where along it. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from textual.content import Content

from repro_tui.compare.model import Distance, Finding, TensorDetail
from repro_tui.reports import words
from repro_tui.tui.finding_rows import told
from repro_tui.tui.spelling import MUTED, colour, fitted, shown

_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
"""A stretch without a difference."""
_WIDE = 120
"""Cells from which types, shapes and relative distances have columns of their own."""
_LEAD = 3


class _Column(Struct, frozen=True):
    title: str
    cells: int
    text: Callable[[TensorDetail, Distance], str]
    wide: bool = False
    """Whether it is left out where there is little room."""


_COLUMNS = (
    _Column("type", 10, lambda found, _: found.left_dtype, wide=True),
    _Column("shape", 14, lambda found, _: "x".join(map(str, found.left_shape)) or "one", wide=True),
    _Column("differing", 12, lambda _, apart: _count(apart.differing)),
    _Column("of", 13, lambda _, apart: _count(apart.compared), wide=True),
    _Column("absolute", 10, lambda _, apart: _largest(apart, _rounded(apart.max_abs))),
    _Column("relative", 10, lambda _, apart: _largest(apart, _rounded(apart.max_rel)), wide=True),
    _Column("ULP", 10, lambda _, apart: _largest(apart, _ulp(apart.max_ulp))),
)

ORDERS: Mapping[str, Callable[[Distance], float] | None] = {
    "": None,
    "differing": lambda apart: apart.differing,
    "absolute": lambda apart: math.inf if apart.nonfinite else apart.max_abs,
    "ULP": lambda apart: math.inf if apart.nonfinite else apart.max_ulp,
}
"""By the title of the column: the largest first; empty: as they stand in the file."""


def ordered(findings: Sequence[Finding], order: str) -> tuple[Finding, ...]:
    """The findings in an order; those without a distance stand at the end, changed ones first."""
    size = ORDERS[order]
    if size is None:
        return tuple(findings)

    def rank(finding: Finding) -> tuple[bool, float, bool]:
        apart = distance(finding)
        if apart is None:
            return True, 0.0, not finding.kind.differs
        return False, -size(apart), False

    return tuple(sorted(findings, key=rank))


def distance(finding: Finding) -> Distance | None:
    """How far a pair of tensors is apart, where its elements could be compared."""
    return finding.detail.distance if isinstance(finding.detail, TensorDetail) else None


def strip(where: Sequence[int], width: int) -> str:
    """Where along a series differences lie: a block for each stretch, as high as its share of
    the most that any stretch has; a dot where none lies. At most `width` characters."""
    cells = min(len(where), width)
    counts = [0] * cells
    for stretch, count in enumerate(where):
        counts[stretch * cells // len(where)] += count
    most = max(counts, default=0)
    return "".join(
        _BLOCKS[(count * len(_BLOCKS) - 1) // most] if count else _NOTHING for count in counts
    )


def _layout(width: int) -> tuple[int, int, tuple[_Column, ...]]:
    """Cells for the name and for the strip, and the columns that there is room for."""
    columns = tuple(column for column in _COLUMNS if width >= _WIDE or not column.wide)
    rest = width - _LEAD - sum(column.cells for column in columns) - 2
    strip_cells = 16 if rest < 60 else 32
    return max(rest - strip_cells, 8), strip_cells, columns


def head(width: int, order: str) -> Content:
    name, cells, columns = _layout(width)
    titles = [
        f"{'▼' if order == column.title else ''}{column.title}".rjust(column.cells)
        for column in columns
    ]
    return Content(" " * _LEAD + f"{'name':<{name}}" + f"  {'where':<{cells}}" + "".join(titles))


def draw(finding: Finding, width: int) -> Content:
    name, cells, columns = _layout(width)
    style = colour(finding.kind)
    line = Content.styled(f" {words.symbol(finding.kind)} ", f"{style} bold")
    line += fitted(shown(words.key(finding.key)), name) + Content("  ")
    detail, apart = finding.detail, distance(finding)
    if isinstance(detail, TensorDetail) and apart is not None:
        rest = "".join(
            _short(column.text(detail, apart), column.cells - 1).rjust(column.cells)
            for column in columns
        )
        where = strip(apart.where, cells).ljust(cells)
        quiet = style if told(finding.kind) else MUTED
        return line + Content.styled(where, style) + Content.styled(rest, quiet)
    room = width - name - _LEAD - 2
    said = finding.note
    if finding.left is not None or finding.right is not None:
        said = " │ ".join(words.abreast(words.sides(finding, None), room // 3))
        said += f"  {finding.note}" if finding.note else ""
    return line + fitted(shown(said, style if told(finding.kind) else MUTED), room)


def _short(text: str, cells: int) -> str:
    return text if len(text) <= cells else f"{text[: cells - 1]}…"


def _count(value: int) -> str:
    return f"{value:,}" if value < 10_000_000 else f"{value:.3e}"


def _largest(apart: Distance, finite: str) -> str:
    """A distance between NaN or infinity and a number is more than any other, and no number."""
    return "NaN/inf" if apart.nonfinite else finite


def _rounded(value: float) -> str:
    return f"{value:.3g}" if value else "0"


def _ulp(value: int) -> str:
    return f"{value:,}" if value < 1_000_000 else f"{value:.2e}"
