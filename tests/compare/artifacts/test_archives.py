"""zip, tar and packed files: members, order, times, nesting and bombs."""

import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from tests.compare.artifacts.opened import at, inside, nested, not_equal, zipped

from repro_tui.compare.artifacts import allowance
from repro_tui.compare.model import Kind

MEMBERS = {"a.txt": b"one\ntwo\n", "data/b.bin": bytes(100), "c.json": b'{"x": 1}'}


def tarred(members: Mapping[str, bytes], mtime: int = 0, mode: str = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), mtime
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(("name", "write"), [("x.zip", zipped), ("x.tar", tarred)])
def test_one_changed_member(name: str, write: Callable[[Mapping[str, bytes]], bytes]) -> None:
    left, right = write(MEMBERS), write({**MEMBERS, "c.json": b'{"x": 2}'})
    seen = inside(name, left, right)
    assert seen.kind is Kind.CHANGED
    assert not_equal(seen) == {("c.json",): Kind.CHANGED}
    assert at(nested(at(seen, "c.json")), "x").kind is Kind.CHANGED


def test_times_order_and_packing_are_set_aside_by_name() -> None:
    seen = inside("x.zip", zipped(MEMBERS), zipped(MEMBERS, (2027, 1, 1, 0, 0, 0)))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "archive timestamps")
    other = dict(reversed(MEMBERS.items()))
    seen = inside("x.zip", zipped(MEMBERS), zipped(other))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "member order")
    seen = inside("x.zip", zipped(MEMBERS), zipped(MEMBERS, compression=zipfile.ZIP_STORED))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "archive layout")
    seen = inside("x.tar", tarred(MEMBERS), tarred(dict(reversed(MEMBERS.items())), mtime=9))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "archive timestamps, member order")


def test_members_that_come_and_go() -> None:
    seen = inside("x.zip", zipped({"a": b"1", "b": b"2"}), zipped({"b": b"2", "c": b"3"}))
    assert not_equal(seen) == {("a",): Kind.REMOVED, ("c",): Kind.ADDED}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_compared_twice() -> None:
    files = []
    for last in (b"x", b"y"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for content in (b"first", last):
                archive.writestr(zipfile.ZipInfo("a"), content)
        files.append(stream.getvalue())
    assert not_equal(inside("x.zip", files[0], files[1])) == {("a #2",): Kind.CHANGED}


def test_gzip_with_another_time_is_set_aside() -> None:
    left, right = (gzip.compress(b"a,b\n1,2\n", mtime=when) for when in (1, 2))
    seen = inside("t.csv.gz", left, right)
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "compression")
    seen = inside("t.csv.gz", left, gzip.compress(b"a,b\n1,3\n", mtime=1))
    assert seen.kind is Kind.CHANGED
    assert nested(at(seen, "t.csv")).comparer == "csv"


def test_tar_in_gzip_is_compared_by_member() -> None:
    left = gzip.compress(tarred(MEMBERS, mtime=1), mtime=1)
    right = lzma.compress(tarred(MEMBERS, mtime=2))
    seen = inside("x.tar.gz", left, gzip.compress(tarred(MEMBERS, mtime=2), mtime=2))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "archive timestamps")
    assert inside("x.tgz", left, right).rule == "archive timestamps"


def test_links_in_a_tar_are_compared_by_where_they_lead() -> None:
    files = []
    for target in ("../../etc/passwd", "a.txt"):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        files.append(stream.getvalue())
    seen = inside("x.tar", files[0], files[1])
    assert at(seen, "link").left.value == "link to ../../etc/passwd"  # type: ignore[union-attr]
    assert not_equal(seen) == {("link",): Kind.CHANGED}


def deep(levels: int, content: bytes) -> bytes:
    for _ in range(levels):
        content = zipped({"inner.zip": content})
    return content


def test_archives_are_opened_three_deep_and_no_deeper() -> None:
    array = io.BytesIO()
    np.save(array, np.ones(3))
    seen = inside("x.zip", deep(3, b"left"), deep(3, b"right"))
    innermost = nested(at(nested(at(seen, "inner.zip")), "inner.zip"))
    assert innermost.comparer == "zip"
    seen = inside("x.zip", deep(4, b"left"), deep(4, b"right"))
    innermost = nested(at(nested(at(nested(at(seen, "inner.zip")), "inner.zip")), "inner.zip"))
    assert innermost.comparer == "bytes"
    assert "archives are opened 3 deep" in innermost.summary


def test_a_bomb_is_not_unpacked() -> None:
    large = bytes(200 << 20)
    bomb = zipped({"zeros": large, "a.txt": b"1"})
    other = zipped({"zeros": large[:-1] + b"1", "a.txt": b"2"})
    assert len(bomb) < 1 << 20
    seen = inside("x.zip", bomb, other)
    assert seen.kind is Kind.CHANGED
    assert at(seen, "zeros").kind is Kind.UNKNOWN
    assert "too much" in at(seen, "zeros").note
    assert at(seen, "a.txt").kind is Kind.CHANGED
    packed = gzip.compress(large), gzip.compress(large[:-1])
    seen = inside("x.gz", packed[0], packed[1])
    assert seen.detail.comparer == "bytes"
    assert "too much" in seen.detail.summary


def test_bombs_in_a_bomb_share_one_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "_FLOOR", 1 << 20)
    monkeypatch.setattr(allowance, "_RATIO", 1)
    left, right = (
        zipped({f"{i}.zip": zipped({"a": bytes(99_000) + end}) for i in range(30)})
        for end in (b"1", b"2")
    )
    seen = inside("x.zip", left, right)
    summaries = [nested(f).summary for f in seen.detail.findings if f.detail]
    assert seen.kind is Kind.CHANGED
    assert sum("not compared" in summary or "too much" in summary for summary in summaries) > 20


def test_a_member_that_needs_a_password_is_unknown() -> None:
    left = bytearray(zipped({"a": b"1", "b": b"2"}))
    right = bytearray(zipped({"a": b"3", "b": b"2"}))
    for content in (left, right):
        for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(magic) + offset] |= 1
    seen = inside("x.zip", bytes(left), bytes(right))
    assert seen.kind is Kind.CHANGED
    assert at(seen, "a").kind is Kind.UNKNOWN
    assert "encrypted" in at(seen, "a").note


def test_a_zip_cut_short_is_compared_as_bytes() -> None:
    whole = zipped(MEMBERS)
    seen = inside("x.zip", whole, whole[:-30])
    assert seen.detail.comparer == "bytes"
    assert "Not read as a zip: File is not a zip file" in seen.detail.summary


def test_a_damaged_member_is_unknown_and_the_others_are_compared() -> None:
    noise = bytes(range(256)) * 4
    left = zipped({"a": noise, "b": b"1"})
    right = bytearray(zipped({"a": noise[::-1], "b": b"2"}))
    right[60:80] = bytes(20)
    seen = inside("x.zip", left, bytes(right))
    assert not_equal(seen) == {("a",): Kind.UNKNOWN, ("b",): Kind.CHANGED}
