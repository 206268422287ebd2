"""UBJSON as XGBoost writes it (`.ubj`, and the raw bytes of a booster).

The format: ubjson.org, draft 12, "Type Reference" and "Optimized Format"; numbers are big
endian. Arrays of one type of number are read as tensors.
"""

from collections.abc import Iterator

import numpy as np

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.parts import Container, Part, compare_parts, paired
from repro_tui.compare.artifacts.tensors import Tensor
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.policy import Policy

_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8",
            b"d": ">f4", b"D": ">f8"}  # fmt: skip
_LENGTHS = b"iUIlL"
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}
_DEEPEST = 100
_MOST_PARTS = 300_000
_LONGEST_NAME = 2000


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a file is not UBJSON or is cut short."""
    paths = left.path, right.path
    sides = [_Reader(file.read()).parts() for file in (left, right)]
    findings = [
        finding
        for name, a, b in paired(*sides)
        for finding in compare_parts(name, a, b, policy, paths)
    ]
    return settle("UBJSON", findings, asides.DOCUMENT_LAYOUT)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self._count = 0

    def parts(self) -> dict[str, Part]:
        """Every value of the file by its name. Raises Unsuited."""
        found = list(self._value("", self._take(1), 0))
        if self._place != len(self._data):
            raise Unsuited("something follows its one value")
        names = unique(name or "(all)" for name, _ in found)
        return {name: part for name, (_, part) in zip(names, found, strict=True)}

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._place:
            raise Unsuited("it is cut short")
        self._place += count
        return self._data[self._place - count : self._place]

    def _peek(self) -> bytes:
        return self._data[self._place : self._place + 1]

    def _number(self, marker: bytes) -> int | float:
        dtype = np.dtype(_NUMBERS[marker])
        number: int | float = np.frombuffer(self._take(dtype.itemsize), dtype)[0].item()
        return number

    def _length(self) -> int:
        marker = self._take(1)
        if marker not in _LENGTHS or not marker:
            raise Unsuited(f"{marker!r} is no length")
        return int(self._number(marker))

    def _text(self) -> str:
        try:
            return self._take(self._length()).decode()
        except UnicodeDecodeError as error:
            raise Unsuited("one of its texts is not UTF-8") from error

    def _value(self, name: str, marker: bytes, depth: int) -> Iterator[tuple[str, Part]]:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_PARTS or len(name) > _LONGEST_NAME:
            raise Unsuited("its values are too many, too deep or have too long names")
        if marker in _CONSTANTS:
            yield name, _CONSTANTS[marker]
        elif marker in _NUMBERS:
            yield name, self._number(marker)
        elif marker == b"C":
            yield name, self._take(1).decode("latin-1")
        elif marker in (b"S", b"H"):
            yield name, self._text()
        elif marker == b"[":
            yield from self._array(name, depth)
        elif marker == b"{":
            yield name, Container("object")
            kind, count = self._layout()
            for _ in self._members(b"}", count):
                below = f"{name}.{self._text()}".lstrip(".")
                yield from self._value(below, kind or self._take(1), depth + 1)
        else:
            raise Unsuited(f"{marker!r} begins no value")

    def _array(self, name: str, depth: int) -> Iterator[tuple[str, Part]]:
        kind, count = self._layout()
        if kind in _NUMBERS and count is not None:
            dtype = np.dtype(_NUMBERS[kind])
            numbers = np.frombuffer(self._take(count * dtype.itemsize), dtype)
            yield name, Tensor(dtype.name, numbers.shape, lambda: numbers)
            return
        yield name, Container("array")
        for index in self._members(b"]", count):
            yield from self._value(f"{name}[{index}]", kind or self._take(1), depth + 1)

    def _layout(self) -> tuple[bytes, int | None]:
        """The one type of all values and their count, where they are told ahead."""
        kind, count = b"", None
        if self._peek() == b"$":
            self._take(1)
            kind = self._take(1)
        if self._peek() == b"#":
            self._take(1)
            count = self._length()
        if (count is None and kind) or (count or 0) < 0:
            raise Unsuited("a type is told without a count")
        return kind, count

    def _members(self, end: bytes, count: int | None) -> Iterator[int]:
        """A number for each value, up to the count or the mark of the end."""
        index = 0
        while index < count if count is not None else self._peek() != end:
            yield index
            index += 1
        if count is None:
            self._take(1)
