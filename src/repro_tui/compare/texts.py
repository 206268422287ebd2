"""The lines in which two texts differ. Bounded in time, whatever the texts are.

`difflib` alone is cubic at worst. So equal lines at both ends are set apart first, then
the lines that occur once in either text anchor the rest (B. Cohen's patience diff), and
difflib sees only the short stretches between anchors.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from repro_tui.compare.model import DiffLine, DiffMark, TextDetail
from repro_tui.text import plural

_CONTEXT = 3
_MOST_LINES = 2000
_SHORT = 40_000
"""Lines left times lines right up to which difflib is asked; beyond, all count as replaced."""

Block = tuple[int, int, int]
"""Equal lines: where they start on the left, on the right, and how many."""


def decode(content: bytes) -> str | None:
    """The text that `content` holds, or None where it is no UTF-8 text."""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def diff(left: str, right: str, *, whole: bool = False) -> TextDetail:
    r"""Compare line by line. Lines end at `\n` alone, so that `\r\n` is a difference.

    `whole` gives all lines, not only those that differ with a few around them.
    """
    a, b = _lines(left), _lines(right)
    lines: list[DiffLine] = []
    removed = added = i = j = 0
    for left_start, right_start, count in [*_equal(a, b), (len(a), len(b), 0)]:
        removed += left_start - i
        added += right_start - j
        lines += [
            DiffLine(DiffMark.REMOVED, n + 1, None, _shown(a[n])) for n in range(i, left_start)
        ]
        lines += [
            DiffLine(DiffMark.ADDED, None, n + 1, _shown(b[n])) for n in range(j, right_start)
        ]
        i, j = left_start + count, right_start + count
        head = _CONTEXT if left_start or right_start else 0
        tail = _CONTEXT if i < len(a) or j < len(b) else 0
        skipped = count - head - tail
        if whole or skipped <= 0:
            skipped = 0
            head, tail = count, 0
        shown = [*range(left_start, left_start + head), *range(i - tail, i)]
        context = [DiffLine(DiffMark.CONTEXT, n + 1, n + 1 + j - i, _shown(a[n])) for n in shown]
        if skipped > 0:
            text = plural(skipped, "equal line")
            context.insert(head, DiffLine(DiffMark.SKIPPED, None, None, text))
        lines += context
    most = len(lines) if whole else _MOST_LINES
    return TextDetail(_summary(removed, added, left, right), tuple(lines[:most]), len(lines) > most)


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _shown(line: str) -> str:
    return line.removesuffix("\n")


def _summary(removed: int, added: int, left: str, right: str) -> str:
    summary = f"{plural(removed, 'line')} removed, {plural(added, 'line')} added"
    ends = [text == "" or text.endswith("\n") for text in (left, right)]
    if ends[0] == ends[1]:
        return summary
    return f"{summary}; only the {'left' if ends[0] else 'right'} one ends with a newline"


def _equal(a: Sequence[str], b: Sequence[str]) -> list[Block]:
    """The stretches of equal lines, in order, none touching the next on both sides."""
    found: list[Block] = []
    todo = [(0, len(a), 0, len(b))]
    while todo:
        i, i_end, j, j_end = todo.pop()
        start = i
        while i < i_end and j < j_end and a[i] == b[j]:
            i, j = i + 1, j + 1
        found.append((start, j - (i - start), i - start))
        end = i_end
        while i < i_end and j < j_end and a[i_end - 1] == b[j_end - 1]:
            i_end, j_end = i_end - 1, j_end - 1
        found.append((i_end, j_end, end - i_end))
        anchors = _anchors(a[i:i_end], b[j:j_end])
        if anchors:
            # Each anchor is itself the equal start of the gap up to the next one.
            starts = [(0, 0), *anchors]
            ends = [*anchors, (i_end - i, j_end - j)]
            todo += [
                (i + x, i + x_end, j + y, j + y_end)
                for (x, y), (x_end, y_end) in zip(starts, ends, strict=True)
            ]
        elif (i_end - i) * (j_end - j) <= _SHORT:
            matcher = SequenceMatcher(None, a[i:i_end], b[j:j_end], autojunk=False)
            found += [(i + x, j + y, count) for x, y, count in matcher.get_matching_blocks()]
    return _joined(sorted(block for block in found if block[2]))


def _joined(blocks: Sequence[Block]) -> list[Block]:
    joined: list[Block] = []
    for x, y, count in blocks:
        if joined and joined[-1][0] + joined[-1][2] == x and joined[-1][1] + joined[-1][2] == y:
            last = joined.pop()
            joined.append((last[0], last[1], last[2] + count))
        else:
            joined.append((x, y, count))
    return joined


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that occur once in both, in an order that holds on both sides: the longest such."""
    in_a, in_b = Counter(a), Counter(b)
    where = {line: j for j, line in enumerate(b) if in_b[line] == 1}
    pairs = [(i, where[line]) for i, line in enumerate(a) if in_a[line] == 1 and line in where]
    # The longest increasing subsequence by patience sorting: piles of right positions.
    tops: list[int] = []
    before: list[int | None] = []
    last: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(last[pile - 1] if pile else None)
        tops[pile : pile + 1] = [j]
        last[pile : pile + 1] = [index]
    ordered: list[tuple[int, int]] = []
    at = last[-1] if last else None
    while at is not None:
        ordered.append(pairs[at])
        at = before[at]
    return ordered[::-1]
