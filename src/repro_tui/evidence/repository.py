"""A Git repository of somebody else's, read without running or changing anything of it.

No program that it names runs here: each is overridden, see safegit.py, or never reached,
because only plumbing commands are used. Nothing is written either: no index is refreshed, no
object is stored, nothing is fetched.

Git is called without GitPython, which takes as long to be imported as a comparison of small
runs takes in all.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from repro_tui import text
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Commit
from repro_tui.evidence.safegit import configured, safe_environment

_FULL_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

_IN_ENGLISH = {"LANGUAGE": "C", "LC_ALL": "C"}
"""What Git says is read."""
_THEIRS = ("GIT_CONFIG_GLOBAL", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
"""The person's variables that say where to look for a repository, and what it ignores."""


class Entry(NamedTuple):
    """One path of a commit's tree."""

    path: str
    """From the top of the repository; bytes that are not UTF-8 are surrogates."""
    kind: str
    """`blob`, or `commit` for a submodule."""
    id: str
    """Of the blob, or the submodule's commit."""
    size: int
    """Bytes; 0 for a submodule."""


class _Place(NamedTuple):
    """Where a repository lies; see gitrepository-layout(5)."""

    git_dir: Path
    """Of a linked working tree its own."""
    common: Path
    """With the objects: that of the main working tree where there are several."""
    root: Path | None
    """The top of the working tree; None for a bare repository."""


class Repository:
    """A repository on this machine, with a working tree or bare. Threads may share it."""

    def __init__(self, git: str, place: _Place) -> None:
        """`git` is the program."""
        self._git = git
        self.root = place.root
        """The top of the working tree; None for a bare repository."""
        self.git_dir = place.git_dir
        self.objects = place.common / "objects"
        """The object database."""
        self._shallow = place.common / "shallow"
        """Names where the history was cut off; see gitrepository-layout(5)."""
        # With GIT_DIR named, Git does not ask who owns the repository; its reason for
        # asking, the programs, is dealt with.
        self._environment = {
            **safe_environment(*_THEIRS),
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.root or self.git_dir),
            **_IN_ENGLISH,
        }

    @classmethod
    def open(cls, path: Path) -> "Repository":
        """The repository that `path`, a file or folder, lies in.

        Raises ReproError when there is none, it cannot be read, or Git is not installed.
        """
        git = shutil.which("git")
        if git is None:
            raise ReproError("Git was not found on this machine.", "Install Git.")
        return cls(git, _found(git, path.absolute()))

    @property
    def name(self) -> str:
        """The path that names the repository: its top, or the bare repository itself."""
        return str(self.root or self.git_dir)

    def head(self) -> str | None:
        """The commit that is checked out; None in a repository without commits."""
        status, out = self.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return out.decode().strip() if status == 0 else None

    def branch(self) -> str | None:
        """The branch that is checked out; None when HEAD is detached."""
        status, out = self.attempt("symbolic-ref", "--quiet", "--short", "HEAD")
        return os.fsdecode(out).strip() if status == 0 else None

    def upstream(self) -> str:
        """The URL of the remote `origin`; empty: there is none."""
        status, out = self.attempt("config", "--get", "remote.origin.url")
        return os.fsdecode(out).strip() if status == 0 else ""

    def has(self, commit: str) -> bool:
        """Whether the repository holds `commit`, given by its full id."""
        status, _ = self.attempt("cat-file", "-e", f"{_full(commit)}^{{commit}}")
        return status == 0

    def tree(self, commit: str, subdirectory: str = "") -> tuple[Entry, ...]:
        """Everything below `subdirectory` at `commit`, ordered by path."""
        arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", _full(commit)]
        if subdirectory:
            arguments += ["--", f"{_inside(subdirectory)}/"]
        entries = []
        for line in self.run(*arguments).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            _, kind, name, size = about.decode().split()
            entries.append(Entry(os.fsdecode(path), kind, name, 0 if size == "-" else int(size)))
        return tuple(sorted(entries))

    def read(self, commit: str, path: str, limit: int) -> bytes:
        """The file at `path` as it was at `commit`.

        Raises ReproError when there is none or it is longer than `limit` bytes.
        """
        inside = _inside(path)
        listed = self.run("ls-tree", "-z", "--full-tree", _full(commit), "--", inside)
        kind, _, rest = listed.partition(b" ")[2].partition(b" ")
        if kind != b"blob":
            raise ReproError(f"There is no file {path} at commit {commit[:12]}.")
        return self.read_blob(rest.partition(b"\t")[0].decode(), limit)

    def read_blob(self, blob: str, limit: int) -> bytes:
        """The blob of that id. Raises ReproError when it is longer than `limit` bytes."""
        with self._started("cat-file", "blob", _full(blob)) as git:
            assert git.stdout is not None
            assert git.stderr is not None
            content = git.stdout.read(limit + 1)
            if len(content) > limit:
                git.kill()
                raise ReproError(f"The file is larger than is read ({text.size(limit)}).")
            said = git.stderr.read()
        if git.returncode != 0:
            raise self._unreadable(git.returncode, said)
        return content

    def read_blobs(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """Many blobs at the price of one process. Sizes are the caller's to check first."""
        if not blobs:
            return
        with tempfile.TemporaryFile() as wanted:
            wanted.write("".join(f"{_full(blob)}\n" for blob in blobs).encode())
            wanted.seek(0)
            content = memoryview(self.run("cat-file", "--batch", stdin=wanted))
        start = 0
        for blob in blobs:
            # `<id> SP blob SP <size> LF <content> LF`, see git-cat-file(1).
            head = bytes(content[start : start + 128]).partition(b"\n")[0]
            fields = head.split()
            if len(fields) != 3 or fields[1] != b"blob":
                raise ReproError(f"The repository {self.name} does not hold the file {blob[:12]}.")
            start += len(head) + 1
            yield bytes(content[start : start + int(fields[2])])
            start += int(fields[2]) + 1

    def commits_between(self, old: str, new: str, limit: int = 1000) -> tuple[Commit, ...]:
        """The commits that `new` has and `old` has not, newest first, at most `limit`.

        Raises ReproError where the repository does not hold both, or was cloned without
        all of their history, so that nobody can tell.
        """
        if self._shallow.exists():
            raise ReproError(f"{self.name} was cloned without its whole history.")
        out = self.run(
            "rev-list", f"--max-count={limit}", "--no-commit-header", "--format=%H %s",
            _full(new), f"^{_full(old)}",
        )  # fmt: skip
        # A subject may hold whatever else ends a line for Python, but no line feed.
        lines = out.decode(errors="replace").split("\n")[:-1]
        return tuple(Commit(*line.split(" ", 1)) for line in lines)

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: BinaryIO | None = None,
    ) -> bytes:
        """The output of one of Git's plumbing commands that only read.

        `environment` is laid over the safe one. Raises ReproError when the command fails.
        """
        status, out, said = self._execute(arguments, environment, stdin)
        if status != 0:
            raise self._unreadable(status, said)
        return out

    def attempt(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Like `run`, for commands whose exit status says something: status and output."""
        status, out, _ = self._execute(arguments, environment, None)
        return status, out

    def _execute(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None,
        stdin: BinaryIO | None,
    ) -> tuple[int, bytes, bytes]:
        with self._started(*arguments, environment=environment, stdin=stdin) as git:
            out, said = git.communicate()
        return git.returncode, out, said

    def _started(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: BinaryIO | None = None,
    ) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                (self._git, *arguments),
                cwd=self.root or self.git_dir,
                env={**self._environment, **(environment or {})},
                stdin=stdin or subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise ReproError(f"Git cannot be started in {self.name}: {error}.") from error

    def _unreadable(self, status: int, said: bytes) -> ReproError:
        reason = said.decode(errors="replace").strip() or status
        return ReproError(f"Git cannot read {self.name}: {reason}.")


def _found(git: str, path: Path) -> _Place:
    """Where the repository lies that a file or folder is in, by Git itself."""
    asked = ("--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--show-toplevel")
    # Git would refuse what is somebody else's; its reason, the programs, is dealt with here.
    trusting = configured({"safe.directory": "*"})
    folder = path.parent if path.is_file() else path
    try:
        told = subprocess.run(
            (git, "rev-parse", *asked),
            cwd=folder,
            env={**safe_environment(*_THEIRS), **trusting, **_IN_ENGLISH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except (OSError, ValueError):
        told = None
    if told is None or b"not a git repository" in told.stderr.lower():
        raise ReproError(
            f"{path} is in no Git repository.", "Check that the folder is still there."
        )
    # The last one is not told of a bare repository, nor inside of `.git`.
    match os.fsdecode(told.stdout).splitlines():
        case [git_dir, common, bare, *root]:
            place = Path(git_dir)
            top = Path(root[0]) if root else place.parent if place.name == ".git" else None
            shared = Path(os.path.normpath(folder / common))
            return _Place(place, shared, None if bare == "true" else top)
    said = told.stderr.decode(errors="replace").strip() or told.returncode
    raise ReproError(f"The Git repository at {path} cannot be read: {said}.")


def commits_between(repository: str, old: str, new: str) -> tuple[Commit, ...]:
    """As `Repository.commits_between` of the repository of that name."""
    return Repository.open(Path(repository)).commits_between(old, new)


def _full(name: str) -> str:
    """Refuse whatever is no full object id: a name can be an option, or another thing tomorrow."""
    if not _FULL_ID.fullmatch(name):
        raise ReproError(f"{name!r} is no full Git object id.")
    return name


def _inside(path: str) -> str:
    """Refuse a path that does not stay in the repository."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ReproError(f"{path!r} is no path inside a repository.")
    return "/".join(parts)
