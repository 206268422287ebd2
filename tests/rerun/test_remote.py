"""Commits fetched from real servers on loopback: Git's own, and plain files over HTTP."""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evidence.git import commit, footprint, git, git_daemon, write

from repro_tui.errors import ReproError
from repro_tui.evidence.repository import Repository
from repro_tui.rerun.remote import fetch


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bare repository `project.git`, two commits and a tag in it."""
    folder = tmp_path_factory.mktemp("served")
    commit(folder / "work", {"train.py": "print(1)\n"}, "first")
    git(folder / "work", "tag", "v1")
    commit(folder / "work", {"train.py": "print(2)\n"}, "second")
    git(folder, "clone", "-q", "--bare", "work", "project.git")
    git(folder / "project.git", "update-server-info")
    return folder


@pytest.fixture(scope="module")
def daemon(served: Path) -> Iterator[str]:
    with git_daemon(served) as address:
        yield f"{address}/project.git"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def plain(served: Path) -> Iterator[str]:
    """The address of a web server that knows nothing of Git."""
    handler = functools.partial(_Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/project.git"
        server.shutdown()
        thread.join()


@pytest.fixture
def scp(served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address of SSH. In the place of ssh, which needs an account, a shell stands."""
    write(tmp_path, {"ssh": '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'})
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "ssh"))
    return f"someone@git.example.org:{served}/project.git"


@pytest.fixture(params=["daemon", "plain", "scp"])
def url(request: pytest.FixtureRequest) -> str:
    value: str = request.getfixturevalue(request.param)
    return value


def test_a_commit_is_fetched_and_kept(url: str, served: Path, tmp_path: Path) -> None:
    before = footprint(served / "project.git")
    first, second = (git(served / "work", "rev-parse", name) for name in ("v1", "HEAD"))
    for wanted, content in ((second, b"print(2)\n"), (first, b"print(1)\n")):
        found = Repository.open(fetch(url, wanted, tmp_path))
        assert found.read(wanted, "train.py", 100) == content
    kept = footprint(tmp_path)
    assert fetch(url, first, tmp_path) == found.git_dir
    # What is there is not asked for again.
    assert footprint(tmp_path) == kept
    assert footprint(served / "project.git") == before


@pytest.mark.parametrize("name", ["0" * 40, "1" * 64])
def test_a_commit_that_is_not_there_is_said(url: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(ReproError, match=f"{name} cannot be fetched from {url}"):
        fetch(url, name, tmp_path)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReproError, match=r"cannot be fetched from .*: .*127\.0\.0\.1"):
        fetch("http://127.0.0.1:1/x", "0" * 40, tmp_path)


@pytest.mark.parametrize("name", ["ext::sh -c touch% pwned", "--upload-pack=touch", "s3://a/b"])
def test_what_is_no_address_never_reaches_git(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReproError, match="is no address"):
        fetch(name, "0" * 40, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_password_is_asked_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    write(tmp_path, {"ask": f"#!/bin/sh\ntouch {asked}\n"})
    (tmp_path / "ask").chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(tmp_path / "ask"))

    class Locked(_Quiet):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Locked) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(ReproError, match="cannot be fetched"):
            fetch(f"http://127.0.0.1:{server.server_port}/x", "0" * 40, tmp_path / "cache")
        server.shutdown()
        thread.join()
    assert not asked.exists()


def test_programs_of_the_persons_configuration_do_not_run(
    daemon: str, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = f"touch {tmp_path / 'pwned'}"
    hooks = tmp_path / "hooks"
    write(hooks, {"reference-transaction": f"#!/bin/sh\n{touch}\n"})
    (hooks / "reference-transaction").chmod(0o755)
    write(
        tmp_path,
        {"config": f'[core]\n\thooksPath = {hooks}\n\tfsmonitor = "{touch}"\n'},
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", os.devnull)
    head = git(served / "project.git", "--git-dir=.", "rev-parse", "HEAD")
    fetch(daemon, head, tmp_path / "cache")
    assert not (tmp_path / "pwned").exists()
