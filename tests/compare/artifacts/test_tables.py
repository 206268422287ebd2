"""CSV and Parquet, written by pandas and pyarrow."""

import io
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compare.artifacts.opened import at, inside, not_equal

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy

TABLE = pd.DataFrame(
    {"id": [1, 2, 3], "score": [0.5, 0.25, 1 / 3], "label": ["cat", "dog", "a,\n'b'"]}
)


def csv(table: pd.DataFrame) -> bytes:
    return str(table.to_csv(index=False)).encode()


def parquet(table: pd.DataFrame, **options: Any) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream, **options)
    return stream.getvalue()


WRITERS = [("t.csv", csv), ("t.parquet", parquet)]


def changed(column: str, row: int, value: Any, table: pd.DataFrame = TABLE) -> pd.DataFrame:
    other = table.copy()
    other.loc[row, column] = value
    return other


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_one_number(name: str, write: Any) -> None:
    left, right = write(TABLE), write(changed("score", 1, 0.2500001))
    seen = inside(name, left, right)
    assert not_equal(seen) == {("column", "score"): Kind.CHANGED}
    detail = at(seen, "column", "score").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.differing, detail.distance.max_abs_at) == (1, 1)
    assert inside(name, left, right, Policy(rtol=1e-5)).kind is Kind.WITHIN_TOLERANCE


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_one_word(name: str, write: Any) -> None:
    seen = inside(name, write(TABLE), write(changed("label", 0, "cow")))
    assert not_equal(seen) == {("column", "label"): Kind.CHANGED}
    assert "1 of 3 cells differ, the first in row 1:" in at(seen, "column", "label").note


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_rows_columns_and_their_order(name: str, write: Any) -> None:
    kinds = not_equal(inside(name, write(TABLE), write(TABLE[:2])))
    assert kinds[("rows",)] is Kind.CHANGED
    assert ("column", "score") not in kinds
    renamed = TABLE.rename(columns={"score": "value"})
    kinds = not_equal(inside(name, write(TABLE), write(renamed)))
    assert kinds[("column", "score")] is Kind.REMOVED
    assert kinds[("column", "value")] is Kind.ADDED
    kinds = not_equal(inside(name, write(TABLE), write(TABLE[["label", "id", "score"]])))
    assert kinds[("order of columns",)] is Kind.CHANGED


@pytest.mark.parametrize(
    ("left", "right", "kind", "rule"),
    [
        ("a\n1.0\n", "a\n1.00\n", Kind.SET_ASIDE, "number spelling"),
        ("a\n1\n", "a\n1.0\n", Kind.CHANGED, ""),
        ("a\nx\n", 'a\n"x"\n', Kind.SET_ASIDE, "document layout"),
        ("a\nx\n", "a\r\nx\r\n", Kind.SET_ASIDE, "document layout"),
        ("a\n9007199254740992\n", "a\n9007199254740993\n", Kind.CHANGED, ""),
        ("a\n0.5\n9007199254740992\n", "a\n0.5\n9007199254740993\n", Kind.CHANGED, ""),
        ("a\n0.0\n", "a\n-0.0\n", Kind.CHANGED, ""),
        ("a\n2026-01-01 10:00:00\n", "a\n2026-01-01 10:00:01\n", Kind.CHANGED, ""),
        ("a,a\n1,2\n", "a,a\n1,3\n", Kind.CHANGED, ""),
        (",b\n1,2\n", ",b\n1,3\n", Kind.CHANGED, ""),
    ],
)
def test_cells_are_facts(left: str, right: str, kind: Kind, rule: str) -> None:
    seen = inside("t.csv", left.encode(), right.encode())
    assert (seen.kind, seen.rule, seen.detail.comparer) == (kind, rule, "csv")


@pytest.mark.parametrize("content", [b"", b"a,b\n1\n", b'a\n"x\n', b"\n\n"])
def test_what_is_no_table_is_text(content: bytes) -> None:
    seen = inside("t.csv", content, b"a,b\n1,2\n")
    assert (seen.kind, seen.detail.comparer) == (Kind.CHANGED, "text")
    assert "Not read as CSV" in seen.detail.summary


def test_parquet_gaps_types_and_metadata() -> None:
    gap = changed("score", 0, None)
    assert (
        not_equal(inside("t.parquet", parquet(TABLE), parquet(gap)))[("column", "score")]
        is Kind.CHANGED
    )
    narrow = TABLE.astype({"id": "int32"})
    kinds = not_equal(inside("t.parquet", parquet(TABLE), parquet(narrow)))
    assert kinds[("type of id",)] is Kind.CHANGED
    seen = inside("t.parquet", parquet(TABLE), parquet(TABLE, compression="gzip"))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "table layout")
    noted = TABLE.copy()
    noted.attrs["note"] = "x"
    seen = inside("t.parquet", parquet(TABLE), parquet(noted))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "table metadata")


def test_parquet_cut_short_is_left_to_bytes() -> None:
    seen = inside("t.parquet", parquet(TABLE), parquet(TABLE)[:-9])
    assert seen.detail.comparer == "bytes"
    assert "Not read as Parquet" in seen.detail.summary


@given(
    cells=st.lists(st.floats(allow_nan=False) | st.integers(-5, 5), min_size=1, max_size=6),
    data=st.data(),
)
@settings(deadline=None)
def test_any_altered_cell_is_found(cells: list[float], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(cells) - 1))
    other = [*cells]
    other[row] = data.draw(st.floats(allow_nan=False).filter(lambda x: x != cells[row]))
    left, right = ("\n".join(["x", *map(repr, side)]).encode() for side in (cells, other))
    seen = inside("t.csv", left, right)
    assert seen.kind is Kind.CHANGED
    assert at(seen, "column", "x").kind is Kind.CHANGED
