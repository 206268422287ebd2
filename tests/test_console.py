"""Tables on stdout: whole in a pipe, within the screen on a terminal."""

import sys

import pytest
from rich.cells import cell_len

from repro_tui.cli.console import print_table

COLUMNS = ("run", "name", "verdict")
ROWS = (
    ("1a2b", "a" * 30, "reproduced within tolerance"),
    ("3c4d", "学习率", "●◐"),
    ("5e6f", "", ""),
)


def test_in_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [*ROWS, ("7a8b", "wide", "x" * 500)])
    head, rule, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == list(COLUMNS)
    assert set(rule) == {"─"}
    assert cell_len(rule) == cell_len(lines[-1]) == 4 + 3 + 30 + 3 + 500
    assert cell_len(lines[1][: lines[1].index("●")]) == 4 + 3 + 30 + 3
    assert [line for line in (head, *lines) if line.endswith(" ")] == []
    assert [line[: cell_len("1a2b")] for line in lines] == ["1a2b", "3c4d", "5e6f", "7a8b"]


@pytest.mark.parametrize("width", [60, 80])
def test_a_terminal_is_not_overrun(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(COLUMNS, ROWS)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert max(map(cell_len, lines)) <= width
    assert any("reproduced" in line for line in lines)


def test_without_rows_the_columns_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, ())
    assert capsys.readouterr().out.splitlines() == ["run   name   verdict", "─" * 20]
