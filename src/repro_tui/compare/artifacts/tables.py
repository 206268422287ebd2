"""Tables by header, rows and cells: CSV and TSV, Parquet, Feather.

Columns are paired by name, rows by position.
"""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from repro_tui.compare.artifacts import asides, text
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Tensor, compare_tensor
from repro_tui.compare.artifacts.values import pair, unique
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import known
from repro_tui.text import plural

_MOST_CELLS = 5_000_000
_MOST_LISTED = 10_000
"""Differing cells that are listed."""
_UNPACKED_LIMIT = 1 << 29
"""Bytes of all columns when unpacked."""

Column = list[str] | npt.NDArray[Any]
"""Cells as text, or an array of numbers without gaps."""
_NUMBER = re.compile(
    r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf|nan", re.ASCII | re.IGNORECASE
)


def compare_csv(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or csv.Error where a file is no table with a header."""
    sides = text.read(left, text.DOCUMENT_LIMIT), text.read(right, text.DOCUMENT_LIMIT)
    delimiter = "\t" if left.suffix == ".tsv" else ","
    a, b = (_read_csv(side, delimiter) for side in sides)
    findings = _compare_columns(a, b, policy, (left.path, right.path))
    return settle("csv", findings, asides.DOCUMENT_LAYOUT, text=text.diff(*sides))


def _read_csv(content: str, delimiter: str) -> dict[str, Column]:
    """The cells of every column, as text, by the names in the first line."""
    rows = list(csv.reader(StringIO(content, newline=""), delimiter=delimiter, strict=True))
    rows = [row for row in rows if row]
    if not rows:
        raise Unsuited("it is an empty table")
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise Unsuited("its rows are of unequal length")
    if len(rows) * width > _MOST_CELLS:
        raise Unsuited(f"it has more than {_MOST_CELLS:,} cells")
    names = unique(name or f"column {i + 1}" for i, name in enumerate(rows[0]))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(names)}


def compare_parquet(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where pyarrow is not installed, or a file is no Parquet or too large."""
    return _compare_arrow("parquet", left, right, policy, _read_parquet)


def compare_feather(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """As Parquet; for Arrow's file format, which Feather is since its version 2."""
    return _compare_arrow("feather", left, right, policy, _read_feather)


def _compare_arrow(
    comparer: str,
    left: OpenFile,
    right: OpenFile,
    policy: Policy,
    read: Callable[[OpenFile], tuple[Any, str]],
) -> Inside:
    paths = left.path, right.path
    (a, meta_a), (b, meta_b) = (_columns(*read(file)) for file in (left, right))
    findings = list(_compare_columns(a, b, policy, paths))
    for name, x, y in pair(meta_a, meta_b):
        if x != y:
            facts = known(x or "", paths[0]), known(y or "", paths[1])
            # The types of the columns belong to the table, the rest is about its writer.
            if name.startswith("type of "):
                findings.append(Finding((name,), Kind.CHANGED, *facts))
            else:
                findings.append(asides.TABLE_METADATA.finding(("metadata", name), *facts))
    return settle(comparer, findings, asides.TABLE_LAYOUT)


def _read_parquet(file: OpenFile) -> tuple[Any, str]:
    """The table, and what wrote it."""
    try:
        # Half a second; only needed where such a file differs.
        import pyarrow.parquet as pq
    except ImportError as error:
        raise Unsuited("pyarrow is not installed") from error
    file.stream.seek(0)
    parquet = pq.ParquetFile(file.stream)
    about = parquet.metadata
    groups = [about.row_group(index) for index in range(about.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > _UNPACKED_LIMIT:
        raise Unsuited("it is too large when unpacked")
    if about.num_rows * about.num_columns > _MOST_CELLS:
        raise Unsuited(f"it has more than {_MOST_CELLS:,} cells")
    return parquet.read(use_threads=False), about.created_by or ""


def _read_feather(file: OpenFile) -> tuple[Any, str]:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise Unsuited("pyarrow is not installed") from error
    file.stream.seek(0)
    reader = pa.ipc.open_file(file.stream)
    batches, size, cells = [], 0, 0
    for index in range(reader.num_record_batches):
        batch = reader.get_batch(index)
        # Nothing in the format keeps offsets within their buffers.
        batch.validate(full=True)
        size += batch.nbytes
        cells += batch.num_rows * batch.num_columns
        if size > _UNPACKED_LIMIT or cells > _MOST_CELLS:
            raise Unsuited("it is too large when unpacked")
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema), ""


def _columns(table: Any, writer: str) -> tuple[dict[str, Column], dict[str, str]]:
    """Every column of a table, and types, writer and metadata by name."""
    import pyarrow as pa

    names = list(unique(table.schema.names))
    columns: dict[str, Column] = {}
    for name, column in zip(names, table.columns, strict=True):
        numeric = pa.types.is_primitive(column.type) and not pa.types.is_temporal(column.type)
        if numeric and not column.null_count:
            columns[name] = column.to_numpy()
        else:
            columns[name] = [repr(cell) for cell in column.to_pylist()]
    facts = {f"type of {n}": str(t) for n, t in zip(names, table.schema.types, strict=True)}
    facts["created by"] = writer
    for key, value in (table.schema.metadata or {}).items():
        facts[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return columns, facts


class Cell(Struct, frozen=True):
    """One cell that is not the same in two tables."""

    row: int
    """From 1, below the header."""
    column: str
    left: str
    right: str


class Cells(Struct, frozen=True):
    """The cells that differ, row by row, of the columns and rows that both tables have."""

    cells: tuple[Cell, ...]
    count: int
    """How many differ, of which `cells` holds the first."""
    rows: tuple[int, int]
    """How many rows either table has."""
    only: tuple[tuple[str, ...], tuple[str, ...]]
    """The columns that only the left and only the right table has."""


def differing_cells(comparer: str, left: OpenFile, right: OpenFile) -> Cells:
    """The differing cells of two tables that `comparer` has read; it raises what that does."""
    a, b = (_read_table(comparer, file) for file in (left, right))
    rows = [len(next(iter(side.values()), ())) for side in (a, b)]
    found: list[tuple[int, int, str]] = []
    for place, name in enumerate(name for name in a if name in b):
        x, y = (_spelled(side[name][: min(rows)]) for side in (a, b))
        found += [(row, place, name) for row, (u, v) in enumerate(zip(x, y, strict=True)) if u != v]
    found.sort()
    cells = [
        Cell(row + 1, name, *(_spelled(side[name][row : row + 1])[0] for side in (a, b)))
        for row, _, name in found[:_MOST_LISTED]
    ]
    only = tuple(n for n in a if n not in b), tuple(n for n in b if n not in a)
    return Cells(tuple(cells), len(found), (rows[0], rows[1]), only)


def _read_table(comparer: str, file: OpenFile) -> dict[str, Column]:
    if comparer == "csv":
        content = text.read(file, text.DOCUMENT_LIMIT)
        return _read_csv(content, "\t" if file.suffix == ".tsv" else ",")
    read = {"parquet": _read_parquet, "feather": _read_feather}[comparer]
    return _columns(*read(file))[0]


def _spelled(column: Column) -> list[str]:
    """Cells as text, in which no two numbers read the same."""
    return [repr(cell) for cell in column.tolist()] if isinstance(column, np.ndarray) else column


def _compare_columns(
    a: dict[str, Column], b: dict[str, Column], policy: Policy, paths: tuple[str, str]
) -> Iterator[Finding]:
    rows = [len(next(iter(side.values()), ())) for side in (a, b)]
    facts = [known(count, path) for count, path in zip(rows, paths, strict=True)]
    kind = Kind.EQUAL if rows[0] == rows[1] else Kind.CHANGED
    yield Finding(("rows",), kind, facts[0], facts[1])
    common = min(rows)
    for name, x, y in pair(a, b):
        key = ("column", name)
        if x is None or y is None:
            kind = Kind.ADDED if x is None else Kind.REMOVED
            sides = [None if c is None else known(plural(len(c), "cell"), p)
                     for c, p in zip((x, y), paths, strict=True)]  # fmt: skip
            yield Finding(key, kind, sides[0], sides[1])
        else:
            yield _compare_column(key, x[:common], y[:common], policy, paths)
    if list(a) != list(b) and sorted(a) == sorted(b):
        names = [known(", ".join(side), path) for side, path in zip((a, b), paths, strict=True)]
        yield Finding(("order of columns",), Kind.CHANGED, names[0], names[1])


def _compare_column(
    key: tuple[str, ...], x: Column, y: Column, policy: Policy, paths: tuple[str, str]
) -> Finding:
    """One finding on two columns of equal length: by distance where both are numbers."""
    facts = known(plural(len(x), "cell"), paths[0]), known(plural(len(y), "cell"), paths[1])
    tensors = _numbers(x), _numbers(y)
    if tensors[0] and tensors[1]:
        finding = compare_tensor(key, *tensors, policy, paths)
        if finding.kind is not Kind.EQUAL or isinstance(x, np.ndarray):
            return finding
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return Finding(key, Kind.CHANGED, *facts, note="one side has gaps or other cells")
    differing = [row for row, (a, b) in enumerate(zip(x, y, strict=True)) if a != b]
    if not differing:
        return Finding(key, Kind.EQUAL, *facts)
    if tensors[0] and tensors[1] and all(_same_number(x[row], y[row]) for row in differing):
        return asides.SAME_NUMBER.finding(key, *facts)
    first = differing[0]
    note = (
        f"{len(differing):,} of {plural(len(x), 'cell')} differ, the first in row {first + 1:,}: "
        f"{_short(x[first])} against {_short(y[first])}"
    )
    return Finding(key, Kind.CHANGED, *facts, note=note)


def _numbers(column: Column) -> Tensor | None:
    """The column as whole numbers or floats; None where a cell is neither."""
    if isinstance(column, np.ndarray):
        return Tensor(column.dtype.name, column.shape, lambda: column)
    if not all(_NUMBER.fullmatch(cell) for cell in column):
        return None
    try:
        array = np.array([int(cell) for cell in column], np.int64)
    except (ValueError, OverflowError):
        array = np.array([float(cell) for cell in column], np.float64)
    return Tensor(array.dtype.name, array.shape, lambda: array)


def _same_number(left: str, right: str) -> bool:
    """Whether two spellings mean one number, beyond the digits that a float keeps too."""
    a, b = Decimal(left), Decimal(right)
    return a == b or (a.is_nan() and b.is_nan())


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:39]}…")
