"""UTF-8 text by lines; ids, times of day and addresses in them are set aside."""

from collections.abc import Sequence

from repro_tui.compare import texts
from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.file import Aside, Inside, OpenFile, Unsuited, settle
from repro_tui.compare.model import Finding, Kind, TextDetail
from repro_tui.compare.policy import Policy
from repro_tui.text import plural, size

LIMIT = 8 << 20
"""Bytes of a text that is compared by lines; larger ones are compared as bytes."""
DOCUMENT_LIMIT = 1 << 25
"""Bytes of a text that is parsed."""


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:  # noqa: ARG001 - exact
    """Raises Unsuited where a file is not UTF-8 text or too long."""
    return compare_lines("text", read(left), read(right))


def read(file: OpenFile, limit: int = LIMIT) -> str:
    """The text of a file. Raises Unsuited where it is not UTF-8 or too long."""
    if file.size > limit:
        raise Unsuited(f"it is larger than {size(limit)}")
    text = texts.decode(file.read())
    if text is None:
        raise Unsuited("it is not UTF-8 text")
    return text


def diff(left: str, right: str) -> TextDetail | None:
    """The lines of two documents that differ, to show beside their values."""
    return texts.diff(left, right) if max(len(left), len(right)) <= LIMIT else None


def compare_lines(comparer: str, left: str, right: str, before: Sequence[Finding] = ()) -> Inside:
    """Compare two texts; `before` are findings that led to them, and count.

    Where lines differ in earnest, the others are shown with the names of the rules in
    place of what was set aside, so that the eye falls on what remains.
    """
    if left == right:
        return settle(comparer, before, asides.DOCUMENT_LAYOUT)
    lines = left.split("\n"), right.split("\n")
    set_aside = _set_aside(*lines) if len(lines[0]) == len(lines[1]) else None
    if set_aside is not None:
        findings = [*before, *set_aside]
        return settle(comparer, findings, asides.DOCUMENT_LAYOUT, text=texts.diff(left, right))
    detail = texts.diff(*("\n".join(asides.plain(line)[0] for line in side) for side in lines))
    if not detail.lines:
        detail = texts.diff(left, right)
    changed = Finding(("lines",), Kind.CHANGED, None, None, note=detail.summary)
    return settle(comparer, [*before, changed], asides.DOCUMENT_LAYOUT, text=detail)


def _set_aside(left: Sequence[str], right: Sequence[str]) -> list[Finding] | None:
    """One finding a rule, or None where a line differs in more than the rules allow."""
    used: dict[Aside, int] = {}
    for a, b in zip(left, right, strict=True):
        if a == b:
            continue
        rules = asides.incidental(a, b)
        if not rules:
            return None
        for rule in rules:
            used[rule] = used.get(rule, 0) + 1
    return [
        Finding(
            (aside.rule,),
            Kind.SET_ASIDE,
            None,
            None,
            note=f"in {plural(count, 'line')}: {aside.why}",
            rule=aside.rule,
        )
        for aside, count in used.items()
    ]
