import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.git import commit, footprint, git, write

from repro_tui.errors import ReproError
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.uncommitted import dirty, patch


def changes(folder: Path) -> bytes:
    return patch(Repository.open(folder))


def applied(folder: Path, changes: bytes, at: Path) -> Path:
    """A clone of the last commit with the patch applied, as a re-execution makes it."""
    git(at.parent, "clone", "-q", str(folder), str(at))
    if changes:
        subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"], cwd=at, input=changes, check=True
        )
    return at


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): (
            bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        )
        for path in folder.rglob("*")
        if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    }


def test_a_clean_tree_has_no_changes(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n"})
    assert changes(tmp_path) == b""
    assert not dirty(Repository.open(tmp_path))


def test_a_touched_file_is_no_change(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n"})
    os.utime(tmp_path / "a", (1_000_000_000, 1_000_000_000))
    before = footprint(tmp_path)
    assert changes(tmp_path) == b""
    assert not dirty(Repository.open(tmp_path))
    assert footprint(tmp_path) == before


def test_changes_that_git_is_told_not_to_look_at_are_changes(tmp_path: Path) -> None:
    """As people hide their own settings: `git status` is silent, the code that runs is another."""
    made = tmp_path / "made"
    names = ("assumed", "skipped", "both", "left out")
    commit(made, dict.fromkeys(names, "1\n"))
    git(made, "update-index", "--assume-unchanged", "assumed", "both")
    git(made, "update-index", "--skip-worktree", "skipped", "both", "left out")
    (made / "left out").unlink()
    assert changes(made) == b""
    for name in names[:-1]:
        (made / name).write_text("2\n")
    assert git(made, "status", "--short") == ""
    before = footprint(made)
    assert dirty(Repository.open(made))
    again = applied(made, changes(made), tmp_path / "again")
    assert {**files(made), "left out": b"1\n"} == files(again)
    assert footprint(made) == before


def test_a_change_as_young_as_the_index_is_seen(tmp_path: Path) -> None:
    """Same size and same time as the index knows: Git must look at the content."""
    then = (1_000_000_000, 1_000_000_000)
    commit(tmp_path, {"a": "1\n"})
    git(tmp_path, "config", "core.trustctime", "false")
    os.utime(tmp_path / "a", then)
    git(tmp_path, "update-index", "--refresh")
    os.utime(tmp_path / ".git" / "index", then)
    (tmp_path / "a").write_text("2\n")
    os.utime(tmp_path / "a", then)
    assert b"+2" in changes(tmp_path)


def test_every_kind_of_change_comes_back(tmp_path: Path) -> None:
    project = tmp_path / "project"
    commit(
        project,
        {
            "changed.py": "one\ntwo\n",
            "removed.py": "gone\n",
            "latin.txt": b"caf\xe9\n",
            "crlf.txt": b"a\r\nb\r\n",
            "picture.png": bytes(range(256)),
            "sub/deep.txt": "deep\n",
            "run.sh": "#!/bin/sh\n",
            ".gitignore": "ignored/\n*.log\n",
        },
    )
    write(
        project,
        {
            "changed.py": "one\n2\n",
            "latin.txt": b"caf\xe9s\n",
            "crlf.txt": b"a\r\nc\r\n",
            "picture.png": bytes(reversed(range(256))),
            "new/file with \t tab.txt": "new\n",
            "new/empty": "",
            "new/binary": b"\0\xff" * 50,
            "staged.txt": "staged\n",
            "ignored/data": "secret\n",
            "a.log": "log\n",
        },
    )
    (project / "removed.py").unlink()
    (project / "run.sh").chmod(0o755)
    (project / "link").symlink_to("changed.py")
    git(project, "add", "staged.txt")
    before = footprint(project)

    found = changes(project)

    assert footprint(project) == before
    assert b"secret" not in found
    clone = applied(project, found, tmp_path / "clone")
    wanted = {
        name: content
        for name, content in files(project).items()
        if not name.startswith("ignored/") and name != "a.log"
    }
    assert files(clone) == wanted
    assert os.access(clone / "run.sh", os.X_OK)


def test_the_persons_configuration_does_not_change_the_patch(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n", "b": "2\n"})
    write(tmp_path, {"a": "3\n"})
    plain = changes(tmp_path)
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "color.ui": "always",
        "core.quotePath": "false",
        "diff.algorithm": "patience",
    }.items():
        git(tmp_path, "config", key, value)
    assert changes(tmp_path) == plain


def test_changes_that_are_too_large_are_refused(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n"})
    write(tmp_path, {"big": b"x" * 2000})
    with pytest.raises(ReproError, match="too large to keep"):
        patch(Repository.open(tmp_path), limit=1000)
    assert dirty(Repository.open(tmp_path))


def test_a_merge_under_way_is_refused(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n"})
    git(tmp_path, "checkout", "-q", "-b", "side")
    commit(tmp_path, {"a": "2\n"})
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, {"a": "3\n"})
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "merge", "-q", "side")
    with pytest.raises(ReproError, match="A merge is under way"):
        changes(tmp_path)


def test_pipes_and_nested_repositories_are_left_alone(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1\n"})
    commit(tmp_path / "nested", {"b": "2\n"})
    os.mkfifo(tmp_path / "pipe")
    assert changes(tmp_path) == b""


@settings(max_examples=15)
@given(
    old=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=40)),
    new=st.dictionaries(st.sampled_from("bcd"), st.binary(max_size=40)),
)
def test_any_change_comes_back(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    project = folder / "project"
    commit(project, dict(old))
    for name in old:
        (project / name).unlink()
    write(project, dict(new))

    found = changes(project)

    assert bool(found) == (old != new)
    assert files(applied(project, found, folder / "clone")) == new
