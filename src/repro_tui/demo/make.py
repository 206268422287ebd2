"""Makes the demo's folder: a small real project in a Git repository of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import git

from repro_tui.errors import ReproError

MARKER = ".repro-tui-demo"
"""A file of this name says that the folder is ours to write into."""


def make(folder: Path, narrate: Callable[[str], None]) -> Path:
    """Make the project in `folder` unless an earlier demo did, and return its full path.

    Raises ReproError where `folder` holds something that no demo made.
    """
    folder = folder.absolute()
    if (folder / MARKER).is_file():
        narrate(f"Using the demo in {folder}")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise ReproError(
            f"{folder} exists and was not made by the demo.",
            "Choose another folder with --into, or move that one away.",
        )
    narrate(f"Making the project in {folder}")
    project = folder / "project"
    # A demo that was stopped half-way through this is refused above: nothing of it is lost.
    shutil.copytree(
        Path(__file__).parent / "project",
        project,
        ignore=shutil.ignore_patterns("__pycache__", "requirements.in"),
    )
    _commit(project)
    (folder / MARKER).write_text("Made by `repro-tui demo`, which may write here.\n")
    return folder


def _commit(project: Path) -> None:
    author = git.Actor("repro-tui demo", "demo@example.org")
    with git.Repo.init(project, initial_branch="main") as repository:
        # Through GitPython's own index: neither the person's hooks nor their
        # configuration (signing, templates of messages) take part.
        repository.index.add(
            [
                path.relative_to(project).as_posix()
                for path in sorted(project.rglob("*"))
                if path.is_file() and ".git" not in path.relative_to(project).parts
            ]
        )
        repository.index.commit(
            "A classifier of handwritten digits", author=author, committer=author, skip_hooks=True
        )
