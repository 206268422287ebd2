"""How values read in a list: one line each, digests shortened, what differs marked. Pure."""

import re

from rich.cells import cell_len
from textual.content import Content

from repro_tui.compare.inline import Spans, spans
from repro_tui.compare.model import Kind
from repro_tui.evidence.model import Fact, FileRef, History, Known, Package
from repro_tui.reports import words
from repro_tui.text import number, visible
from repro_tui.tui.spelling import MUTED, colour, shown

_AMPLE = 34
"""Cells from which a value tells what is only nice to know."""
_TIGHT = 22
"""Cells below which it tells only what tells it from others."""
_MARK = "bold underline"
"""What differs inside of a value: seen without colours, too."""
_DIGEST = re.compile(r"(?<![0-9A-Za-z])([0-9a-f]{8})[0-9a-f]{24,}(?![0-9A-Za-z])")


def spelled(fact: Fact | None, room: int) -> str:
    """A value in one line for about so many cells, as it was recorded: it may be hostile."""
    match fact:
        case Known(value=FileRef(digest=digest)) if room < _AMPLE:
            return digest if room >= _TIGHT else digest.rpartition(":")[2]
        case Known(value=History() as history) if room < _TIGHT and len(history):
            return f"{number(float(history.values[-1]))}, point {len(history):,}"
        case Known(value=Package(version, source, hashes, marker)) if hashes:
            # One hash a wheel: a lock lists dozens. They are in the details.
            many = hashes[0] if len(hashes) == 1 else f"{len(hashes)} hashes"
            return " ".join(filter(None, (version, source, marker, many)))
        case _:
            return words.fact(fact)


def shortened(text: str) -> str:
    """The text with digests cut to eight digits: `sha256:1a2b3c4d…`."""
    return _DIGEST.sub(r"\1…", text)


def value(fact: Fact | None, room: int) -> Content:
    """A value by itself."""
    return shown(shortened(spelled(fact, room)))


def fit(left: Fact | None, right: Fact | None, room: int) -> bool:
    """Whether both values are whole in so many cells each."""
    return max(map(cell_len, _texts(left, right, room))) <= room


def values(left: Fact | None, right: Fact | None, kind: Kind, room: int) -> tuple[Content, Content]:
    """Two values, cut to `room` cells where they differ, with what differs marked."""
    texts = _texts(left, right, room)
    quiet = kind in (Kind.EQUAL, Kind.SET_ASIDE)
    style = MUTED if quiet else colour(kind)
    found = spans(*texts) if kind in (Kind.CHANGED, Kind.WITHIN_TOLERANCE) else ((), ())
    start = words.opening(texts, room) if max(map(len, texts)) > room else 0
    a, b = (
        _window(_marked(text, places, style), start, room)
        for text, places in zip(texts, found, strict=True)
    )
    return a, b


def _texts(left: Fact | None, right: Fact | None, room: int) -> tuple[str, str]:
    whole = spelled(left, room), spelled(right, room)
    short = shortened(whole[0]), shortened(whole[1])
    # What differs only in digits that are not shown is shown whole.
    kept = whole if short[0] == short[1] and whole[0] != whole[1] else short
    return visible(kept[0]), visible(kept[1])


def _marked(text: str, places: Spans, style: str) -> Content:
    content = Content.styled(text, style)
    for start, end in places:
        content = content.stylize(_MARK, start, end)
    return content


def _window(text: Content, start: int, room: int) -> Content:
    rest = Content("…") + text[start + 1 :] if start else text
    return rest.truncate(room, ellipsis=True)
