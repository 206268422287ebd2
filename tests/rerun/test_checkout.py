"""Throw-away checkouts, and that nothing of the repository they come from changes."""

import subprocess
from pathlib import Path

import pytest
from tests.evidence.git import commit, footprint, git, write

from repro_tui.errors import ReproError
from repro_tui.rerun.checkout import checkout, remove


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    commit(folder, {"train.py": "print(1)\n", "sub/conf.yaml": "lr: 1\n"}, "first")
    commit(folder, {"train.py": "print(2)\n"}, "second")
    # As a person leaves it: something staged, something changed, something new.
    write(folder, {"train.py": "print(3)\n", "staged.txt": "x", "new.txt": "y"})
    git(folder, "add", "staged.txt")
    return folder


def test_a_commit_is_checked_out_and_removed(repository: Path, tmp_path: Path) -> None:
    before = footprint(repository)
    first = git(repository, "rev-parse", "HEAD~1")
    place = tmp_path / "cache" / "checkout"
    with checkout(place, repository, first, ""):
        assert (place / "train.py").read_text() == "print(1)\n"
        assert (place / "sub" / "conf.yaml").exists()
        assert not (place / "staged.txt").exists()
        assert git(place, "rev-parse", "HEAD") == first
        assert git(place, "status", "--porcelain") == ""
        assert git(place, "log", "--format=%s") == "first"
    assert not place.exists()
    assert footprint(repository) == before


def test_nothing_in_it_leads_back_to_the_repository(repository: Path, tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    before = footprint(repository)
    with checkout(place, repository, git(repository, "rev-parse", "HEAD"), ""):
        assert git(place, "remote") == ""
        write(place, {"train.py": "print('changed by the run')\n"})
        git(place, "commit", "-aqm", "by the run")
        git(place, "gc", "--prune=now", "-q")
    assert footprint(repository) == before


def test_uncommitted_changes_are_applied(repository: Path, tmp_path: Path) -> None:
    patch = git(repository, "diff", "--binary", "HEAD") + "\n"
    place = tmp_path / "checkout"
    with checkout(place, repository, git(repository, "rev-parse", "HEAD"), patch):
        assert (place / "train.py").read_text() == "print(3)\n"
        assert (place / "staged.txt").read_text() == "x"


@pytest.mark.parametrize(
    "patch",
    [
        "diff --git a/gone b/gone\n--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-a\n+b\n",
        (
            "diff --git a/x b/../../escaped\nnew file mode 100644\n--- /dev/null\n"
            "+++ b/../../escaped\n@@ -0,0 +1 @@\n+b\n"
        ),
        "no patch",
    ],
)
def test_a_patch_that_does_not_fit_is_said_and_leaves_nothing(
    repository: Path, tmp_path: Path, patch: str
) -> None:
    place = tmp_path / "cache" / "checkout"
    head = git(repository, "rev-parse", "HEAD")
    with (
        pytest.raises(ReproError, match="git apply said"),
        checkout(place, repository, head, patch),
    ):
        pytest.fail("the patch was taken")
    assert list((tmp_path / "cache").iterdir()) == []
    assert not (tmp_path / "escaped").exists()


def test_an_unknown_commit_is_said(repository: Path, tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    with (
        pytest.raises(ReproError, match="git rev-list said"),
        checkout(place, repository, "0" * 40, ""),
    ):
        pytest.fail("there is no such commit")
    assert not place.exists()


def test_programs_named_by_the_repository_do_not_run(repository: Path, tmp_path: Path) -> None:
    touch = f"touch {tmp_path / 'pwned'}"
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{touch}\n")
    hook.chmod(0o755)
    commit(
        repository,
        {
            ".gitattributes": "*.py filter=bad\n",
            ".gitmodules": '[submodule "m"]\n\tpath = m\n\turl = x\n',
        },
    )
    for name, value in (
        ("filter.bad.smudge", f"{touch}; cat"),
        ("core.fsmonitor", touch),
        ("core.hooksPath", str(hook.parent)),
    ):
        git(repository, "config", name, value)
    with checkout(tmp_path / "checkout", repository, git(repository, "rev-parse", "HEAD"), ""):
        assert (tmp_path / "checkout" / "train.py").exists()
    assert not (tmp_path / "pwned").exists()


def test_the_callers_git_variables_lead_nowhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    before = footprint(repository)
    # As in a hook of the person's repository.
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    with checkout(tmp_path / "checkout", repository, head, ""):
        assert (tmp_path / "checkout" / "train.py").read_text() == "print(2)\n"
    assert footprint(repository) == before


def test_bare_shallow_and_linked_repositories_serve(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"), "HEAD~1")
    for source in ("bare", "shallow", "linked"):
        place = tmp_path / "checkout"
        with checkout(place, tmp_path / source, head, ""):
            assert (place / "train.py").read_text() == "print(2)\n"
            assert git(place, "log", "-1", "--format=%s") == "second"


def test_a_file_of_the_repository_names_it_too(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    with checkout(tmp_path / "checkout", repository / "sub", head, ""):
        assert (tmp_path / "checkout" / "train.py").exists()


def test_what_the_run_made_read_only_is_removed(tmp_path: Path) -> None:
    write(tmp_path, {"checkout/a/b/file": "x", "outside": "y"})
    (tmp_path / "checkout" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "checkout" / "a" / "b").chmod(0o500)
    (tmp_path / "checkout" / "a").chmod(0o500)
    subprocess.run(["chmod", "400", tmp_path / "outside"], check=True)
    remove(tmp_path / "checkout")
    assert not (tmp_path / "checkout").exists()
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o400
    remove(tmp_path / "checkout")
