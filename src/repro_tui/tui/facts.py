"""Labels with their values, the values wrapped beside the labels."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

_MOST = 24
"""Cells that labels get at most; a longer one has its value on the next line."""


class Facts(Visual):
    """Lines of (label, value). One that lacks either is a heading, and ends a block of
    lines whose values stand below each other."""

    def __init__(self, lines: Sequence[tuple[Content, Content]]) -> None:
        self.lines = lines

    def content(self, width: int) -> Content:
        """The lines as they read at that width."""
        return Content("\n").join(self._wrapped(width))

    def _wrapped(self, width: int) -> Iterator[Content]:
        for heads, block in groupby(self.lines, key=lambda line: not (line[0] and line[1])):
            lines = list(block)
            if heads:
                yield from (label or value for label, value in lines)
                continue
            indent = min(max(label.cell_length for label, _ in lines), _MOST) + 2
            for label, value in lines:
                start = label.pad_right(indent - label.cell_length)
                if label.cell_length > indent - 2:
                    yield label
                    start = Content(" " * indent)
                for part in value.wrap(max(width - indent, 8)):
                    yield start + part
                    start = Content(" " * indent)

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        return self.content(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        del rules
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self.content(width).get_height(rules, width)
