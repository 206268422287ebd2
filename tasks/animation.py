"""Pictures of a terminal one after the other, as one SVG that moves without a script."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_FONTS = re.compile(r"\s*@font-face \{.*?\}|\s*<!--.*?-->", re.DOTALL)
"""Fonts at web addresses: a picture in a page loads none."""
_CAPTION = 48
"""Height of the line below the terminal."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is seen for some seconds, and what is said below it: the key that led there."""

    svg: str
    said: str
    seconds: float


def animated(frames: Sequence[Frame]) -> str:
    """One SVG, as large as the first frame, that shows the frames in turn for ever."""
    size = _SIZE.search(frames[0].svg)
    assert size is not None
    width, height = float(size[1]), float(size[2])
    total = sum(frame.seconds for frame in frames)
    lines = [
        f'<svg viewBox="0 0 {width:g} {height + _CAPTION:g}" xmlns="http://www.w3.org/2000/svg">',
    ]
    start = 0.0
    for frame in frames:
        end = start + frame.seconds
        # Discrete values hold from their time to the next: hidden, then seen, then hidden.
        values, times = ["hidden", "visible", "hidden"], [0.0, start / total, end / total]
        if start == 0:
            values, times = values[1:], times[1:]
        if end >= total:
            values, times = values[:-1], times[:-1]
        timing = f'dur="{total:g}s" repeatCount="indefinite" calcMode="discrete"'
        steps = f'values="{";".join(values)}" keyTimes="{";".join(f"{t:.5f}" for t in times)}"'
        place = f'x="{width / 2:g}" y="{height + 30:g}" text-anchor="middle"'
        look = 'font-size="24" font-family="monospace" fill="#8a93a3"'
        sized = f'<svg width="{width:g}" height="{height:g}" '
        lines += [
            '<g visibility="hidden">',
            f'<animate attributeName="visibility" {timing} {steps}/>',
            _FONTS.sub("", frame.svg).replace("<svg ", sized, 1),
            f"<text {place} {look}>{escape(frame.said)}</text>",
            "</g>",
        ]
        start = end
    return "\n".join([*lines, "</svg>", ""])
