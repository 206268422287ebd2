"""The cache of hashes: it makes nothing different, whatever happens to files or to itself."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro_tui.evidence import hashes as module
from repro_tui.evidence.files import hash_folder
from repro_tui.evidence.hashes import FILE, Hashes
from repro_tui.evidence.model import FileRef, Unreadable

CONTENT = st.binary(max_size=3)


def hashed(folder: Path, cache: Path) -> dict[str, FileRef | Unreadable]:
    with Hashes(cache) as hashes:
        return hash_folder(folder, hashes=hashes)


def settled() -> AbstractContextManager[object]:
    """As if two seconds had gone by since each file was last written to."""
    return patch.object(module, "RACY", -(10**18))


def known(cache: Path) -> int:
    with sqlite3.connect(cache / FILE) as database:
        (count,) = database.execute("select count(*) from hashes").fetchone()
    database.close()
    return int(count)


def test_what_is_known_is_not_read_again(tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    with settled():
        first = hashed(folder, cache)
    with patch("hashlib.file_digest", side_effect=AssertionError):
        assert hashed(folder, cache) == first


def test_what_was_written_just_now_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    later = time.time() + 100
    (tmp_path / "b").write_bytes(b"b")
    os.utime(tmp_path / "b", (later, later))
    # The time of modification can be set back, that of the change cannot.
    (tmp_path / "c").write_bytes(b"c")
    os.utime(tmp_path / "c", (0, 0))
    hashed(tmp_path, tmp_path / "cache")
    assert known(tmp_path / "cache") == 0


def _overwrite(path: Path, content: bytes) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace(path: Path, content: bytes) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(content)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@given(
    st.lists(st.tuples(st.sampled_from([_overwrite, _replace]), CONTENT), min_size=1, max_size=5)
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_change_is_noticed_even_at_the_same_size_and_time(
    tmp_path: Path, changes: list[tuple[Callable[[Path, bytes], None], bytes]]
) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir(exist_ok=True)
    path = folder / "a"
    path.write_bytes(b"abc")
    with settled():
        for change, content in changes:
            assert hashed(folder, cache) == hash_folder(folder)
            # The clock of the file system goes in steps of up to 10 ms; the two seconds,
            # which are off here, are far above.
            before = path.stat().st_ctime_ns
            change(path, content)
            while path.stat().st_ctime_ns == before:
                change(path, content)
        assert hashed(folder, cache) == hash_folder(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b"no database" * 1000),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: file.chmod(0),
    ],
    ids=["deleted", "overwritten", "cut", "a folder", "unreadable"],
)
def test_a_spoilt_cache_changes_nothing(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    with settled():
        first = hashed(folder, cache)
        spoil(cache / FILE)
        assert hashed(folder, cache) == hashed(folder, cache) == first


def test_a_cache_that_was_overwritten_is_begun_again(tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    cache.mkdir()
    (folder / "a").write_bytes(b"a")
    (cache / FILE).write_bytes(b"no database" * 1000)
    with settled():
        hashed(folder, cache)
        hashed(folder, cache)
    assert known(cache) == 1


def test_what_is_no_digest_is_not_believed(tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    with settled():
        first = hashed(folder, cache)
    for digest in ("x" * 64, 7, None):
        with sqlite3.connect(cache / FILE) as database:
            database.execute("update hashes set digest = ?", (digest,))
        database.close()
        assert hashed(folder, cache) == first


def test_those_hashed_last_are_kept(tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    with settled(), patch.object(module, "MOST", 3):
        for name in "abcde":
            (folder / name).write_bytes(name.encode())
            hashed(folder, cache)
    assert known(cache) == 3


def test_two_programs_at_once(tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    for name in "abcdefgh":
        (folder / name).write_bytes(name.encode())
    with settled(), Hashes(cache) as one, Hashes(cache) as other:
        assert hash_folder(folder, hashes=one) == hash_folder(folder, hashes=other)
    assert known(cache) == 8
