"""What the first keys open, imported while the runs are looked at: no key waits for it."""

import sys
from importlib import import_module

from textual.dom import DOMNode

from repro_tui.evidence.tracking.reader import Progress
from repro_tui.tui.background import start

_NEXT = (
    "repro_tui.tui.run_details", "repro_tui.tui.screens.compare", "repro_tui.tui.screens.run",
    "repro_tui.tui.screens.rerun", "repro_tui.tui.screens.run_dialogs",
    "repro_tui.tui.widgets.run_pane",
)  # fmt: skip
"""They bring NumPy, which alone takes as long as the first page of runs."""


def look_ahead(node: DOMNode) -> None:
    """Import in a thread what was not imported yet."""
    if any(name not in sys.modules for name in _NEXT):
        start(node, "ahead", _import)


def _import(_: Progress) -> None:
    for name in _NEXT:
        import_module(name)
