"""How far a project's files reach into a run: which of them it uses, and what they import.

Read off the text of the commit, without running any of it. Imports that are computed,
and files that are opened by a name that no param and no command spells, are not seen: so
this orders what changed, and decides nothing.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import load_yaml, mapping, string
from repro_tui.evidence.files import decode
from repro_tui.evidence.model import Missing, Reach, Run
from repro_tui.evidence.origin import Origin, Snapshot
from repro_tui.evidence.record import Launch
from repro_tui.evidence.repository import Entry

_LARGEST = 1 << 20
"""Bytes of one file of code that is read."""
_MOST_FILES = 400
_MOST_BYTES = 8 << 20
_ENDLESS = re.compile(rb"\.(?:[\s\\]*+[\w\x80-\xff]++[\s\\]*+\.){100}")
"""A name of more parts than anybody's: Python's parser takes the square of their number, 18
seconds for 200 KB of them."""
_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "hydra": "hydra-core",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
"""Distributions whose name is not that of the module which they bring."""


def reach(run: Run, launch: Launch | None, origin: Origin) -> Reach:
    """What of the commit the run uses; empty where the code cannot be had.

    It starts at the scripts that the command names and follows their imports. Where no
    script is found, every Python file of the project says what is imported.
    """
    if isinstance(origin.code, Missing):
        return Reach()
    walk = _Walk(origin.code)
    command = launch.command if launch else _command(origin.code, origin.entry_point)
    words = [word.strip("'\"") for word in command.split()]
    for path in _scripts(walk, [*words, origin.entry_point]):
        walk.uses.setdefault(path, "run by the command")
    started = list(walk.uses)
    for name, value in run.params.items():
        for path in walk.named(value.strip("'")):
            walk.uses.setdefault(path, f"named by the param {name}")
    for word in words:
        for path in walk.named(word):
            walk.uses.setdefault(path, "named in the command")
    walk.follow(started or walk.python())
    if not started:
        walk.uses = {p: why for p, why in walk.uses.items() if not why.startswith("imported")}
    return Reach(walk.uses, frozenset(walk.imported))


def _command(snapshot: Snapshot, entry_point: str) -> str:
    """The command of an entry point in the project's MLproject file, placeholders and all."""
    for entry in snapshot.entries:
        folder, _, name = entry.path.rpartition("/")
        if folder == snapshot.subdirectory and name.lower() == "mlproject":
            try:
                document = mapping(load_yaml(snapshot.text(entry, _LARGEST)), "MLproject")
                points = mapping(document.get("entry_points"), "entry_points")
                point = mapping(points.get(entry_point), "the entry point")
                return string(point.get("command"), "command")
            except ReproError:
                return ""
    return ""


def _scripts(walk: "_Walk", words: list[str]) -> Iterator[str]:
    for before, word in zip(["", *words], words, strict=False):
        if word.endswith(".py"):
            yield from walk.named(word)
        elif before == "-m":
            yield from walk.module(word, "")
            yield from walk.module(f"{word}.__main__", "")


@dataclass
class _Walk:
    """The imports of one commit, followed from file to file."""

    snapshot: Snapshot
    uses: dict[str, str] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    files: dict[str, Entry] = field(init=False)
    """The project's files by path from the top of the repository."""
    roots: list[str] = field(init=False)
    """Folders in which modules are looked for, besides the importing file's own."""

    def __post_init__(self) -> None:
        project = self.snapshot.subdirectory
        self.files = {entry.path: entry for entry in self.snapshot.entries if entry.kind == "blob"}
        tops = [f"{project}/" if project else "", ""]
        self.roots = [f"{top}{folder}" for top in tops for folder in ("", "src/")]

    def named(self, name: str) -> Iterator[str]:
        """The file of that name in the project's folder, or else at the top."""
        path = PurePosixPath(name)
        if not name or len(name) > 1000 or path.is_absolute() or ".." in path.parts:
            return
        for root in (self.roots[0], ""):
            if f"{root}{path}" in self.files:
                yield f"{root}{path}"
                return

    def python(self) -> list[str]:
        top = self.roots[0]
        return [path for path in self.files if path.startswith(top) and path.endswith(".py")]

    def module(self, name: str, folder: str) -> Iterator[str]:
        """The files that importing `name` runs: the packages above it, and its own."""
        parts = name.split(".")
        for root in dict.fromkeys((folder, *self.roots)):
            tried = [
                f"{root}{'/'.join(parts[:length])}{end}"
                for length in range(1, len(parts) + 1)
                for end in ("/__init__.py", ".py")
            ]
            found = [path for path in tried if path in self.files]
            if found:
                yield from found
                return

    def follow(self, paths: list[str]) -> None:
        """Read the files, then those which they import, and so on."""
        seen: set[str] = set()
        budget = _MOST_BYTES
        while paths:
            wanted = []
            for path in dict.fromkeys(paths):
                size = self.files[path].size
                if path in seen or size > min(_LARGEST, budget) or len(seen) >= _MOST_FILES:
                    continue
                seen.add(path)
                budget -= size
                wanted.append(path)
            blobs = self.snapshot.repository.read_blobs([self.files[path].id for path in wanted])
            paths = []
            for path, content in zip(wanted, blobs, strict=True):
                for found in self._imports(path, content):
                    self.uses.setdefault(found, f"imported by {path}")
                    paths.append(found)

    def _imports(self, path: str, content: bytes) -> Iterator[str]:
        """The project's files that this one imports; notes the distributions."""
        folder = path[: path.rfind("/") + 1]
        for name, relative in _imported(content, path):
            base = folder
            for _ in range(relative - 1):
                base = base.rstrip("/")
                base = base[: base.rfind("/") + 1]
            found = list(self.module(name, base) if name else ())
            yield from (each for each in found if each != path)
            top = name.partition(".")[0]
            if not found and not relative and top not in sys.stdlib_module_names:
                self.imported.add(_DISTRIBUTIONS.get(top, canonicalize_name(top)))


def _imported(content: bytes, path: str) -> Iterator[tuple[str, int]]:
    """The modules that a file imports, each with its leading dots."""
    if _ENDLESS.search(content):
        return
    try:
        tree = ast.parse(decode(content, path))
    except (ReproError, SyntaxError, ValueError, MemoryError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module:
                yield module, node.level
            for alias in node.names:
                # What is imported from a package may be a module of it.
                yield f"{module}.{alias.name}".lstrip("."), node.level
