"""Where two texts differ: the stretches of either that have no counterpart in the other.

They say how texts are spelled, not what they mean: `1e-3` and `0.001` have nothing in common.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

Span = tuple[int, int]
"""Start and end as of a slice; never empty."""
Spans = tuple[Span, ...]
"""In order, and apart from each other by one character at least."""

_TOKEN = re.compile(
    r"(?<![^\W_])(?=\w*[a-f])(?=\w*\d)[0-9a-f]{8,}(?![^\W_])"  # a digest, whole or shortened
    r"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"  # a number
    r"|[^\W\d_]+|\s+|.",  # a word, a gap, any sign
    re.DOTALL,
)
_NUMBER = re.compile(r"(\d+)((?:\.\d+)?)((?:[eE][+-]?\d+)?)")
_MOST_TOKENS = 600
"""Of the middle that is not shared; beyond, all of it counts as different."""
_LEAST_SHARED = 0.2
"""Of the middle; where less is shared, that is by accident."""


@lru_cache(maxsize=2048)
def spans(left: str, right: str) -> tuple[Spans, Spans]:
    """The differing stretches of either text.

    What is left outside of them is the same text on both sides. Numbers differ from the
    first digit on that is not the same at the same place, digests as a whole.

    >>> spans("loss 1.2345", "loss 1.2389")
    (((9, 11),), ((9, 11),))
    """
    a, b = _TOKEN.findall(left), _TOKEN.findall(right)
    start = _shared(a, b)
    end = _shared(a[start:][::-1], b[start:][::-1])
    a, b, head = a[start : len(a) - end], b[start : len(b) - end], sum(map(len, a[:start]))
    lengths = sum(map(len, a)), sum(map(len, b))
    if max(len(a), len(b)) <= _MOST_TOKENS:
        pairs = tuple(_differing(a, b, head))
        marked = _joined(pair[0] for pair in pairs), _joined(pair[1] for pair in pairs)
        shared = lengths[0] - sum(stop - first for first, stop in marked[0])
        if len(a) == len(b) == 1 or shared >= _LEAST_SHARED * max(lengths):
            return marked
    return _joined([(head, head + lengths[0])]), _joined([(head, head + lengths[1])])


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def _differing(a: Sequence[str], b: Sequence[str], at: int) -> Iterator[tuple[Span, Span]]:
    """Stretches of both sides that stand in one place; either may be empty."""
    left = right = at
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "replace" and i2 - i1 == j2 - j1:
            for x, y in zip(a[i1:i2], b[j1:j2], strict=True):
                head, tail = _alike(x, y)
                yield (left + head, left + len(x) - tail), (right + head, right + len(y) - tail)
                left, right = left + len(x), right + len(y)
            continue
        widths = sum(map(len, a[i1:i2])), sum(map(len, b[j1:j2]))
        if tag != "equal":
            yield (left, left + widths[0]), (right, right + widths[1])
        left, right = left + widths[0], right + widths[1]


def _alike(x: str, y: str) -> tuple[int, int]:
    """How many characters two tokens begin and end alike with."""
    if x == y:
        return len(x), 0
    numbers = _NUMBER.fullmatch(x), _NUMBER.fullmatch(y)
    if numbers[0] and numbers[1]:
        (whole, _, power), (other, _, same) = numbers[0].groups(), numbers[1].groups()
        if len(whole) != len(other) or power != same:
            return 0, 0
        mantissas = x[: len(x) - len(power)], y[: len(y) - len(power)]
        return _shared(*mantissas), len(power)
    if not (x.isalpha() and y.isalpha()):
        return 0, 0
    head = _shared(x, y)
    tail = _shared(x[head:][::-1], y[head:][::-1])
    return (head, tail) if 2 * (head + tail) >= max(len(x), len(y)) else (0, 0)


def _joined(found: Iterable[Span]) -> Spans:
    """Without the empty ones; those that touch are one."""
    joined: list[Span] = []
    for start, end in found:
        if end > start:
            touches = bool(joined) and joined[-1][1] == start
            joined.append((joined.pop()[0] if touches else start, end))
    return tuple(joined)
