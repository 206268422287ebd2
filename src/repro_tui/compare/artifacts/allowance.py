"""How much one comparison may unpack: how deep archives may nest, and how large it all may get.

Bounded for the whole comparison, so that a bomb costs no more than a large honest file.
"""

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited
from repro_tui.compare.policy import Policy
from repro_tui.text import size

DEPTH = 3
"""Archives inside archives that are opened."""
_LARGEST = 1 << 29
"""Bytes of one member held in memory."""
_FLOOR, _RATIO, _CEILING = 1 << 26, 100, 1 << 32
"""Bytes unpacked in all: the packed size times the ratio, within floor and ceiling."""

_Look = Callable[[OpenFile, OpenFile, Policy, "Allowance"], Inside]


class Allowance(Struct):
    """What one comparison may still unpack, shared by everything nested in it."""

    look: _Look
    depth: int = DEPTH
    left: list[int] = field(default_factory=lambda: [0])
    """One number: the bytes that may still be unpacked."""

    @classmethod
    def of(cls, look: _Look, *files: OpenFile) -> "Allowance":
        packed = sum(file.size for file in files)
        return cls(look, left=[min(max(packed * _RATIO, _FLOOR), _CEILING)])

    def take(self, count: int) -> None:
        """Raises Unsuited where `count` more bytes are too many."""
        if count > min(_LARGEST, self.left[0]):
            raise Unsuited(f"unpacking {size(count)} more would be too much")
        self.left[0] -= count

    def check_depth(self) -> None:
        """Raises Unsuited where one more archive is one too deep."""
        if not self.depth:
            raise Unsuited(f"archives are opened {DEPTH} deep")

    def inside(self, left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
        """Look into two members, one level deeper."""
        return self.look(left, right, policy, replace(self, depth=self.depth - 1))
