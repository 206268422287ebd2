"""The nouns of looking inside two files, and how findings add up to one word."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from msgspec import Struct

from repro_tui.compare.model import FileDetail, Finding, Kind, TextDetail
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Fact, Key
from repro_tui.text import plural

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_FINDINGS = 1000
"""Of one kind in one file that are listed; the others are counted."""


class OpenFile(Struct, frozen=True):
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

    def part(self, path: str, start: int, size: int) -> "OpenFile":
        """The `size` bytes from `start` on as a file of its own, read where they lie."""
        return OpenFile(path, size, BufferedReader(_Part(self.stream, start, size)))

    @property
    def suffix(self) -> str:
        """`.json`, in lower case; empty where the name has none."""
        name = self.path.rpartition("/")[2]
        stem, dot, suffix = name.rpartition(".")
        return f".{suffix.lower()}" if dot and stem else ""


class _Part(RawIOBase):
    """Some bytes of a stream, which others may move between two calls."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream, self._start, self._size, self._at = stream, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        origin = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        left = max(0, self._size - self._at)
        self._stream.seek(self._start + self._at)
        # Every stream that is read here has it; typeshed's BinaryIO has not.
        count: int = self._stream.readinto(memoryview(buffer)[:left])  # type: ignore[attr-defined]
        self._at += count
        return count


class Inside(Struct, frozen=True):
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
    kinds = Counter(finding.kind for finding in found)
    if not kinds.keys() - {Kind.EQUAL}:
        found = (*found, layout.finding(("layout",)))
        kinds[Kind.SET_ASIDE] = 1
    if any(kind.differs for kind in kinds) or Kind.UNKNOWN in kinds:
        kind = Kind.CHANGED
    elif Kind.WITHIN_TOLERANCE in kinds:
        kind = Kind.WITHIN_TOLERANCE
    else:
        kind = Kind.SET_ASIDE
    rules = dict.fromkeys(finding.rule for finding in found if finding.kind is kind)
    rule = ", ".join(rule for rule in rules if rule)
    return Inside(kind, FileDetail(comparer, _summary(found, kinds), _capped(found), text), rule)


def _summary(findings: Sequence[Finding], kinds: Mapping[Kind, int]) -> str:
    """`88 parts: 65 equal, 21 changed, 2 set aside`; what is said of the part if it is one."""
    if len(findings) == 1 and findings[0].note:
        return findings[0].note
    names = {Kind.ADDED: "only right", Kind.REMOVED: "only left", Kind.UNKNOWN: "not compared"}
    counts = [f"{kinds[k]:,} {names.get(k, k.value)}" for k in Kind if kinds.get(k)]
    return f"{plural(len(findings), 'part')}: {', '.join(counts)}"


def _capped(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The first of each kind; one finding more says how many were left out."""
    seen: Counter[Kind] = Counter()
    kept = []
    for finding in findings:
        seen[finding.kind] += 1
        if seen[finding.kind] <= _MOST_FINDINGS:
            kept.append(finding)
    for kind, count in seen.items():
        if count > _MOST_FINDINGS:
            note = f"and {count - _MOST_FINDINGS:,} more"
            kept.append(Finding(("…",), kind, None, None, note=note))
    return tuple(kept)
