"""Markdown that strangers' texts can stand in: on no forge do they mean anything.

Values stand in code spans and fenced blocks, where no forge looks for HTML, links,
images, mentions or emphasis; sentences that may quote them are escaped. Follows
CommonMark 0.31 and GitHub Flavored Markdown's tables.
"""

import re
from collections.abc import Iterable, Iterator

from repro_tui.text import plural, visible

_MEANT = re.compile(r"([\\`*_\[\]<>~&$])")
# Forges look for these in the finished text, where a backslash is gone: a comment parts them.
_TRIGGERS = re.compile(
    r"(?<=[@#])(?=\S)|(?<=[!~%&$])(?=\w)|(?<=\bGH)(?=-\d)|(?<=:)(?=//)|(?<=www)(?=\.)",
    re.IGNORECASE,
)


def code(text: str) -> str:
    """Untrusted text as a code span."""
    text = visible(text)
    if not text:
        return "(empty)"
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    edge = text[0] + text[-1]
    # A reader takes one space off either end, unless there are spaces only.
    padding = " " if "`" in edge or (edge == "  " and text.strip(" ")) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def prose(text: str) -> str:
    """Untrusted text as plain words. It must not begin a line, where `#` or `-` have a meaning."""
    escaped = _MEANT.sub(r"\\\1", visible(text))
    return _TRIGGERS.sub("<!-- -->", escaped)


def details(summary: str, blocks: Iterable[str]) -> Iterator[str]:
    """A folded part. `summary` is HTML."""
    yield f"<details><summary>{summary}</summary>"
    yield from blocks
    yield "</details>"


MANY = 12
"""Rows from which a table is folded in a short report."""


def folded(count: int, noun: str, text: str, *, full: bool) -> Iterator[str]:
    """A table of `count` rows, folded where they are many and the report is a short one."""
    if count > MANY and not full:
        yield from details(plural(count, noun), [text])
    else:
        yield text


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; pipes in cells are escaped, and spelled out where renderers would disagree."""
    titles, *lines = [
        [cell.replace("\\|", "\\\\x7c").replace("|", "\\|") for cell in row]
        for row in (head, *rows)
    ]
    lines = [titles, ["---"] * len(titles), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
