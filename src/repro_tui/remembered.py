"""What the program remembers from one session to the next, in the platform's state folder.

A convenience, never evidence: what cannot be read is forgotten, and nothing that a person
asked for fails because it could not be kept.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.discover import without_password
from repro_tui.output import write_whole

FILE = "remembered.json"
_VERSION = 1
_MOST_BYTES = 1 << 20
_MOST_STORES = 50
"""Stores that are remembered, those looked at last."""
_writing = threading.Lock()


class StoreView(Struct, frozen=True):
    """How the runs of one store were last looked at."""

    columns: tuple[str, ...] = ()
    """Names of the columns in their order; empty: chosen by themselves."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """Cells of the columns that were sized by hand."""
    order_by: str = ""
    """In MLflow's search syntax; empty: newest first."""
    experiment_ids: tuple[str, ...] = ()
    """Empty: all active experiments."""
    marks: tuple[str, ...] = ()
    """Run ids, in the order in which they were marked."""


class Remembered(Struct, frozen=True):
    version: int = _VERSION
    """Of this format: what another release remembered is forgotten."""
    theme: str = ""
    """The theme that was picked last; empty: none was."""
    theme_asked: str = ""
    """The theme that the settings asked for then."""
    last_store: str = ""
    """Tracking URI of the store that was opened last."""
    stores: Mapping[str, StoreView] = field(default_factory=dict)
    """By tracking URI, the one looked at last at the end."""

    def view(self, uri: str) -> StoreView:
        """How that store was last looked at."""
        return self.stores.get(uri, StoreView())

    def opened(self, uri: str) -> "Remembered":
        """The same with this store as the last one."""
        kept = self.with_view(uri, self.view(uri))
        return replace(kept, last_store=uri) if uri in kept.stores else kept

    def with_view(self, uri: str, view: StoreView) -> "Remembered":
        """The same with this view of a store, and without those that are too many.

        A store whose URI holds a login, which may be a password, is not kept.
        """
        if without_password(uri) != uri:
            return self
        others = {other: kept for other, kept in self.stores.items() if other != uri}
        return replace(self, stores=dict([*others.items(), (uri, view)][-_MOST_STORES:]))


def recall(state: Path) -> Remembered:
    """What was remembered in the folder `state`; nothing, where it cannot be read."""
    try:
        path = state / FILE
        if path.stat().st_size > _MOST_BYTES:
            return Remembered()
        kept = msgspec.json.decode(path.read_bytes(), type=Remembered)
        return kept if kept.version == _VERSION else Remembered()
    except (OSError, ValueError, RecursionError):
        return Remembered()


def remember(state: Path, change: Callable[[Remembered], Remembered]) -> None:
    """Change what is remembered in the folder `state`; a folder that cannot be written to forgets.

    Read again first: another program may have remembered something meanwhile.
    """
    with _writing, contextlib.suppress(OSError, UnicodeEncodeError, ReproError):
        changed = msgspec.json.encode(change(recall(state)))
        state.mkdir(parents=True, exist_ok=True)
        write_whole(state / FILE, msgspec.json.format(changed, indent=1).decode() + "\n")
