"""Git LFS files, from the person's own clone; where git-lfs is installed, from a server too."""

import hashlib
import http.server
import json
import shutil
import threading
from pathlib import Path

import pytest
from tests.evidence.git import commit, footprint, git, write

from repro_tui.errors import ReproError
from repro_tui.rerun.checkout import checkout
from repro_tui.rerun.lfs import add

CONTENT = b"\0weights" * 1000
OID = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"
STORED = f".git/lfs/objects/{OID[:2]}/{OID[2:4]}/{OID}"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    files = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "model.bin": POINTER}
    commit(folder, {**files, "train.py": "1", "pointer-like.txt": f"{POINTER}more\n"})
    write(folder, {STORED: CONTENT})
    return folder


def test_pointers_are_replaced_by_their_files(repository: Path, tmp_path: Path) -> None:
    before = footprint(repository)
    head = git(repository, "rev-parse", "HEAD")
    place = tmp_path / "checkout"
    with checkout(place, repository, head, ""):
        assert (place / "model.bin").read_text() == POINTER
        add(place, repository, "", head)
        assert (place / "model.bin").read_bytes() == CONTENT
        assert (place / "pointer-like.txt").read_text() == f"{POINTER}more\n"
        assert {path.name for path in place.iterdir()} == {
            *(".git", ".gitattributes", "model.bin", "train.py", "pointer-like.txt")
        }
    assert footprint(repository) == before


def test_a_file_that_is_another_one_is_refused(repository: Path, tmp_path: Path) -> None:
    write(repository, {STORED: b"tampered with"})
    head = git(repository, "rev-parse", "HEAD")
    with checkout(tmp_path / "checkout", repository, head, ""):
        with pytest.raises(ReproError, match="is not the one"):
            add(tmp_path / "checkout", repository, "", head)
        assert (tmp_path / "checkout" / "model.bin").read_text() == POINTER


def test_a_file_that_is_not_there_is_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(repository / ".git" / "lfs")
    head = git(repository, "rev-parse", "HEAD")
    scripts = tmp_path / "bin"
    scripts.mkdir()
    (scripts / "git").symlink_to(shutil.which("git") or "")
    for tool, said in ((False, "git-lfs is not installed"), (True, "names no server")):
        if tool:
            (scripts / "git-lfs").symlink_to("/bin/false")
        monkeypatch.setenv("PATH", str(scripts))
        with (
            checkout(tmp_path / "checkout", repository, head, ""),
            pytest.raises(ReproError, match=said),
        ):
            add(tmp_path / "checkout", repository, "", head)


class _Server(http.server.BaseHTTPRequestHandler):
    """A server of Git LFS with one file: `docs/api/batch.md` of git-lfs."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        host = self.headers["Host"]
        objects = [
            {**wanted, "actions": {"download": {"href": f"http://{host}/{wanted['oid']}"}}}
            for wanted in asked["objects"]
        ]
        told = json.dumps({"transfer": "basic", "objects": objects}).encode()
        self._answer(told, "application/vnd.git-lfs+json")

    def do_GET(self) -> None:
        self._answer(CONTENT, "application/octet-stream")

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_they_are_fetched_where_the_persons_clone_has_none(
    repository: Path, tmp_path: Path
) -> None:
    shutil.rmtree(repository / ".git" / "lfs")
    head = git(repository, "rev-parse", "HEAD")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        git(repository, "remote", "add", "origin", f"http://127.0.0.1:{server.server_port}/a.git")
        before = footprint(repository)
        with checkout(tmp_path / "checkout", repository, head, ""):
            add(tmp_path / "checkout", repository, "", head)
            assert (tmp_path / "checkout" / "model.bin").read_bytes() == CONTENT
        server.shutdown()
        thread.join()
    assert footprint(repository) == before
