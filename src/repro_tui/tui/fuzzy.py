"""Quick search: which texts hold the letters that were typed, and where. Pure.

Not `textual.fuzzy`: it tries every way in which the letters can be placed, and the names of
runs are a stranger's: on `ababab…` it would never end.
"""

from collections.abc import Sequence

from textual.content import Content

EMPHASIS = "bold underline"


def find(query: str, text: str) -> tuple[int, ...] | None:
    """Where in `text` the letters of `query` stand: together, or else in their order.

    Capitals do not matter. Of the letters in order the last stands as early as it can, the
    others as close before it as they can.

    >>> find("loss", "val/Loss"), find("vl", "val/loss"), find("x", "val/loss")
    ((4, 5, 6, 7), (0, 2), None)
    """
    query, text = fold(query), fold(text)
    together = text.find(query)
    if together >= 0:
        return tuple(range(together, together + len(query)))
    end = -1
    for letter in query:
        end = text.find(letter, end + 1)
        if end < 0:
            return None
    places = [end + 1]
    for letter in reversed(query):
        places.append(text.rfind(letter, 0, places[-1]))
    return tuple(reversed(places[1:]))


def fold(text: str) -> str:
    """The text with capitals made small, each character in its place."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(c.lower()[:1] for c in text)


def emphasised(content: Content, query: str, *, loosely: bool) -> Content:
    """Content with what was searched for in it stressed; `loosely`: letters apart, too."""
    places = find(query, content.plain) if query else None
    if not places or (not loosely and places[-1] - places[0] >= len(places)):
        return content
    for place in places:
        content = content.stylize(EMPHASIS, place, place + 1)
    return content


def best_first(query: str, texts: Sequence[str]) -> list[int]:
    """The places of the texts that match: first those that hold the query as it is.

    Of the others the first line is to hold the letters of the query in their order.
    """
    if not query:
        return list(range(len(texts)))
    small = fold(query)
    exact = [place for place, text in enumerate(texts) if small in fold(text)]
    known = set(exact)
    loose = [
        place
        for place, text in enumerate(texts)
        if place not in known and find(query, text.partition("\n")[0]) is not None
    ]
    return exact + loose
