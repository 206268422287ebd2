"""Data of the person's working tree, given to a checkout without a way back."""

import os
from pathlib import Path

import pytest
from tests.evidence.git import footprint, write

from repro_tui.errors import ReproError
from repro_tui.rerun.links import copy, look

TRACKED = frozenset({"train.py", "data/README"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A working tree with data in it, some of it behind links, as DVC leaves them."""
    write(tmp_path, {"cache/ab": "far away", "cache/cd/x": "farther"})
    root = tmp_path / "work"
    write(root, {"train.py": "", "data/README": "new", "data/a.csv": "1,2", "data/b/run": "#!"})
    (root / "data" / "b" / "run").chmod(0o755)
    (root / "data" / "linked.csv").symlink_to(tmp_path / "cache" / "ab")
    (root / "data" / "folder").symlink_to(tmp_path / "cache" / "cd")
    (root / "data" / "loop").symlink_to(root / "data")
    (root / "data" / "nowhere").symlink_to("gone")
    os.mkfifo(root / "data" / "pipe")
    write(root, {"data/.git/config": "x", "empty/README": ""})
    return root


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("/etc/passwd", "no path from the top"),
        ("../cache", "no path from the top"),
        ("data/../../cache", "no path from the top"),
        ("", "no path from the top"),
        ("a\0b", "no path from the top"),
        (".git", "Git's own"),
        ("data/.git/config", "Git's own"),
        ("train.py", "in the commit already"),
        ("data/README", "in the commit already"),
        ("gone", "is not in"),
        ("data/nowhere", "is not in"),
        ("empty", "holds no file"),
    ],
)
def test_what_cannot_be_linked_says_why(root: Path, name: str, problem: str) -> None:
    tracked = TRACKED | {"empty/README"}
    assert problem in look(root, tracked, name).problem


def test_a_bare_repository_has_nothing_to_link() -> None:
    assert "no working tree" in look(None, TRACKED, "data").problem


def test_nothing_is_copied_through_a_link_of_the_commit(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "data").symlink_to("../outside")
    with pytest.raises(ReproError, match="behind a link of the commit"):
        copy(root, TRACKED | {"data"}, ["data/b"], checkout)
    assert not list(outside.iterdir())


def test_data_is_copied_read_only_and_nothing_leads_back(root: Path, tmp_path: Path) -> None:
    found = look(root, TRACKED, "data/")
    assert (found.path, found.problem, found.files, found.size) == ("data", "", 4, 20)
    before = footprint(tmp_path)
    checkout = tmp_path / "checkout"
    write(checkout, {"data/README": "old"})
    copy(root, TRACKED, [found.path], checkout)
    (checkout / "data" / "README").unlink()
    copied = {
        path.relative_to(checkout).as_posix(): path.read_text()
        for path in checkout.rglob("*")
        if not path.is_dir()
    }
    assert copied == {
        "data/a.csv": "1,2",
        "data/b/run": "#!",
        "data/linked.csv": "far away",
        "data/folder/x": "farther",
    }
    for path in checkout.rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            assert path.stat().st_nlink == 1
            assert path.stat().st_mode & 0o222 == 0
    assert os.access(checkout / "data" / "b" / "run", os.X_OK)
    # What the process does to its copy stays there, also where it insists.
    (checkout / "data" / "a.csv").chmod(0o644)
    (checkout / "data" / "a.csv").write_text("changed")
    after = footprint(tmp_path)
    assert {path: what for path, what in after.items() if not path.startswith("checkout")} == before


def test_what_cannot_be_copied_is_said(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"checkout/data": "a file stands there"})
    with pytest.raises(ReproError, match="cannot be copied"):
        copy(root, TRACKED, ["data"], tmp_path / "checkout")
