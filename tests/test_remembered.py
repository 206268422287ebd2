"""`remembered`: what one session leaves for the next, and what is forgotten."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from repro_tui.remembered import FILE, Remembered, StoreView, recall, remember

VIEW = StoreView(("name", "metrics.loss"), {"name": 40}, "metrics.loss ASC", ("1",), ("a" * 32,))


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    state = tmp_path / "not" / "there yet"
    remember(state, lambda kept: replace(kept, theme="nord", last_store="sqlite:///a.db"))
    remember(state, lambda kept: kept.with_view("sqlite:///a.db", VIEW))
    kept = recall(state)
    assert (kept.theme, kept.last_store) == ("nord", "sqlite:///a.db")
    assert kept.view("sqlite:///a.db") == VIEW
    assert kept.view("sqlite:///another.db") == StoreView()


def test_only_the_stores_looked_at_last_are_kept() -> None:
    kept = Remembered()
    for number in range(60):
        kept = kept.with_view(f"store {number}", VIEW)
    assert list(kept.stores) == [f"store {number}" for number in range(10, 60)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b'{"version": 2}', b"[" * 100_000,
     b'{"version": 1, "theme": "nord", "last_store": "", "stores": {"a": {"widths": 1}}}'],
)  # fmt: skip
def test_what_cannot_be_read_is_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert recall(tmp_path) == Remembered()
    remember(tmp_path, lambda kept: replace(kept, theme="nord"))
    assert recall(tmp_path).theme == "nord"


def test_a_place_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", lambda kept: replace(kept, theme="nord"))
    assert recall(tmp_path / "file") == Remembered()


def test_a_store_that_was_opened_is_the_last_one_and_one_with_a_password_is_not_kept() -> None:
    kept = Remembered().with_view("a", StoreView(order_by="x")).opened("b").opened("a")
    assert (list(kept.stores), kept.last_store) == (["b", "a"], "a")
    assert kept.view("a").order_by == "x"
    assert kept.opened("postgresql://ada:secret@host/mlflow") == kept
