"""How a line about a run is made: a value beside its label, wrapped, safe. Pure."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from msgspec import Struct
from textual.content import Content

from repro_tui.text import visible
from repro_tui.tui.spelling import MUTED, shown

_MOST_LINES = 4
"""Lines of a value; the rest is for the screen that shows it whole."""


Holds = Callable[[str, str], bool]
"""Whether a label and its value hold what is searched for."""


class Topic(StrEnum):
    """The sections, in their order."""

    KNOWN = "could it be reproduced?"
    RUN = "run"
    AGAIN = "re-executions"
    PARAMS = "params"
    METRICS = "metrics"
    DATASETS = "datasets"
    NOTES = "notes"
    ARTIFACTS = "artifacts"
    MODELS = "logged models"
    TAGS = "tags"


class Line(Struct, frozen=True, eq=False):
    topic: Topic
    label: str
    """With the topic and the place it says which line it is; a stranger may have written it."""
    draw: Callable[[], Content]
    value: str = ""
    """The whole value, as it is: to be copied, searched, or shown by itself."""
    opens: tuple[str, str] | None = None
    """Two runs whose comparison this line opens."""
    place: int = 0
    """Of several lines of one value, which this is."""
    heads: bool = False
    shows: Callable[[], str] | None = None
    """What is shown by itself where that is more than the value."""


def label_width(names: Iterable[str], width: int) -> int:
    return min(max((len(name) for name in names), default=0), max(width // 2 - 4, 12))


def beside(
    topic: Topic, label: str, head: Content | None, value: str, width: int, most: int
) -> Iterator[Line]:
    """A value beside its label, wrapped; `head` is what stands for the label."""
    room = max(width - most - 5, 8)
    parts = wrap(value, room, _MOST_LINES) if value else ["(empty)"]
    for place, part in enumerate(parts):

        def draw(place: int = place, part: str = part) -> Content:
            start = Content("")
            if place == 0:
                start = shown(label, MUTED, 200) if head is None else head
            return Content("  ") + fit(start, most) + Content("  ") + Content(part)

        yield Line(topic, label, draw, value, place=place)


def fit(text: Content, width: int) -> Content:
    cut = text.truncate(width, ellipsis=True)
    return cut.pad_right(width - cut.cell_length)


def wrap(text: str, room: int, most: int) -> list[str]:
    """Safe lines of a text, and how much there is where it is too long for `most` lines."""
    cut = text[: room * (most + 1)]
    safe = visible(cut)
    if len(safe) <= room and safe.isascii():
        return [safe]
    parts = [part.plain.rstrip() for part in Content(safe).wrap(room)]
    if len(parts) <= most and len(cut) == len(text):
        return parts
    hint = Content(f"… {len(text):,} characters; enter shows all").wrap(room)
    return [*parts[: max(most - len(hint), 1)], *(part.plain.rstrip() for part in hint)]


def wrapped(
    topic: Topic, label: str, start: str, text: str, width: int, style: str
) -> Iterator[Line]:
    for place, part in enumerate(wrap(text, max(width - 4 - len(start), 8), 6)):
        before = start if place == 0 else " " * len(start)

        def draw(before: str = before, part: str = part) -> Content:
            return Content.styled(f"  {before}{part}", style)

        yield Line(topic, label, draw, text, place=place)
