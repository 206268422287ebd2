"""Artifacts on this machine, listed: nothing is opened, no link followed, never too much."""

import os
from pathlib import Path

from repro_tui.evidence.tracking.artifacts import list_folder
from repro_tui.evidence.tracking.reader import Listing, StoredFile


def test_files_come_by_path_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").write_bytes(bytes(12))
    (tmp_path / "\x1b]0;owned\x07").write_bytes(b"1")
    (tmp_path / "empty").mkdir()
    assert list_folder(tmp_path, 9) == Listing(
        (StoredFile("\x1b]0;owned\x07", 1), StoredFile("model/weights.bin", 12))
    )


def test_links_and_pipes_are_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    assert list_folder(tmp_path, 9).files == (
        StoredFile("passwd", None, "a link, not followed"),
        StoredFile("pipe", 0),
        StoredFile("up", None, "a link, not followed"),
    )


def test_a_listing_ends_where_it_was_told_to(tmp_path: Path) -> None:
    for folder in range(5):
        (tmp_path / str(folder)).mkdir()
        for file in range(5):
            (tmp_path / str(folder) / str(file)).touch()
    assert len(list_folder(tmp_path, 25).files) == 25
    assert not list_folder(tmp_path, 25).more
    few = list_folder(tmp_path, 7)
    assert [file.path for file in few.files] == ["0/0", "0/1", "0/2", "0/3", "0/4", "1/0", "1/1"]
    assert few.more
