"""The demo's folder: made whole, made again after an interruption, never over other work."""

from pathlib import Path

import git
import pytest

from repro_tui.demo.make import MARKER, make
from repro_tui.errors import ReproError


def test_it_is_a_clean_git_repository_with_one_commit(tmp_path: Path) -> None:
    folder = make(tmp_path / "demo", lambda _: None)
    with git.Repo(folder / "project") as repository:
        assert not repository.is_dirty(untracked_files=True)
        assert len(list(repository.iter_commits())) == 1
        tracked = {str(path) for path, _ in repository.index.entries}
    assert {"MLproject", "python_env.yaml", "requirements.txt", "train.py"} <= tracked


def test_what_is_there_is_used_again(tmp_path: Path) -> None:
    said: list[str] = []
    make(tmp_path / "demo", said.append)
    make(tmp_path / "demo", said.append)
    assert [line.split()[0] for line in said] == ["Making", "Using"]


def test_an_interrupted_making_starts_over(tmp_path: Path) -> None:
    half = tmp_path / "demo" / "project.partial"
    half.mkdir(parents=True)
    (tmp_path / "demo" / MARKER).write_text("")
    make(tmp_path / "demo", lambda _: None)
    assert (tmp_path / "demo" / "project" / "train.py").is_file()
    assert not half.exists()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ReproError, match="was not made by the demo"):
        make(tmp_path, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert make(tmp_path, lambda _: None) == tmp_path
