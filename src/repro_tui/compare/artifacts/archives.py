"""Archives by member: zip, tar, and single files packed with gzip, bzip2 or xz.

Nothing is ever extracted to a disk. How deep archives may nest and how much may be
unpacked in all is bounded for the whole comparison, so that a bomb costs no more than
a large honest file.
"""

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import IO, BinaryIO

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.file import Aside, Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.values import pair, unique
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Known
from repro_tui.text import size

DEPTH = 3
"""Archives inside archives that are opened."""
_LARGEST = 1 << 29
"""Bytes of one member held in memory."""
_FLOOR, _RATIO, _CEILING = 1 << 26, 100, 1 << 32
"""Bytes unpacked in all: the packed size times the ratio, within floor and ceiling."""
_MOST_MEMBERS = 20_000
_CHUNK = 1 << 20
# RuntimeError: a password is wanted, or the way of packing is not known.
_UNREADABLE = (
    Unsuited, EOFError, OSError, RuntimeError, lzma.LZMAError, tarfile.TarError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_SUFFIXES = frozenset({"gz", "gzip", "bz2", "xz", "lzma", "z"})
"""What a packed file's name ends with, beside the name of what is packed."""
_TOO_DEEP = f"archives are opened {DEPTH} deep"


@dataclass(slots=True)
class Allowance:
    """What one comparison may still unpack, shared by everything nested in it."""

    look: Callable[[OpenFile, OpenFile, Policy, "Allowance"], Inside]
    depth: int = DEPTH
    left: list[int] = field(default_factory=lambda: [0])
    """One number: the bytes that may still be unpacked."""

    @classmethod
    def of(
        cls,
        look: Callable[[OpenFile, OpenFile, Policy, "Allowance"], Inside],
        *files: OpenFile,
    ) -> "Allowance":
        packed = sum(file.size for file in files)
        return cls(look, left=[min(max(packed * _RATIO, _FLOOR), _CEILING)])

    def take(self, count: int) -> None:
        """Raises Unsuited where `count` more bytes are too many."""
        if count > min(_LARGEST, self.left[0]):
            raise Unsuited(f"unpacking {size(count)} more would be too much")
        self.left[0] -= count

    def inside(self, left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
        """Look into two members, one level deeper."""
        return self.look(left, right, policy, replace(self, depth=self.depth - 1))


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive as its table of contents describes it."""

    size: int
    """Bytes when unpacked. Reading gives no more than this, whatever is packed."""
    what: str
    """`file`, `folder`, or where a link leads."""
    time: object
    packing: object
    """What says how it is packed and who owned it, not what it holds."""
    open: Callable[[], IO[bytes]]
    in_place: Callable[[], OpenFile | None] = lambda: None
    """The bytes where they lie, if they are packed in no way."""


@dataclass(frozen=True, slots=True)
class Members:
    """The entries of one archive by name, in their order."""

    path: str
    by_name: dict[str, Member]
    allowance: Allowance

    @classmethod
    def of_zip(cls, file: OpenFile, allowance: Allowance) -> "Members":
        """Raises zipfile.BadZipFile where it is none."""
        archive = zipfile.ZipFile(file.stream)
        infos = archive.infolist()
        starts = sorted({archive.start_dir, *(info.header_offset for info in infos)})

        def member(info: zipfile.ZipInfo) -> Member:
            packing = (info.compress_type, info.external_attr, info.extra, info.comment)
            what = "folder" if info.is_dir() else "file"

            def in_place() -> OpenFile | None:
                # Members that overlap could be read many times over: a bomb.
                if len(starts) <= len(infos) or info.header_offset >= archive.start_dir:
                    return None
                return _in_place(file, info, starts[bisect_right(starts, info.header_offset)])

            return Member(
                info.file_size, what, info.date_time, packing, lambda: archive.open(info), in_place
            )

        return cls._of(file, allowance, [i.filename for i in infos], map(member, infos))

    @classmethod
    def of_tar(cls, file: OpenFile, allowance: Allowance) -> "Members":
        """Raises tarfile.TarError where it is none."""
        file.stream.seek(0)
        archive = tarfile.open(fileobj=file.stream, mode="r:")  # noqa: SIM115 - read while open

        def member(info: tarfile.TarInfo) -> Member:
            what = (
                "file" if info.isreg()
                else "folder" if info.isdir()
                else f"link to {info.linkname}" if info.issym() or info.islnk()
                else f"special file of type {info.type!r}"
            )  # fmt: skip
            owner = (info.mode, info.uid, info.gid, info.uname, info.gname)
            # extractfile() would follow a link; only regular files are opened.
            return Member(
                info.size if info.isreg() else 0, what, info.mtime, owner,
                lambda: archive.extractfile(info) or BytesIO(),
            )  # fmt: skip

        infos = archive.getmembers()
        return cls._of(file, allowance, [i.name for i in infos], map(member, infos))

    @classmethod
    def _of(
        cls, file: OpenFile, allowance: Allowance, names: list[str], members: Iterable[Member]
    ) -> "Members":
        if not allowance.depth:
            raise Unsuited(_TOO_DEEP)
        if len(names) > _MOST_MEMBERS:
            raise Unsuited(f"it has {len(names):,} members")
        return cls(file.path, dict(zip(unique(names), members, strict=True)), allowance)

    def below_root(self) -> tuple[str, "Members"]:
        """The one folder that all members lie in, and these without it; Unsuited: it is none."""
        roots = {name.partition("/")[0] for name in self.by_name}
        if len(roots) != 1:
            raise Unsuited("it has no single root folder")
        (root,) = roots
        inner = {name.partition("/")[2]: member for name, member in self.by_name.items()}
        if len(inner) != len(self.by_name):
            raise Unsuited("two of its members have one name below the root folder")
        return root, Members(self.path, inner, self.allowance)

    def read(self, name: str) -> OpenFile:
        """A member, unpacked. Raises Unsuited where that would be too much."""
        member = self.by_name[name]
        self.allowance.take(member.size)
        with member.open() as stream:
            data = stream.read(member.size)
        return OpenFile(name, len(data), BytesIO(data))

    def in_place(self, name: str) -> OpenFile:
        """A member where it lies in the archive, at no cost; one that is packed, unpacked.

        Its checksum is not looked at: what counts here is which bytes there are.
        """
        return self.by_name[name].in_place() or self.read(name)

    def known(self, name: str) -> Known:
        member = self.by_name[name]
        return Known(size(member.size) if member.what == "file" else member.what, self.path)

    def same_bytes(self, name: str, other: "Members", other_name: str) -> bool:
        """Whether two members hold the same bytes, without holding them in memory."""
        a, b = self.by_name[name], other.by_name[other_name]
        if a.size != b.size:
            return False
        self.allowance.take(a.size)
        other.allowance.take(b.size)
        with a.open() as left, b.open() as right:
            while chunk := left.read(_CHUNK):
                if chunk != right.read(_CHUNK):
                    return False
            return not right.read(1)

    def compare(self, name: str, other: "Members", other_name: str, policy: Policy) -> Finding:
        """The finding on two members, one level deeper where their bytes differ."""
        key = (name,)
        facts = self.known(name), other.known(other_name)
        if self.by_name[name].what != other.by_name[other_name].what:
            return Finding(key, Kind.CHANGED, *facts)
        try:
            if self.same_bytes(name, other, other_name):
                return Finding(key, Kind.EQUAL, *facts)
            inside = self.allowance.inside(
                self.read(name), other.read(other_name), policy.inside(key)
            )
        except _UNREADABLE as error:
            return Finding(key, Kind.UNKNOWN, *facts, note=f"it was not unpacked: {error}")
        detail = inside.detail
        return Finding(
            key, inside.kind, *facts, note=detail.summary, rule=inside.rule, detail=detail
        )

    def compare_all(self, other: "Members", policy: Policy) -> Iterable[Finding]:
        """Every member paired by its name."""
        for name, left, right in pair(self.by_name, other.by_name):
            if left and right:
                yield self.compare(name, other, name, policy)
            elif left:
                yield Finding((name,), Kind.REMOVED, self.known(name), None)
            else:
                yield Finding((name,), Kind.ADDED, None, other.known(name))

    def compare_packing(self, other: "Members") -> Iterable[Finding]:
        """What differs in the table of contents and says nothing of the contents."""
        both = [(m, other.by_name[n]) for n, m in self.by_name.items() if n in other.by_name]
        if any(a.time != b.time for a, b in both):
            yield _packing(asides.ARCHIVE_TIMES)
        if [n for n in self.by_name if n in other.by_name] != [
            n for n in other.by_name if n in self.by_name
        ]:
            yield _packing(asides.MEMBER_ORDER)
        if any(a.packing != b.packing for a, b in both):
            yield _packing(asides.ARCHIVE_LAYOUT)


_LOCAL_HEADER = struct.Struct("<4s22x2H")
"""Signature, and how long the name and the extra field are (APPNOTE.TXT, 4.3.7)."""
_UTF8, _ENCRYPTED_OR_PATCHED = 0x800, 0x61


def _in_place(file: OpenFile, info: zipfile.ZipInfo, end: int) -> OpenFile | None:
    """A member that is stored as it is and ends before `end`; None: zipfile may unpack it."""
    if (
        info.compress_type != zipfile.ZIP_STORED
        or info.compress_size != info.file_size
        or info.flag_bits & _ENCRYPTED_OR_PATCHED
    ):
        return None
    file.stream.seek(info.header_offset)
    header = file.stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        return None
    signature, name, extra = _LOCAL_HEADER.unpack(header)
    written = file.stream.read(name).decode("utf-8" if info.flag_bits & _UTF8 else "cp437")
    start = info.header_offset + _LOCAL_HEADER.size + name + extra
    if signature != b"PK\3\4" or written != info.orig_filename or start + info.file_size > end:
        return None
    return file.part(info.filename, start, info.file_size)


def zip_names(file: OpenFile) -> tuple[str, ...]:
    """The names in a zip, none where it cannot be read."""
    try:
        return tuple(zipfile.ZipFile(file.stream).namelist())
    # What a stranger's bytes make zipfile raise is not told by its documentation.
    except Exception:  # noqa: BLE001
        return ()


def _packing(aside: Aside) -> Finding:
    return aside.finding((aside.rule,))


def compare_zip(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited or zipfile.BadZipFile where a file cannot be read."""
    return _compare(
        "zip", Members.of_zip(left, allowance), Members.of_zip(right, allowance), policy
    )


def compare_tar(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited or tarfile.TarError where a file cannot be read."""
    return _compare(
        "tar", Members.of_tar(left, allowance), Members.of_tar(right, allowance), policy
    )


def _compare(comparer: str, left: Members, right: Members, policy: Policy) -> Inside:
    findings = [*left.compare_all(right, policy), *left.compare_packing(right)]
    return settle(comparer, findings, asides.ARCHIVE_LAYOUT)


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
PACKED = tuple(magic for magic in _UNPACKERS if magic not in ZLIB)
"""How packed files begin, but for zlib's: text can begin like these."""


def compare_packed(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
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
    if not allowance.depth:
        raise Unsuited(_TOO_DEEP)
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
