"""Copies of files that lie in somebody else's storage: fetched in parallel, within limits.

They are kept only while a program works with them. What a store tells of a file beside its
size (an S3 ETag is an MD5 or less, MLflow's own listings have nothing) proves nothing about
its content, so no file is taken as equal unread.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.reader import Fetched, Progress, silent
from repro_tui.evidence.tracking.storage import Entry, Storage, walk
from repro_tui.text import plural, size

MOST_BYTES = 4 << 30
"""A single file that is larger is left where it is, unless the settings say otherwise."""
_MOST_FILES = 100_000
_PARALLEL = 8
_LOCK = ".in-use"


def download(
    storage: Storage, target: Path, most: int = MOST_BYTES, progress: Progress = silent
) -> Fetched | None:
    """Fetch all files into a new folder `target`, whole or not at all; None: there are none.

    A file of more than `most` bytes, one that cannot be had, and one whose name would lead
    out of the folder are left, each with its reason. Raises ReproError where the listing
    fails, or holds more files than anybody compares.
    """
    files, left = _listed(storage, most)
    if not files and not left:
        return None
    total = sum(file.size or 0 for file in files)
    target.parent.mkdir(parents=True, exist_ok=True)
    if total > (free := shutil.disk_usage(target.parent).free):
        raise ReproError(
            f"The artifacts are {size(total)}, and {size(free)} are free at {target.parent}.",
            "REPRO_TUI_CACHE_DIR names another folder, limits.download leaves large files out.",
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as unfinished:
        top = Path(unfinished) / "files"
        top.mkdir()
        came = 0
        with ThreadPoolExecutor(_PARALLEL) as threads:
            waiting = {threads.submit(_get, storage, file, top, most): file for file in files}
            try:
                for number, done in enumerate(as_completed(waiting), start=1):
                    came += waiting[done].size or 0
                    if (refusal := done.result()) is not None:
                        left[waiting[done].path] = refusal
                    done_so_far = f"{number} of {plural(len(files), 'file')}"
                    progress(f"{done_so_far}, {size(came)} of {size(total)}")
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        shutil.rmtree(target, ignore_errors=True)
        top.rename(target)
    return Fetched(target, dict(sorted(left.items())))


def _listed(storage: Storage, most: int) -> tuple[list[Entry], dict[str, str]]:
    """The files to fetch, and those to leave with the reason."""
    files: list[Entry] = []
    left: dict[str, str] = {}
    for file in walk(storage):
        if not _inside(file.path):
            left[file.path] = "its name leads out of the folder"
        elif file.size is not None and file.size > most:
            left[file.path] = f"it is {size(file.size)}; up to {size(most)} are fetched"
        else:
            files.append(file)
        if len(files) + len(left) > _MOST_FILES:
            raise ReproError(
                f"More than {_MOST_FILES:,} artifacts are listed; so many are not fetched.",
                "Copy them to this machine and compare the folders.",
            )
    return files, left


def _inside(path: str) -> bool:
    parts = path.split("/")
    return not PurePosixPath(path).is_absolute() and not (
        {"", ".", ".."} & set(parts) or "\\" in path or "\0" in path
    )


def _get(storage: Storage, file: Entry, top: Path, most: int) -> str | None:
    """Fetch one file; why it was left, where it was."""
    target = top / file.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.get(file.path, target)
        # A storage may tell no size, or a wrong one.
        if target.stat().st_size <= most:
            return None
        reason = f"it is larger than the {size(most)} that are fetched"
    except ReproError as error:
        reason = error.message
    except OSError as error:
        reason = f"it cannot be fetched: {error.strerror or error}"
    with contextlib.suppress(OSError):
        target.unlink(missing_ok=True)
    return reason


class Downloads:
    """A folder of one program's own for what it fetches, gone when it is closed.

    What a program left that was killed goes when another one fetches something. `most`:
    bytes of the largest file that is fetched.
    """

    def __init__(self, cache: Path, most: int = MOST_BYTES) -> None:
        self._cache = cache / "downloads"
        self.most = most
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._held: int | None = None

    def place(self, artifact_uri: str) -> Path:
        """Where the files of that location go: named by it, its last part kept."""
        digest = hashlib.sha256(artifact_uri.encode(errors="surrogateescape")).hexdigest()
        last = artifact_uri.rstrip("/").rpartition("/")[2]
        return self._opened() / digest / (last if _inside(last) else "files")

    def close(self) -> None:
        """Remove what was fetched."""
        with self._lock:
            if self._folder is not None and self._held is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                os.close(self._held)
            self._folder = self._held = None

    def _opened(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Nobody sweeps while a folder is there and not held yet.
                with _locked(self._cache / _LOCK):
                    _sweep(self._cache)
                    self._folder = Path(tempfile.mkdtemp(dir=self._cache))
                    self._held = _lock(self._folder / _LOCK, fcntl.LOCK_EX)
            return self._folder


def _sweep(cache: Path) -> None:
    """Remove the folders of programs that have ended: nobody holds their locks."""
    for folder in cache.iterdir():
        if folder.is_dir():
            with contextlib.suppress(BlockingIOError), _locked(folder / _LOCK, fcntl.LOCK_NB):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path, how: int = 0) -> Iterator[None]:
    descriptor = _lock(path, fcntl.LOCK_EX | how)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, how: int) -> int:
    """A descriptor that holds the lock until it is closed, by the end of the process at last."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
