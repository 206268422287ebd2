"""The uncommitted changes of a working tree, read without touching its index.

Git compares a working tree through the index, which it then likes to refresh. So a copy
of the index is compared, in which new files are entered as well.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from repro_tui import text
from repro_tui.errors import ReproError
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.safegit import FILTER_NAMES, unfiltered
from repro_tui.evidence.sources import LEFT_OUT

_DIFF = (
    "diff-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-color",
    "--full-index",
    "--ignore-submodules=dirty",
)


def dirty(repository: Repository) -> bool:
    """Whether the working tree holds changes that are not committed."""
    with _changes(repository, ()) as (base, environment):
        return bool(repository.run(*_DIFF, "--name-only", base, environment=environment))


def patch(repository: Repository, limit: int = 64 << 20, left_out: Sequence[str] = ()) -> bytes:
    """The uncommitted changes as `git diff --binary HEAD` writes them; often empty.

    New files are part of it unless Git ignores them, they are MLflow's stores in their
    usual places, Python's caches or `.env` files, or one of the patterns `left_out` (as
    in .gitignore) matches; a Git repository nested in the working tree is not. Clean
    filters (as Git LFS has) are not applied. Raises ReproError when the changed files
    are more than `limit` bytes in all or a merge is under way.
    """
    with _changes(repository, left_out) as (base, environment):
        changed = repository.run(*_DIFF, "--name-only", "-z", base, environment=environment)
        paths = [_top(repository) / os.fsdecode(name) for name in changed.split(b"\0")[:-1]]
        total = sum(path.lstat().st_size for path in paths if os.path.lexists(path))
        if total > limit:
            raise ReproError(
                f"The uncommitted changes in {repository.name} are too large to keep: "
                f"{text.size(total)}, and {text.size(limit)} are the limit.",
                "Commit them, or have Git ignore what is no source.",
            )
        return repository.run(*_DIFF, "-p", "--binary", base, environment=environment)


@contextmanager
def _changes(
    repository: Repository, left_out: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """What the working tree is to be compared with, and the environment for it.

    The environment names a copy of the index that new files are entered in, without
    their content, and switches off every filter that is configured anywhere.
    """
    top = _top(repository)
    _, filters = repository.attempt(*FILTER_NAMES)
    with tempfile.TemporaryDirectory(prefix="repro-tui-") as folder:
        index = Path(folder) / "index"
        if (repository.git_dir / "index").exists():
            # The time goes along: Git looks into files as young as its index.
            shutil.copy2(repository.git_dir / "index", index)
        environment = {**unfiltered(filters), "GIT_INDEX_FILE": str(index)}
        if repository.run("ls-files", "--unmerged", "-z", environment=environment):
            raise ReproError(
                f"A merge is under way in {repository.name}.", "Resolve its conflicts first."
            )
        _look_at_all(repository, top, environment)
        repository.attempt("update-index", "-q", "--refresh", environment=environment)
        patterns = [f"--exclude={pattern}" for pattern in (*LEFT_OUT, *left_out)]
        new = repository.run(
            *("ls-files", "--others", "--exclude-standard", *patterns, "-z"),
            environment=environment,
        )
        head = repository.head()
        kind = hashlib.sha256 if head and len(head) == 64 else hashlib.sha1
        empty = kind(b"blob 0\0").hexdigest().encode()
        with tempfile.TemporaryFile() as entries:
            for name in new.split(b"\0")[:-1]:
                if not name.endswith(b"/"):
                    mode = b"120000" if (top / os.fsdecode(name)).is_symlink() else b"100644"
                    entries.write(mode + b" " + empty + b"\t" + name + b"\0")
            entries.seek(0)
            repository.run(
                "update-index", "-z", "--index-info", environment=environment, stdin=entries
            )
        yield head or kind(b"tree 0\0").hexdigest(), environment


def _look_at_all(repository: Repository, top: Path, environment: dict[str, str]) -> None:
    """Take back, in the copied index, that Git shall not look into some files.

    `git update-index --assume-unchanged` and `--skip-worktree` hide a person's own settings
    from `git status`; the code that runs has them. What a sparse checkout leaves out is not
    there, and no change.
    """
    listed = repository.run("ls-files", "-v", "-z", environment=environment).split(b"\0")[:-1]
    # A small letter: assumed to be unchanged. S: to be skipped.
    assumed = [entry[2:] for entry in listed if entry[:1].islower()]
    skipped = [
        entry[2:]
        for entry in listed
        if entry[:1] in b"Ss" and os.path.lexists(top / os.fsdecode(entry[2:]))
    ]
    for flag, names in (("--no-assume-unchanged", assumed), ("--no-skip-worktree", skipped)):
        if names:
            with tempfile.TemporaryFile() as paths:
                paths.writelines(name + b"\0" for name in names)
                paths.seek(0)
                repository.run(
                    "update-index", flag, "-z", "--stdin", environment=environment, stdin=paths
                )


def _top(repository: Repository) -> Path:
    if repository.root is None:
        raise ReproError(f"{repository.name} is a bare repository: it has no working tree.")
    return repository.root
