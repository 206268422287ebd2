"""`output`: a file is written whole or not at all."""

from pathlib import Path

import pytest

from repro_tui.errors import ReproError
from repro_tui.output import write_whole


def test_it_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    write_whole(path, "new – ünïcode\n")
    assert path.read_bytes() == "new – ünïcode\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_keeps_the_old_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReproError, match="cannot be written"):
        write_whole(tmp_path / "nowhere" / "report.md", "x")
