"""Untrusted text made visible and safe, and the exact spelling of numbers.

Names, params, tags and file contents come from strangers. A terminal obeys escape
sequences wherever they stand, so whatever is shown passes `visible` first.
"""

import struct
import unicodedata

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Format characters (Cf) hold the bidirectional overrides and zero-width characters
# that make a text read otherwise than it is; Zl and Zp break lines.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str, limit: int | None = None) -> str:
    r"""Spell out every character that a terminal would obey or hide.

    Controls, format characters (bidirectional overrides, zero-width ones), lone
    surrogates and line separators become Python escapes (`\x1b`, `\u202e`). With
    `limit`, at most that many characters are kept and an ellipsis shows the cut.

    >>> visible("a\x1b]0;title\x07")
    'a\\x1b]0;title\\x07'
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spell(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def _spell(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def number(value: float) -> str:
    """Spell a float so that reading it back gives the same bits.

    Python's `repr` is the shortest such spelling. A NaN with a payload other than
    the usual quiet one shows its bits, because two NaNs can differ.
    """
    if value != value:
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        return "nan" if bits == 0x7FF8000000000000 else f"nan(0x{bits:016x})"
    return repr(value)


def size(count: int) -> str:
    """Spell a number of bytes for display: `512 B`, `1.2 MiB`."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def duration(milliseconds: float) -> str:
    """Spell a duration for display: `840 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
