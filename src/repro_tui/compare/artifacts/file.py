"""The nouns of looking inside two files, and how findings add up to one word."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from repro_tui.compare.model import FileDetail, Finding, Kind, Policy, TextDetail
from repro_tui.evidence.model import Fact, Key
from repro_tui.text import plural


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One file, opened and capped in size by the caller; `path` is only its name."""

    path: str
    size: int
    """Bytes."""
    stream: BinaryIO
    """Seekable, at any position."""

    def read(self) -> bytes:
        """The whole content."""
        self.stream.seek(0)
        return self.stream.read()

    def head(self, length: int) -> bytes:
        """The first `length` bytes."""
        self.stream.seek(0)
        return self.stream.read(length)

    @property
    def suffix(self) -> str:
        """`.json`, in lower case; empty where the name has none."""
        name = self.path.rpartition("/")[2]
        stem, dot, suffix = name.rpartition(".")
        return f".{suffix.lower()}" if dot and stem else ""


@dataclass(frozen=True, slots=True)
class Inside:
    """What looking into two files found.

    `kind` is CHANGED, WITHIN_TOLERANCE or SET_ASIDE; `rule` names what set it aside or
    the tolerance that it passed by.
    """

    kind: Kind
    detail: FileDetail
    rule: str = ""


Comparer = Callable[[OpenFile, OpenFile, Policy], Inside]


class Unsuited(Exception):  # noqa: N818 - it says which comparer to leave, not that all is lost
    """These files are not what the comparer reads; the message ends `because …`."""


class Aside(NamedTuple):
    """A difference in a file that does not count: the name of the rule, and why."""

    rule: str
    why: str

    def finding(self, key: Key, left: Fact | None = None, right: Fact | None = None) -> Finding:
        return Finding(key, Kind.SET_ASIDE, left, right, note=self.why, rule=self.rule)


def settle(
    comparer: str,
    findings: Iterable[Finding],
    layout: Aside,
    *,
    text: TextDetail | None = None,
) -> Inside:
    """One word for everything found between two files whose bytes differ.

    What could not be compared counts as changed: the bytes do differ, and nothing
    shows that the difference is one that may be set aside. Where all parts are equal,
    what differs is the way that they are written down, and `layout` names it.
    """
    found = tuple(findings)
    counted = {kind: [f for f in found if f.kind is kind] for kind in Kind}
    if not any(counted[kind] for kind in Kind if kind is not Kind.EQUAL):
        aside = layout.finding(("layout",))
        found, counted[Kind.SET_ASIDE] = (*found, aside), [aside]
    parts = [
        f"{len(counted[kind]):,} {kind}" if kind is not Kind.UNKNOWN else _unknown(counted[kind])
        for kind in Kind
        if counted[kind]
    ]
    if any(counted[kind] for kind in Kind if kind.differs or kind is Kind.UNKNOWN):
        kind = Kind.CHANGED
    elif counted[Kind.WITHIN_TOLERANCE]:
        kind = Kind.WITHIN_TOLERANCE
    else:
        kind = Kind.SET_ASIDE
    rule = ", ".join(dict.fromkeys(f.rule for f in counted[kind] if f.rule))
    summary = f"{plural(len(found), 'part')}: {', '.join(parts)}"
    return Inside(kind, FileDetail(comparer, summary, found, text), rule)


def _unknown(findings: list[Finding]) -> str:
    return f"{len(findings):,} not compared"
