"""Data that Git does not hold, given to a checkout from the person's working tree.

It is copied and not linked: through a link, symbolic or hard, the process would write into
the person's own files. On a file system that can (Btrfs, XFS) a copy shares its blocks with
the original and costs next to nothing. The copies are read-only, so that a process that
would change its data says so.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from repro_tui.errors import ReproError
from repro_tui.rerun.situation import Link

_FICLONE = 0x40049409
"""The request to share blocks, see ioctl_ficlone(2)."""


def look(root: Path | None, tracked: Collection[str], name: str) -> Link:
    """What `name`, a path from the top `root` of a working tree, would bring along."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        return Link(name, "is no path from the top of the repository")
    if ".git" in path.parts:
        return Link(name, "is Git's own")
    if root is None:
        return Link(name, "cannot be had: the repository has no working tree here")
    if str(path) in tracked:
        return Link(name, "is in the commit already")
    if not (root / path).exists():
        return Link(name, f"is not in {root}")
    try:
        sizes = [found.stat().st_size for _, found in _files(root, path, tracked)]
    except OSError as error:
        return Link(name, f"cannot be read: {error.strerror}")
    if not sizes:
        return Link(name, "holds no file that is not in the commit")
    return Link(str(path), "", len(sizes), sum(sizes))


def copy(root: Path, tracked: Collection[str], names: Collection[str], folder: Path) -> None:
    """Copy what `names` bring along into the checkout `folder`, read-only.

    Raises ReproError where it cannot be read, where there is no room for it, or where a
    link of the commit leads out of the checkout.
    """
    top = folder.resolve()
    try:
        for name in names:
            for path, source in _files(root, PurePosixPath(name), tracked):
                target = folder / path
                if not target.parent.resolve().is_relative_to(top):
                    raise ReproError(
                        f"{path!r} would lie behind a link of the commit that leads elsewhere.",
                        "Leave it out: the run finds it through the link.",
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy_file(source, target)
    except OSError as error:
        raise ReproError(
            f"The data to link cannot be copied: {error}.", "Make room for it, or link less."
        ) from error


def _files(root: Path, top: PurePosixPath, tracked: Collection[str]) -> Iterator[tuple[str, Path]]:
    """The files at and below `top`, but for those of the commit. Links are followed, once."""
    start = root / top
    if start.is_file():
        yield str(top), start
        return
    seen = set()
    for folder, folders, files in os.walk(start, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen or Path(folder).name == ".git":
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(files):
            source = Path(folder, name)
            path = source.relative_to(root).as_posix()
            # Sockets, pipes and links to nothing are no data.
            if path not in tracked and source.is_file():
                yield path, source


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as left, target.open("xb") as right:
        try:
            fcntl.ioctl(right, _FICLONE, left.fileno())
        except OSError:
            shutil.copyfileobj(left, right, 1 << 20)
    with contextlib.suppress(OSError):
        status = source.stat()
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    target.chmod(0o555 if os.access(source, os.X_OK) else 0o444)
