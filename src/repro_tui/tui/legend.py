"""What the symbols of the program mean, from the places that give them out."""

from collections.abc import Mapping

from textual.content import Content

from repro_tui.compare.model import Kind
from repro_tui.evidence.gauge.model import Group, Level
from repro_tui.reports import words
from repro_tui.tui.spelling import colour

_KINDS = {
    Kind.CHANGED: "both have it, with other values",
    Kind.ADDED: "only the right one has it",
    Kind.REMOVED: "only the left one has it",
    Kind.WITHIN_TOLERANCE: "it differs, and the tolerance that was asked for lets it pass",
    Kind.SET_ASIDE: "it differs, and a rule says that this does not count",
    Kind.UNKNOWN: "it could not be compared, and is never taken as equal",
    Kind.EQUAL: "the same, to the bit",
}
_ROWS = {
    "↻": "a re-execution of another run",
    "●1": "marked; the number tells the order",
    "▾ ▸": "something stands below it: shown, folded away",
}

Symbols = tuple[tuple[Content, str], ...]


def legend() -> Mapping[str, Symbols]:
    """Symbols and what they mean, by what they are seen on."""
    return {
        "Differences": tuple(
            (Content.styled(words.symbol(kind), f"{colour(kind)} bold"), f"{kind}: {meaning}")
            for kind, meaning in _KINDS.items()
        ),
        "Runs": tuple((Content(symbol), meaning) for symbol, meaning in _ROWS.items()),
        f"What is known of {', '.join(Group)}": tuple(
            (Content(level.symbol), str(level)) for level in reversed(Level)
        ),
    }
