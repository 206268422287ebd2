"""A scroll bar that costs next to nothing to draw again."""

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip


def lean(bar: ScrollBar) -> None:
    """Have a vertical bar draw itself out of the few different lines that it consists of.

    Textual makes several new strips of each of its lines whenever it moves: a third of what
    it takes to show the next page of a list. It also makes the bar itself, of a class that
    cannot be chosen.
    """
    bar.render_lines = lambda crop: _lines(bar, crop)  # type: ignore[method-assign]


def _lines(bar: ScrollBar, crop: Region) -> list[Strip]:
    drawn = bar.render()
    assert isinstance(drawn, ScrollBarRender)
    colours = drawn.style
    assert isinstance(colours, Style)
    assert colours.color is not None
    assert colours.bgcolor is not None
    segments = drawn.render_bar(
        size=bar.size.height,
        virtual_size=drawn.virtual_size,
        window_size=drawn.window_size,
        position=drawn.position,
        thickness=drawn.thickness,
        back_color=colours.bgcolor,
        bar_color=colours.color,
    ).segments
    ground, (_, background) = bar.visual_style.rich_style, bar.background_colors
    made: dict[int, Strip] = {}
    for segment in segments:
        if id(segment) not in made:
            strip = _line(segment.text, ground + segment.style)
            for line_filter in bar.get_line_filters():
                strip = strip.apply_filter(line_filter, background)
            made[id(segment)] = strip.crop(*crop.column_span)
    return [made[id(segment)] for segment in list(segments)[crop.y : crop.bottom]]


@lru_cache(maxsize=64)
def _line(text: str, style: Style) -> Strip:
    return Strip([Segment(text, style)])
