"""Listed artifacts as a tree: folders with what they hold, files with their sizes. Pure."""

from collections import defaultdict
from collections.abc import Callable

from msgspec import Struct
from textual.content import Content

from repro_tui.evidence.model import Unreadable
from repro_tui.evidence.tracking.reader import Listing, StoredFile
from repro_tui.text import plural, size
from repro_tui.tui.spelling import MUTED, shown

_DEEPEST = 12
"""Levels that are indented further; a stranger's paths may nest as deep as they like."""


class Branch(Struct, frozen=True, eq=False):
    """A folder or a file of the tree."""

    path: str
    draw: Callable[[], Content]


def tree(listing: Listing | Unreadable, depth: int = 0) -> tuple[Content, list[Branch]]:
    """What the artifacts come to, and the tree of them, folders before what is in them.

    `depth` is how many levels there are above the tree.
    """
    if isinstance(listing, Unreadable):
        return shown(f"cannot be listed: {listing.reason}", "$text-error"), []
    if not listing.files and not listing.more:
        return Content.styled("none", MUTED), []
    within: defaultdict[str, list[StoredFile]] = defaultdict(list)
    for file in listing.files:
        folder = file.path
        while folder := folder.rpartition("/")[0]:
            within[folder].append(file)
    branches: list[Branch] = []
    told: set[str] = set()
    for file in listing.files:
        parts = file.path.split("/")
        for level in range(1, len(parts)):
            folder = "/".join(parts[:level])
            if folder not in told:
                told.add(folder)
                branches.append(_folder(folder, within[folder], depth + level))
        branches.append(_file(file, depth + len(parts)))
    more = " and more, which are not listed" if listing.more else ""
    return Content.styled(_sum(listing.files) + more, MUTED), branches


def _sum(files: "list[StoredFile] | tuple[StoredFile, ...]") -> str:
    known = [file.size for file in files if file.size is not None]
    return f"{plural(len(files), 'file')}, {size(sum(known))}"


def _folder(path: str, files: list[StoredFile], depth: int) -> Branch:
    def draw() -> Content:
        name = shown(f"{path.rpartition('/')[2]}/", "$primary", 80)
        return (
            Content("  " * min(depth, _DEEPEST)) + name + Content.styled(f"  {_sum(files)}", MUTED)
        )

    return Branch(path, draw)


def _file(file: StoredFile, depth: int) -> Branch:
    def draw() -> Content:
        told = file.note or ("size not told" if file.size is None else size(file.size))
        name = shown(file.path.rpartition("/")[2] or file.path, "", 80)
        return Content("  " * min(depth, _DEEPEST)) + name + shown(f"  {told}", MUTED)

    return Branch(file.path, draw)
