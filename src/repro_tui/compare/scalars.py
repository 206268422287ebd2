"""Single values: when two are the same, and how a finding carries one."""

import hashlib
from typing import Any

from repro_tui.evidence.model import Known
from repro_tui.text import number

Scalar = str | bytes | int | float | bool | None

INT64 = range(-(2**63), 2**63)
_LONGEST = 500
"""Characters of one value that a finding carries; all of them are compared."""


def same(left: Any, right: Any) -> bool:
    """Equal in type and to the bit: True is not 1, 0.0 is not -0.0, NaN is NaN."""
    if isinstance(left, float) and isinstance(right, float):
        return number(left) == number(right)
    return type(left) is type(right) and bool(left == right)


def types_note(left: object, right: object) -> str:
    """`int against float`, where two values are of unequal types: they may be spelled alike."""
    names = ["none" if value is None else type(value).__name__ for value in (left, right)]
    return "" if names[0] == names[1] else " against ".join(names)


def known(value: Scalar, source: str) -> Known:
    """A value as a finding carries it. Long ones are cut, and say how long they are."""
    if isinstance(value, bytes):
        return Known(f"{len(value):,} bytes, sha256:{hashlib.sha256(value).hexdigest()}", source)
    if isinstance(value, int) and not isinstance(value, bool) and value not in INT64:
        value = hex(value)
    if isinstance(value, str) and len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}… ({len(value):,} characters)"
    return Known(value, source)
