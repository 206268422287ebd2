import hashlib
import os
import socket
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.git import commit, git, write

from repro_tui.errors import ReproError
from repro_tui.evidence.files import hash_folder, open_file, read_text
from repro_tui.evidence.hashes import Hashes
from repro_tui.evidence.model import FileRef, GitBlob, LocalFile, Unreadable


def known(value: FileRef | Unreadable) -> FileRef:
    assert isinstance(value, FileRef)
    return value


def why(value: FileRef | Unreadable) -> str:
    assert isinstance(value, Unreadable)
    return value.reason


def test_every_file_is_hashed_by_its_path(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.txt": "a",
        "deep/er/b.bin": b"\0" * 100_000,
        "empty": "",
        ".hidden/c": "c",
        "name with \x1b[31m escape": "d",
    }
    write(tmp_path, files)

    found = hash_folder(tmp_path)

    assert list(found) == sorted(files)
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        ref = known(found[name])
        assert (ref.path, ref.size) == (name, len(raw))
        assert ref.digest == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        with open_file(ref) as stream:
            assert stream.read() == raw


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_hashing_gives_way_to_everything_else(tmp_path: Path) -> None:
    class Watched(Hashes):
        def recall(self, path: str, status: os.stat_result) -> str | None:
            priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super().recall(path, status)

    priorities: list[int] = []
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    write(tmp_path / "run", {"a.txt": "a"})

    with Watched(tmp_path / "cache") as hashes:
        hash_folder(tmp_path / "run", hashes=hashes)

    assert priorities == [min(own + 5, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_a_name_that_is_not_utf8_is_kept(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")

    (name,) = hash_folder(tmp_path)

    assert os.fsencode(name) == b"\xff\xfe"


def test_a_folder_that_is_absent_or_empty_has_no_files(tmp_path: Path) -> None:
    assert hash_folder(tmp_path) == {}
    assert hash_folder(tmp_path / "absent") == {}


def test_links_are_followed_to_files_inside_alone(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    folder = tmp_path / "artifacts"
    write(folder, {"data/real": "content"})
    (folder / "inside").symlink_to("data/real")
    (folder / "chain").symlink_to("inside")
    (folder / "outside").symlink_to(outside)
    (folder / "up").symlink_to("../secret")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "tree").symlink_to("data")
    (folder / "data" / "back").symlink_to("..")

    found = hash_folder(folder)

    assert known(found["inside"]).digest == known(found["data/real"]).digest
    assert known(found["chain"]).digest == known(found["data/real"]).digest
    with open_file(known(found["inside"])) as stream:
        assert stream.read() == b"content"
    assert why(found["outside"]) == why(found["up"]) == "it is a link that leaves the folder"
    assert "leads nowhere" in why(found["dangling"])
    assert "leads nowhere" in why(found["loop"])
    assert "link to a folder" in why(found["tree"])
    assert "link to a folder" in why(found["data/back"])


def test_what_is_no_file_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        found = hash_folder(tmp_path)

    assert why(found["pipe"]) == "it is a named pipe"
    assert isinstance(found["socket"], Unreadable)


def test_a_file_that_may_not_be_read_says_so(public_folder: Path) -> None:
    write(public_folder, {"open": "a", "shut": "b", "locked/c": "c"})
    (public_folder / "shut").chmod(0)
    (public_folder / "locked").chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        found = hash_folder(public_folder)
    finally:
        os.seteuid(user)
        (public_folder / "locked").chmod(0o700)

    assert known(found["open"]).size == 1
    assert why(found["shut"]) == why(found["locked"]) == "Permission denied"


def test_a_file_that_changed_or_went_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a": "one", "b": "one", "c": "one"})
    found = hash_folder(tmp_path)
    (tmp_path / "a").write_text("other size")
    (tmp_path / "b").unlink()
    (tmp_path / "c").unlink()
    (tmp_path / "c").symlink_to("a")

    with pytest.raises(ReproError, match="has changed since it was hashed"):
        open_file(known(found["a"]))
    with pytest.raises(ReproError, match="No such file"):
        open_file(known(found["b"]))
    with pytest.raises(ReproError, match="c cannot be opened"):
        open_file(known(found["c"]))


def test_a_blob_is_read_from_its_repository(tmp_path: Path) -> None:
    commit(tmp_path, {"a.txt": "hello\n"})
    blob = git(tmp_path, "rev-parse", "HEAD:a.txt")
    ref = FileRef("a.txt", 6, f"git:{blob}", GitBlob(str(tmp_path), blob))

    with open_file(ref) as stream:
        assert stream.read(2) == b"he"
        assert stream.seek(0) == 0
        assert stream.read() == b"hello\n"

    absent = FileRef("a.txt", 6, "git:0", GitBlob(str(tmp_path), "0" * 40))
    with pytest.raises(ReproError, match="Git cannot read"):
        open_file(absent)


def test_text_is_capped_and_checked(tmp_path: Path) -> None:
    write(tmp_path, {"long": "x" * 11, "latin": b"\xe9", "bom": b"\xef\xbb\xbfok"})
    (tmp_path / "link").symlink_to("bom")

    assert read_text(tmp_path / "bom", 10) == "ok"
    with pytest.raises(ReproError, match="larger than 10 B"):
        read_text(tmp_path / "long", 10)
    with pytest.raises(ReproError, match="not UTF-8"):
        read_text(tmp_path / "latin", 10)
    with pytest.raises(ReproError, match="link cannot be read"):
        read_text(tmp_path / "link", 10)
    with pytest.raises(ReproError, match="a folder"):
        read_text(tmp_path, 10)


@given(content=st.binary(max_size=300))
def test_any_content_comes_back(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder, {"file": content})

    ref = known(hash_folder(folder)["file"])

    assert ref.location == LocalFile(str((folder / "file").resolve()))
    with open_file(ref) as stream:
        assert stream.read() == content
