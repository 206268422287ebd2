"""The way from a screen to the application that it stands in."""

from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode

if TYPE_CHECKING:
    from repro_tui.tui.app import ReproApp


def house(node: DOMNode) -> "ReproApp":
    """The application of `node`, with its engine and jobs; all screens live in a ReproApp."""
    return cast("ReproApp", node.app)
