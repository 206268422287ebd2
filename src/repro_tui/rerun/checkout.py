"""A throw-away checkout of a commit. The repository that it comes from is only read.

The checkout is a repository of its own with the one commit in it, as MLflow's own
`fetch --depth=1` makes it of a Git URI. It has no remote and borrows no objects: in a
shared clone, a `git add` of the training script would set new times on the object files
of the person's repository. Filters are not run: Git LFS files stay pointers, see lfs.py.
Submodules stay empty, see submodules.py.
"""

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.safegit import safe_environment


@contextlib.contextmanager
def checkout(folder: Path, repository: Path, commit: str, patch: str) -> Iterator[None]:
    """`folder` holds the files of `commit`, `patch` applied, until the block is left.

    Raises ReproError where Git cannot make it; nothing is left behind then.
    """
    try:
        populate(folder, repository, commit)
        if patch:
            _git(folder, "apply", "--whitespace=nowarn", "-", stdin=patch)
        yield
    finally:
        remove(folder)


def populate(folder: Path, repository: Path, commit: str) -> None:
    """Make `folder` with the files of `commit`, a repository with the one commit in it."""
    source = Repository.open(repository)
    folder.mkdir(parents=True)
    kind = "sha256" if len(commit) == 64 else "sha1"
    _git(folder, "init", "--quiet", "--template=", f"--object-format={kind}")
    _copy_objects(source.objects, folder, commit)
    _git(folder, "checkout", "--quiet", "--detach", commit)


def _copy_objects(objects: Path, folder: Path, commit: str) -> None:
    """Copy the commit with all its files, without its history, in one pack."""
    alternates = folder / ".git" / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_text(f"{objects}\n", encoding="utf-8")
    (folder / ".git" / "shallow").write_text(f"{commit}\n", encoding="utf-8")
    listed = _git(folder, "rev-list", "--objects", "--no-object-names", commit)
    _git(folder, "pack-objects", "--quiet", "--window=0", ".git/objects/pack/pack", stdin=listed)
    alternates.unlink()


def remove(folder: Path) -> None:
    """Remove a checkout, also what the run made read-only in it.

    What belongs to somebody else, as what a container wrote may, stays.
    """
    _unlock(folder)
    for top, folders, _ in os.walk(folder):
        for name in folders:
            _unlock(Path(top, name))
    shutil.rmtree(folder, ignore_errors=True)


def _unlock(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if not folder.is_symlink():
            folder.chmod(stat.S_IRWXU)


def _git(folder: Path, *arguments: str, stdin: str = "") -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            # Filters and their like are defined in the person's configuration.
            env={**safe_environment(), "GIT_CONFIG_GLOBAL": os.devnull},
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()
        raise ReproError(
            f"The checkout cannot be made: git {arguments[0]} said: {said}",
            "Check that the repository is whole: git fsck.",
        ) from error
    return done.stdout.decode("utf-8", "surrogateescape")
