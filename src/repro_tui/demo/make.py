"""Makes the demo's folder: a small real project in a Git repository of its own."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import git

from repro_tui.errors import ReproError

MARKER = ".repro-tui-demo"
"""A file of this name says that the folder is ours to write into."""


def make(folder: Path, narrate: Callable[[str], None]) -> Path:
    """Make the project in `folder` unless an earlier demo did, and return its full path.

    Raises ReproError where `folder` holds something that no demo made, or where PyTorch,
    which the project trains with, is missing.
    """
    if find_spec("torch") is None:
        raise ReproError(
            "The demo trains with PyTorch, which is not installed.",
            "Install repro-tui with its extra: repro-tui[torch].",
        )
    folder = folder.absolute()
    marker = folder / MARKER
    if folder.exists() and not marker.is_file() and any(folder.iterdir()):
        raise ReproError(
            f"{folder} exists and was not made by the demo.",
            "Choose another folder with --into, or move that one away.",
        )
    project = folder / "project"
    if project.exists():
        narrate(f"Using the demo in {folder}")
        return folder
    narrate(f"Making the project in {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("Made by `repro-tui demo`, which may write here.\n")
    # Under its name once it is whole: a demo that is stopped before starts over.
    partial = folder / "project.partial"
    if partial.exists():
        shutil.rmtree(partial)
    shutil.copytree(
        Path(__file__).parent / "project",
        partial,
        ignore=shutil.ignore_patterns("__pycache__", "requirements.in"),
    )
    _commit(partial)
    partial.rename(project)
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
