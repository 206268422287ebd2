"""Single files packed with gzip, bzip2, xz or zlib: unpacked in memory and looked into."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.file import Inside, OpenFile, settle
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Known
from repro_tui.text import size

_CHUNK = 1 << 20
_SUFFIXES = frozenset({"gz", "gzip", "bz2", "xz", "lzma", "z"})
"""What a packed file's name ends with, beside the name of what is packed."""


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    """What zlib packed, in chunks. Raises EOFError where it is cut short."""
    inflater = zlib.decompressobj()
    packed = stream.read(_CHUNK)
    while packed and not inflater.eof:
        yield inflater.decompress(packed, _CHUNK)
        packed = inflater.unconsumed_tail or stream.read(_CHUNK)
    if packed or inflater.unused_data or not inflater.eof:
        raise EOFError("it is cut short, or something follows")


def _chunks(file: gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile) -> Iterator[bytes]:
    with file as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


_Unpacker = Callable[[BinaryIO], Iterator[bytes]]
_UNPACKERS: dict[bytes, tuple[str, _Unpacker]] = {
    b"\x1f\x8b": ("gzip", lambda stream: _chunks(gzip.GzipFile(fileobj=stream, mode="rb"))),
    b"BZh": ("bzip2", lambda stream: _chunks(bz2.BZ2File(stream))),
    b"\xfd7zXZ": ("xz", lambda stream: _chunks(lzma.LZMAFile(stream))),  # noqa: SIM115
    # RFC 1950, 2.2: a window of 32 KiB, and how hard it was packed.
    **{b"x" + level: ("zlib", _inflated) for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")},
}
ZLIB = tuple(magic for magic in _UNPACKERS if magic.startswith(b"x"))
MAGICS = tuple(magic for magic in _UNPACKERS if magic not in ZLIB)
"""How packed files begin, but for zlib's: text can begin like these."""


def compare(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Both packed by themselves, unpacked and looked into. Raises Unsuited, OSError or EOFError."""
    (name, a), (_, b) = _unpack(left, allowance), _unpack(right, allowance)
    facts = Known(size(a.size), left.path), Known(size(b.size), right.path)
    if a.read() == b.read():
        return settle(name, [Finding((a.path,), Kind.EQUAL, *facts)], asides.COMPRESSED)
    inside = allowance.inside(a, b, policy.inside((a.path,)))
    finding = Finding(
        (a.path,), inside.kind, *facts, inside.detail.summary, inside.rule, inside.detail
    )
    return settle(name, [finding], asides.COMPRESSED)


def _unpack(file: OpenFile, allowance: Allowance) -> tuple[str, OpenFile]:
    allowance.check_depth()
    head = file.head(6)
    name, unpacker = next(way for magic, way in _UNPACKERS.items() if head.startswith(magic))
    file.stream.seek(0)
    data = bytearray()
    for chunk in unpacker(file.stream):
        allowance.take(len(chunk))
        data += chunk
    stem, _, suffix = file.path.rpartition(".")
    packed = suffix in _SUFFIXES and stem
    inner = f"{stem}.tar" if suffix == "tgz" else stem if packed else file.path
    return name, OpenFile(inner, len(data), BytesIO(bytes(data)))
