"""Files by content: SHA-256 of a folder's files, and opening one that was hashed.

Folders of artifacts come from strangers. Only regular files inside the folder are
opened; a link that leaves it, a pipe, a socket or a device is named with the reason
why it was left alone.
"""

import hashlib
import io
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from repro_tui import text
from repro_tui.errors import ReproError
from repro_tui.evidence.hashes import Hashes, identity
from repro_tui.evidence.model import FileRef, GitBlob, LocalFile, Unreadable
from repro_tui.evidence.repository import Repository

# A link is never followed at the last step, and a pipe does not block us. Both flags
# are POSIX's; Windows has neither, nor the dangers that they avert.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_file(ref: FileRef) -> BinaryIO:
    """Open the bytes that `ref` stands for, seekable, at their beginning.

    Raises ReproError when the file is gone, is no regular file any more or has another
    size than when it was hashed, or when the repository no longer holds the blob.
    """
    location = ref.location
    if isinstance(location, GitBlob):
        content = Repository.open(Path(location.repository)).read_blob(location.blob, ref.size)
        return io.BytesIO(content)
    try:
        stream, status = _open_regular(location.path)
    except OSError as error:
        raise ReproError(
            f"{ref.path} cannot be opened: {reason(error)}.", "Compare the runs again."
        ) from error
    if status.st_size != ref.size:
        stream.close()
        raise ReproError(
            f"{ref.path} has changed since it was hashed: "
            f"{ref.size} bytes then, {status.st_size} now.",
            "Compare the runs again.",
        )
    return stream


def hash_folder(
    folder: Path,
    wanted: Callable[[str], bool] = lambda _: True,
    hashes: Hashes | None = None,
) -> dict[str, FileRef | Unreadable]:
    """SHA-256 of every file below `folder`, by path relative to it with `/` between parts.

    A link to a file of the folder stands for that file; every other link, and whatever
    is no regular file or cannot be read, is `Unreadable` with the reason. Files are
    hashed by streaming, several at once. A folder that does not exist has no files. What
    is not `wanted`, by its path, is left out. What `hashes` knows is not read.
    """
    root = Path(os.path.realpath(folder))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), initializer=_give_way) as pool:
        found = list(pool.map(partial(_hash, hashes), (f for f in _walk(root) if wanted(f.path))))
    return dict(sorted(found))


def read(file: Path | FileRef, limit: int) -> bytes:
    """The content of a file that is at most `limit` bytes long.

    A path is opened only where it is a regular file and no link. Raises ReproError when
    the file is longer or cannot be read.
    """
    if isinstance(file, FileRef):
        name = file.path
        stream = open_file(file)
    else:
        name = file.name
        try:
            stream, _ = _open_regular(str(file))
        except OSError as error:
            raise ReproError(f"{name} cannot be read: {reason(error)}.") from error
    with stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ReproError(f"{name} is larger than {text.size(limit)}, which is all that is read.")
    return content


def read_text(file: Path | FileRef, limit: int) -> str:
    """Like `read`, as text; ReproError where it is not UTF-8."""
    return decode(read(file, limit), Path(file.path if isinstance(file, FileRef) else file).name)


def decode(content: bytes, name: str) -> str:
    """`content` as UTF-8 text; ReproError, naming the file, where it is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReproError(
            f"{name} is not UTF-8 text: byte {error.start} is no part of it."
        ) from error


def reason(error: OSError) -> str:
    """What the operating system says, without the path that it repeats."""
    return error.strerror or type(error).__name__


def _open_regular(path: str) -> tuple[io.BufferedReader, os.stat_result]:
    descriptor = os.open(path, _FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(0, f"it is {_KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}")
    return os.fdopen(descriptor, "rb"), status


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class _Found(Struct, frozen=True):
    """Something below the folder: where it is shown, and either its file or why not."""

    path: str
    file: str = ""
    refusal: str = ""


def _walk(root: Path) -> Iterator[_Found]:
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            if folder != root:
                yield _Found(_relative(folder, root), refusal="it disappeared while it was read")
            continue
        except OSError as error:
            yield _Found(_relative(folder, root), refusal=reason(error))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                yield _link(path, root)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            else:
                yield _Found(_relative(path, root), file=entry.path)


def _link(path: Path, root: Path) -> _Found:
    shown = _relative(path, root)
    try:
        target = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        return _Found(shown, refusal=f"it is a link that leads nowhere: {reason(error)}")
    if not target.is_relative_to(root):
        return _Found(shown, refusal="it is a link that leaves the folder")
    if target.is_dir():
        return _Found(shown, refusal="it is a link to a folder, whose files stand at their place")
    return _Found(shown, file=str(target))


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _give_way() -> None:
    """Let the thread that draws go first: hashing would keep every core busy.

    By a little: beside a training that does the same a quarter of a core is left.
    """
    # On Linux alone a thread has a priority of its own: see nice(2). Elsewhere it is the process's.
    if sys.platform == "linux":
        os.nice(5)


def _hash(hashes: Hashes | None, found: _Found) -> tuple[str, FileRef | Unreadable]:
    if found.refusal:
        return found.path, Unreadable(found.path, found.refusal)
    try:
        stream, status = _open_regular(found.file)
        with stream:
            digest = hashes.recall(found.file, status) if hashes else None
            if digest is None:
                began = time.time_ns()
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                if stream.tell() != status.st_size:
                    return found.path, Unreadable(found.path, "it changed while it was read")
                if hashes and identity(os.fstat(stream.fileno())) == identity(status):
                    hashes.tell(found.file, status, digest, began)
    except OSError as error:
        return found.path, Unreadable(found.path, reason(error))
    return found.path, FileRef(
        found.path, status.st_size, f"sha256:{digest}", LocalFile(found.file)
    )
