import os
from pathlib import Path

import pytest
from tests.evidence.git import commit, footprint, git, write

from repro_tui.errors import ReproError
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.uncommitted import dirty, patch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    commit(
        folder, {"train.py": "print(1)\n", "sub/conf.yaml": "lr: 0.1\n", "data.bin": b"\0\1\2\n"}
    )
    return folder


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def test_it_is_found_from_anywhere_inside(project: Path) -> None:
    for place in (project, project / "sub", project / "sub" / "conf.yaml", project / ".git"):
        repository = Repository.open(place)
        assert repository.name == str(project)
        assert repository.head() == head(project)
        assert repository.branch() == "main"


def test_no_repository_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ReproError, match="is in no Git repository"):
            Repository.open(place)


def test_a_damaged_repository_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {".git": "gitdir: /nowhere/at/all\n"})
    with pytest.raises(ReproError):
        Repository.open(tmp_path)


def test_a_configuration_that_cannot_be_read_is_an_error(project: Path) -> None:
    (project / ".git" / "config").write_text("this is no configuration\n")
    with pytest.raises(ReproError):
        Repository.open(project).tree("0" * 40)


def test_tree_and_content_at_a_commit(project: Path) -> None:
    first = head(project)
    commit(project, {"train.py": "print(2)\n", "new": "new"}, "second")
    repository = Repository.open(project)

    entries = repository.tree(first)

    assert [(entry.path, entry.kind, entry.size) for entry in entries] == [
        ("data.bin", "blob", 4),
        ("sub/conf.yaml", "blob", 8),
        ("train.py", "blob", 9),
    ]
    assert list(repository.read_blobs([entry.id for entry in entries])) == [
        b"\0\1\2\n",
        b"lr: 0.1\n",
        b"print(1)\n",
    ]
    assert list(repository.read_blobs([])) == []
    assert [entry.path for entry in repository.tree(first, "sub")] == ["sub/conf.yaml"]
    assert repository.tree(first, "absent") == ()
    assert repository.read(first, "train.py", 100) == b"print(1)\n"
    assert repository.has(first)
    assert not repository.has("0" * 40)


def test_what_is_not_there_or_too_large_is_refused(project: Path) -> None:
    repository = Repository.open(project)
    with pytest.raises(ReproError, match="There is no file absent"):
        repository.read(head(project), "absent", 10)
    with pytest.raises(ReproError, match="There is no file sub"):
        repository.read(head(project), "sub", 10)
    with pytest.raises(ReproError, match=r"larger than is read \(8 B\)"):
        repository.read(head(project), "train.py", 8)
    with pytest.raises(ReproError, match="does not hold the file 0000"):
        list(repository.read_blobs(["0" * 40]))


@pytest.mark.parametrize(
    "name", ["--output=x", "-h", "HEAD", "main", "abc", "", "A" * 40, "0" * 41, "0" * 40 + "\n"]
)
def test_only_full_ids_name_a_commit(project: Path, name: str) -> None:
    repository = Repository.open(project)
    for ask in (repository.has, repository.tree, lambda n: repository.read(n, "train.py", 10)):
        with pytest.raises(ReproError, match="is no full Git object id"):
            ask(name)
    with pytest.raises(ReproError, match="is no full Git object id"):
        repository.commits_between(name, head(project))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b", "", "a\0b"])
def test_only_paths_inside_are_read(project: Path, path: str) -> None:
    repository = Repository.open(project)
    with pytest.raises(ReproError, match="is no path inside a repository"):
        repository.read(head(project), path, 10)


def test_hostile_names_in_a_tree_stay_names(tmp_path: Path) -> None:
    names: dict[str, str | bytes] = {"--help": "a", "a b\tc\nd": "b", ":(top)x": "c", "*": "d"}
    made = commit(tmp_path, names)
    repository = Repository.open(tmp_path)

    assert {entry.path for entry in repository.tree(made)} == set(names)
    for name, content in names.items():
        assert repository.read(made, name, 10).decode() == content


def test_commits_between(project: Path) -> None:
    first = head(project)
    second = commit(project, {"a": "1"}, "second | with a bar")
    third = commit(project, {"a": "2"}, "third")
    repository = Repository.open(project)

    found = repository.commits_between(first, third)

    assert [(made.id, made.subject) for made in found] == [
        (third, "third"),
        (second, "second | with a bar"),
    ]
    assert repository.commits_between(third, first) == ()
    assert len(repository.commits_between(first, third, limit=1)) == 1


def test_a_subject_may_hold_what_ends_a_line_elsewhere(project: Path) -> None:
    first = head(project)
    made = commit(project, {"a": "1"}, "one\u2028two\x0bthree\x85four")
    (found,) = Repository.open(project).commits_between(first, made)
    assert found.id == made
    assert found.subject.startswith("one\u2028two")


def test_a_clone_without_its_history_does_not_tell(project: Path, tmp_path: Path) -> None:
    first = head(project)
    second = commit(project, {"a": "1"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{project}", "shallow")
    with pytest.raises(ReproError, match="without its whole history"):
        Repository.open(tmp_path / "shallow").commits_between(first, second)


def test_a_bare_repository_has_objects_and_no_changes(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(project), str(bare))
    repository = Repository.open(bare)

    assert repository.root is None
    assert repository.name == str(bare)
    assert repository.read(head(project), "train.py", 10) == b"print(1)\n"
    with pytest.raises(ReproError, match="has no working tree"):
        patch(repository)


def test_a_linked_worktree_is_a_repository_too(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(project, "worktree", "add", "-q", "-b", "side", str(other))
    write(other, {"train.py": "print(3)\n"})
    repository = Repository.open(other)

    assert repository.branch() == "side"
    assert repository.root == other
    assert b"+print(3)" in patch(repository)
    assert not dirty(Repository.open(project))


def test_a_bare_repository_may_be_called_as_one_with_a_working_tree(project: Path) -> None:
    """As people have it who keep every branch in a linked working tree."""
    git(project, "config", "core.bare", "true")
    repository = Repository.open(project)
    assert repository.root is None
    assert repository.name == str(project / ".git")
    assert repository.has(head(project))


def test_a_file_that_names_no_repository_hides_the_one_around_it(project: Path) -> None:
    """As Git has it: what lies in such a folder is none of the outer repository's."""
    write(project, {"inner/.git": "gitdir: /nowhere/at/all\n", "inner/a": "1"})
    with pytest.raises(ReproError, match="is in no Git repository"):
        Repository.open(project / "inner" / "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_somebody_else_is_read(project: Path) -> None:
    """Git refuses these because of the programs that they can name; none of them runs here."""
    first = head(project)
    for path in (project, project / ".git"):
        os.chown(path, 65534, 65534)
    assert Repository.open(project).has(first)


def test_without_git_nothing_is_opened(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(ReproError, match="Git was not found"):
        Repository.open(project)


def test_a_repository_without_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, {"a": "1\n"})
    repository = Repository.open(tmp_path)

    assert repository.head() is None
    assert repository.branch() == "main"
    assert b"+1\n" in patch(repository)


def test_the_environment_of_the_caller_leads_nowhere_else(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets these for its hooks; started from one, we must read what was asked for."""
    other = tmp_path / "other"
    commit(other, {"other.txt": "other"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))

    repository = Repository.open(project)
    entries = repository.tree(repository.head() or "")
    changed = dirty(repository)

    assert [entry.path for entry in entries] == ["data.bin", "sub/conf.yaml", "train.py"]
    assert not changed


def test_a_submodule_is_the_commit_it_stands_at(project: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    at = commit(library, {"lib.py": "1"})
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    made = commit(project, {})
    repository = Repository.open(project)

    (entry,) = [entry for entry in repository.tree(made) if entry.path == "lib"]

    assert (entry.kind, entry.id, entry.size) == ("commit", at, 0)
    assert not dirty(repository)


def test_nothing_of_the_repository_runs_and_nothing_is_written(
    project: Path, tmp_path: Path
) -> None:
    """Every program that a repository can name leaves a mark, were it run."""
    mark = tmp_path / "mark"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho run >> {mark}\ncat\n")
    program.chmod(0o755)
    hooks = project / ".git" / "hooks"
    for name in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction"):
        (hooks / name).write_bytes(program.read_bytes())
        (hooks / name).chmod(0o755)
    commit(project, {"filtered.txt": "in\n", ".gitattributes": "*.py diff=evil\n*.bin diff=evil\n"})
    write(
        project,
        {
            ".gitattributes": "*.txt filter=evil\n*.py diff=evil\n*.bin diff=evil\n",
            "filtered.txt": "out\n",
            "train.py": "print(3)\n",
            "data.bin": b"\0\2",
            "new.txt": "new\n",
        },
    )
    for key, value in {
        "core.fsmonitor": str(program),
        "core.pager": str(program),
        "core.editor": str(program),
        "core.sshCommand": str(program),
        "core.alternateRefsCommand": str(program),
        "core.worktree": str(tmp_path),
        "credential.helper": str(program),
        "diff.external": str(program),
        "diff.evil.command": str(program),
        "diff.evil.textconv": str(program),
        "filter.evil.clean": str(program),
        "filter.evil.smudge": str(program),
        "filter.evil.process": str(program),
        "filter.evil.required": "true",
        "gpg.program": str(program),
        "log.showSignature": "true",
        "uploadpack.packObjectsHook": str(program),
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "core.repositoryformatversion": "1",
        "protocol.ext.allow": "always",
    }.items():
        # Not through `git config`, which would obey what is written already.
        section, _, name = key.rpartition(".")
        top, _, sub = section.partition(".")
        header = f'[{top} "{sub}"]' if sub else f"[{top}]"
        with (project / ".git" / "config").open("a") as config:
            config.write(f"{header}\n\t{name} = {value}\n")
    mark.unlink(missing_ok=True)
    before = footprint(project)

    repository = Repository.open(project)
    at = repository.head()
    assert at is not None
    entries = repository.tree(at)
    contents = list(repository.read_blobs([entry.id for entry in entries]))
    repository.read(at, "train.py", 100)
    repository.branch()
    repository.commits_between(at, at)
    assert not repository.has("1" * 40)
    with pytest.raises(ReproError):
        repository.read_blob("1" * 40, 10)
    changes = patch(repository)
    assert dirty(repository)

    assert len(contents) == len(entries) == 5
    assert b"+print(3)" in changes
    assert b"+out" in changes
    assert b"+new" in changes
    assert not mark.exists(), mark.read_text()
    assert footprint(project) == before


def test_another_users_repository_is_read(public_folder: Path) -> None:
    """Git refuses it for the programs that it could name; none of those runs here."""
    made = commit(public_folder, {"a": "1"})
    if os.geteuid() == 0:
        for path in [public_folder, *public_folder.rglob("*")]:
            os.chown(path, 65534, 65534)
    assert Repository.open(public_folder).read(made, "a", 10) == b"1"
