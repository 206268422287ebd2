"""Submodules of a checkout: from the person's own clone, or fetched from a real server."""

import shutil
from pathlib import Path

import pytest
from tests.evidence.git import commit, footprint, git, git_daemon

from repro_tui.errors import ReproError
from repro_tui.rerun.checkout import checkout
from repro_tui.rerun.submodules import add, resolve

FILE = ("-c", "protocol.file.allow=always")


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """`top` with the submodule `libs/a`, which has the submodule `b`: relative URLs."""
    folder = tmp_path / "served"
    for name, below, where in (("b", "", ""), ("a", "b", "b"), ("top", "a", "libs/a")):
        commit(folder / name, {f"{name}.py": name})
        if below:
            git(folder / name, *FILE, "submodule", "add", "-q", f"../{below}", where)
            git(folder / name, "commit", "-qm", "with a submodule")
    return folder


def filled(place: Path) -> bool:
    return (place / "libs" / "a" / "b" / "b.py").read_text() == "b"


def test_they_are_taken_from_beside_the_repository(served: Path, tmp_path: Path) -> None:
    before = footprint(served)
    top = served / "top"
    head = git(top, "rev-parse", "HEAD")
    place = tmp_path / "checkout"
    with checkout(place, top, head, ""):
        assert list((place / "libs" / "a").iterdir()) == []
        add(place, top, "", head, tmp_path / "cache")
        assert filled(place)
        assert git(place / "libs" / "a", "remote") == ""
        assert git(place, "status", "--porcelain") == ""
    assert footprint(served) == before
    assert not (tmp_path / "cache").exists()


def test_the_persons_own_clone_serves_where_nothing_else_does(served: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, *FILE, "clone", "-q", "--recurse-submodules", str(served / "top"), str(clone))
    head = git(clone, "rev-parse", "HEAD")
    shutil.rmtree(served)
    with checkout(tmp_path / "checkout", clone, head, ""):
        add(tmp_path / "checkout", clone, "", head, tmp_path / "cache")
        assert filled(tmp_path / "checkout")


def test_they_are_fetched_from_where_the_repository_was(served: Path, tmp_path: Path) -> None:
    head = git(served / "top", "rev-parse", "HEAD")
    clone = tmp_path / "clone.git"
    git(tmp_path, "clone", "-q", "--bare", str(served / "top"), str(clone))
    with git_daemon(served) as url, checkout(tmp_path / "checkout", clone, head, ""):
        add(tmp_path / "checkout", clone, f"{url}/top", head, tmp_path / "cache")
        assert filled(tmp_path / "checkout")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ext::sh -c touch% pwned", "is no address"),
        ("-u./pwned", "cannot be had"),
        ("http://127.0.0.1:1/x", "cannot be fetched"),
        ("/nowhere", "cannot be had"),
    ],
)
def test_what_cannot_be_had_is_said(served: Path, tmp_path: Path, url: str, said: str) -> None:
    top = served / "top"
    git(top, "config", "--file", ".gitmodules", "submodule.libs/a.url", url)
    shutil.rmtree(top / ".git" / "modules")
    shutil.rmtree(top / "libs" / "a")
    (top / "libs" / "a").mkdir()
    head = commit(top, {"x": ""})
    with (
        checkout(tmp_path / "checkout", top, head, ""),
        pytest.raises(ReproError, match=said),
    ):
        add(tmp_path / "checkout", top, "", head, tmp_path / "cache")
    assert not list(tmp_path.rglob("pwned"))


def test_a_submodule_never_lands_behind_a_link(served: Path, tmp_path: Path) -> None:
    top = served / "top"
    head = git(top, "rev-parse", "HEAD")
    outside = tmp_path / "outside"
    outside.mkdir()
    with checkout(tmp_path / "checkout", top, head, ""):
        shutil.rmtree(tmp_path / "checkout" / "libs")
        (tmp_path / "checkout" / "libs").symlink_to(outside)
        with pytest.raises(ReproError, match="behind a link"):
            add(tmp_path / "checkout", top, "", head, tmp_path / "cache")
    assert not list(outside.iterdir())


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        ("https://git.example.org/team/top.git", "../a.git", "https://git.example.org/team/a.git"),
        ("https://git.example.org/team/top", "./a", "https://git.example.org/team/top/a"),
        ("git@git.example.org:team/top", "../../other/a", "git@git.example.org:other/a"),
        ("/srv/top/", "../a", "/srv/a"),
        ("/srv/top", "https://git.example.org/a", "https://git.example.org/a"),
        ("a", "../../b", "/b"),
    ],
)
def test_relative_urls_start_at_the_repositorys(base: str, url: str, whole: str) -> None:
    assert resolve(base, url) == whole
