from pathlib import Path

import pytest
from tests.evidence.git import commit, git
from tests.evidence.records import document, save

from repro_tui.evidence import address
from repro_tui.evidence.code import code
from repro_tui.evidence.model import Known, Missing, Run
from repro_tui.evidence.origin import Places, Snapshot, origin
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.tags import Tag


def run_of(source: str, made: str, **tags: str) -> Run:
    held = {Tag.SOURCE_NAME: source, Tag.GIT_COMMIT: made, **tags}
    return Run("r", "r", "1", "e", "FINISHED", 0, 1, "", tags=held)


PROJECT = {Tag.SOURCE_TYPE: "PROJECT", Tag.ENTRY_POINT: "main"}


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    folder = tmp_path / "a project"
    made = commit(folder, {"MLproject": "", "exp/train.py": "1", "exp/deep/only.py": "2"})
    return folder, made


@pytest.mark.parametrize("form", ["{0}", "{0}#exp", "file://{0}#exp", "file://{0}", "{0}/exp"])
def test_a_project_is_found_as_mlflow_names_it(
    project: tuple[Path, str], tmp_path: Path, form: str
) -> None:
    folder, made = project
    found = origin(run_of(form.format(folder), made, **PROJECT), None, Places(tmp_path))
    assert isinstance(found.code, Snapshot)
    assert found.code.repository.root == folder
    assert found.code.subdirectory == ("exp" if "exp" in form else "")
    assert (found.entry_point, found.script) == ("main", False)


def test_an_address_that_is_quoted_is_found_too(project: tuple[Path, str], tmp_path: Path) -> None:
    folder, made = project
    found = origin(run_of(folder.as_uri(), made, **PROJECT), None, Places(tmp_path))
    assert isinstance(found.code, Snapshot)


@pytest.mark.parametrize(
    ("typed", "subdirectory", "script"),
    [
        ("{0}/exp/train.py", "", "exp/train.py"),
        ("/moved/elsewhere/exp/train.py", "", "exp/train.py"),
        ("exp/train.py", "", "exp/train.py"),
        ("train.py", "exp", "train.py"),
        ("deep/only.py", "exp", "deep/only.py"),
        ("absent.py", "", "absent.py"),
    ],
)
def test_a_script_is_found_at_the_commit(
    project: tuple[Path, str], typed: str, subdirectory: str, script: str
) -> None:
    folder, made = project
    found = origin(run_of(typed.format(folder), made), None, Places(folder))
    assert isinstance(found.code, Snapshot)
    assert found.script
    assert (found.code.subdirectory, found.entry_point) == (subdirectory, script)


def test_any_clone_that_holds_the_commit_will_do(project: tuple[Path, str], tmp_path: Path) -> None:
    folder, made = project
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(folder), str(clone))
    for source in ("/gone/away", "https://git.example.org/a.git#exp", "git@git.example.org:a.git"):
        found = origin(run_of(source, made, **PROJECT), None, Places(clone / "exp"))
        assert isinstance(found.code, Snapshot)
        assert found.code.repository.root == clone


def test_a_repository_that_moved_is_found_by_the_settings(
    project: tuple[Path, str], tmp_path: Path
) -> None:
    folder, made = project
    for old, source in (
        ("/gone", "file:///gone/a project#exp"),
        ("/gone/a project", "/gone/a project/exp"),
        ("https://git.example.org", "https://git.example.org/a project#exp"),
    ):
        moved = {old: str(tmp_path if "project" not in old else folder)}
        found = origin(run_of(source, made, **PROJECT), None, Places(tmp_path / "x", moved))
        assert isinstance(found.code, Snapshot)
        assert (found.code.repository.root, found.code.subdirectory) == (folder, "exp")


def test_a_repository_that_is_named_is_the_only_one(
    project: tuple[Path, str], tmp_path: Path
) -> None:
    folder, made = project
    commit(tmp_path / "other", {"x": ""})
    run = run_of(f"file://{folder}#exp", made, **PROJECT)
    found = origin(run, None, Places(folder, only=str(tmp_path / "other")))
    assert isinstance(found.code, Missing)
    assert found.looked_in == (str(tmp_path / "other"),)
    found = origin(run_of("/gone#exp", made, **PROJECT), None, Places(tmp_path, only=str(folder)))
    assert isinstance(found.code, Snapshot)
    assert found.code.subdirectory == "exp"


def test_what_was_fetched_is_found_again(project: tuple[Path, str], tmp_path: Path) -> None:
    folder, made = project
    url = "https://git.example.org/a.git"
    run = run_of(f"{url}#exp", made, **PROJECT)
    found = origin(run, None, Places(tmp_path, cache=tmp_path / "cache"))
    assert (found.remotes, isinstance(found.code, Missing)) == ((url,), True)
    clone = address.clone(url, tmp_path / "cache")
    # What is left of a cache that somebody tidied is none.
    clone.mkdir(parents=True)
    found = origin(run, None, Places(tmp_path, cache=tmp_path / "cache"))
    assert isinstance(found.code, Missing)
    clone.rmdir()
    git(tmp_path, "clone", "-q", "--bare", str(folder), str(clone))
    found = origin(run, None, Places(tmp_path, cache=tmp_path / "cache"))
    assert isinstance(found.code, Snapshot)
    assert (found.code.url, found.code.subdirectory) == (url, "exp")


def test_the_record_comes_before_the_tags(project: tuple[Path, str], tmp_path: Path) -> None:
    folder, made = project
    content = document()
    content["launch"] |= {"repository": str(folder), "commit": made, "subdirectory": "exp"}
    record = read_record(save(tmp_path / "artifacts", content))
    assert isinstance(record, Record)
    found = origin(run_of("/gone", "2" * 40), record.launch, Places(tmp_path))
    assert isinstance(found.code, Snapshot)
    assert (found.commit, found.code.subdirectory, found.script) == (made, "exp", False)


@pytest.mark.parametrize(
    ("source", "made", "reason"),
    [
        ("https://git.example.org/a.git", "1" * 40, "the repository is remote"),
        ("ssh://git.example.org/a.git", "1" * 40, "the repository is remote"),
        ("/nowhere/at/all", "1" * 40, "no Git repository is at"),
        ("{0}", "1" * 40, "the commit 111111111111 is not in"),
        ("{0}", "", "no commit was recorded"),
        ("{0}", "--output=x", "no commit was recorded"),
        ("a\0b", "1" * 40, "no Git repository is at"),
        ("x" * 5000, "1" * 40, "no Git repository is at"),
        ("", "1" * 40, "no Git repository is at"),
    ],
)
def test_what_cannot_be_found_says_why(
    project: tuple[Path, str], tmp_path: Path, source: str, made: str, reason: str
) -> None:
    found = origin(run_of(source.format(project[0]), made, **PROJECT), None, Places(tmp_path))
    assert isinstance(found.code, Missing)
    assert reason in found.code.reason


@pytest.mark.parametrize("folder", ["../..", "/etc", "exp/../.."])
def test_a_subdirectory_does_not_leave_the_repository(
    project: tuple[Path, str], tmp_path: Path, folder: str
) -> None:
    found = origin(run_of(f"{project[0]}#{folder}", project[1], **PROJECT), None, Places(tmp_path))
    assert isinstance(found.code, Snapshot)
    assert found.code.subdirectory == ""


def test_only_the_projects_files_are_its_code(project: tuple[Path, str], tmp_path: Path) -> None:
    run = run_of(f"{project[0]}#exp", project[1], **PROJECT, **{Tag.GIT_BRANCH: "main"})
    section = code(run, None, origin(run, None, Places(tmp_path)))
    files = {key[1] for key in section.facts if key[0] == "files"}
    assert files == {"exp/train.py", "exp/deep/only.py"}
    assert section.at(("branch",)) == Known("main", f"tag {Tag.GIT_BRANCH}")

    absent = run_of(f"{project[0]}#absent", project[1], **PROJECT)
    gap = code(absent, None, origin(absent, None, Places(tmp_path))).at(("files", "x"))
    assert gap == Missing("the commit has no folder absent")


@pytest.mark.parametrize(
    ("dirty", "fact"),
    [
        ("false", Known("none", f"tag {Tag.DIRTY}")),
        ("true", Missing("there were uncommitted changes, and they were not recorded")),
        ("", Missing("MLflow does not record uncommitted changes")),
    ],
)
def test_uncommitted_changes(tmp_path: Path, dirty: str, fact: Known | Missing) -> None:
    run = run_of("train.py", "1" * 40, **{Tag.DIRTY: dirty})
    section = code(run, None, origin(run, None, Places(tmp_path)))
    assert section.at(("uncommitted changes",)) == fact
