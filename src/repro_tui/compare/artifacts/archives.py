"""Archives by member: zip and tar. Nothing is ever extracted to a disk."""

import lzma
import struct
import tarfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import IO

from msgspec import Struct

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.file import Aside, Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.values import pair, unique
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Known
from repro_tui.text import size

_MOST_MEMBERS = 20_000
_CHUNK = 1 << 20
# RuntimeError: a password is wanted, or the way of packing is not known.
_UNREADABLE = (
    Unsuited, EOFError, OSError, RuntimeError, lzma.LZMAError, tarfile.TarError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Member(Struct, frozen=True):
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


class Members(Struct, frozen=True):
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
        allowance.check_depth()
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
