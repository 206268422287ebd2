"""How a picture is shown in this terminal: by its graphics where it says that it has them.

textual-image asks the terminal when it is imported. Its answer would go to Textual, which
reads all that comes from there, and the question would wait; so what the environment tells
has to do, and pictures are made of half blocks where it tells nothing.
"""

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from PIL import Image
from textual.widget import Widget


class Graphics(StrEnum):
    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"


_KITTY = ("xterm-kitty", "xterm-ghostty")
_SIXEL_TERMS = ("foot", "foot-extra", "mlterm", "contour", "yaft-256color")
_SIXEL_PROGRAMS = ("WezTerm", "iTerm.app", "contour", "mintty")


def graphics(environment: Mapping[str, str]) -> Graphics:
    """What the terminal says of itself; a multiplexer stands before it, a browser has none."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    between = "TMUX" in environment or "STY" in environment or term.startswith(("tmux", "screen"))
    if between or environment.get("NO_COLOR") or "TEXTUAL_DRIVER" in environment:
        return Graphics.BLOCKS
    if term in _KITTY:
        return Graphics.KITTY
    if term in _SIXEL_TERMS or program in _SIXEL_PROGRAMS:
        return Graphics.SIXEL
    return Graphics.BLOCKS


def picture(image: Image.Image) -> Widget:
    """A widget that shows the image as well as this terminal can."""
    with _unasked():
        from textual_image.widget import HalfcellImage, SixelImage, TGPImage
    match graphics(os.environ):
        case Graphics.KITTY:
            return TGPImage(image)
        case Graphics.SIXEL:
            return SixelImage(image)
        case Graphics.BLOCKS:
            return HalfcellImage(image)


@contextmanager
def _unasked() -> Iterator[None]:
    """Nothing is asked of an output that is no terminal."""
    held = sys.__stdout__
    sys.__stdout__ = io.StringIO()  # type: ignore[misc, assignment]  # it is only asked what it is
    try:
        yield
    finally:
        sys.__stdout__ = held  # type: ignore[misc]
