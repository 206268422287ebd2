"""What is fetched from somebody else's storage: what comes, what is left, what goes again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.evidence.artifacts import fetch, files
from repro_tui.evidence.model import FileRef, Unreadable
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.downloads import Downloads, download
from repro_tui.evidence.tracking.storage import Entry


class Shelf:
    """A storage in memory, that may lie about sizes and names."""

    def __init__(self, content: Mapping[str, bytes], sizes: Mapping[str, int] | None = None):
        self.content = content
        self.sizes = sizes or {}

    def entries(self, folder: str) -> Iterator[Entry]:
        below = f"{folder}/" if folder else ""
        seen = set()
        for path, content in self.content.items():
            if path.startswith(below):
                name, deeper, _ = path.removeprefix(below).partition("/")
                if name not in seen:
                    seen.add(name)
                    size = self.sizes.get(path, len(content))
                    yield Entry(below + name, bool(deeper), 0 if deeper else size)

    def get(self, path: str, target: Path) -> None:
        if not self.content[path]:
            raise ReproError("The object is gone.")
        target.write_bytes(self.content[path])


PARTS = st.text("ab", min_size=1, max_size=3)


@given(
    st.dictionaries(st.lists(PARTS, min_size=1, max_size=3).map("/".join), st.binary(min_size=1))
)
def test_every_file_comes_whole(content: dict[str, bytes]) -> None:
    # A name is a file or a folder, as in every storage.
    content = {p: c for p, c in content.items() if not any(o.startswith(f"{p}/") for o in content)}
    with closing(Downloads(Path(os.environ["REPRO_TUI_CACHE_DIR"]))) as downloads:
        fetched = download(Shelf(content), downloads.place("s3://bucket/files"))
        if not content:
            assert fetched is None
            return
        assert fetched is not None
        assert fetched.left == {}
        came = {
            path.relative_to(fetched.folder).as_posix(): path.read_bytes()
            for path in fetched.folder.rglob("*")
            if path.is_file()
        }
        assert came == content


def test_what_cannot_come_is_left_with_its_reason(tmp_path: Path) -> None:
    shelf = Shelf(
        {"fine": b"1", "large": b"12345", "liar": b"12345", "gone": b"", "a/../../b": b"1"},
        sizes={"liar": 1},
    )
    fetched = download(shelf, tmp_path / "files", most=4)
    assert fetched is not None
    assert {path: reason.partition(" ")[0] for path, reason in fetched.left.items()} == {
        "a/../../b": "its", "gone": "The", "large": "it", "liar": "it",
    }  # fmt: skip
    assert sorted(path.name for path in fetched.folder.iterdir()) == ["fine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files"]
    found = files(fetched)
    assert not isinstance(found, Unreadable)
    assert isinstance(found["fine"], FileRef)
    assert isinstance(found["large"], Unreadable)


def test_whoever_has_seen_enough_stops_it_and_nothing_is_left(tmp_path: Path) -> None:
    class Enough(Exception):  # noqa: N818 - no error
        pass

    def progress(_: str) -> None:
        raise Enough

    with pytest.raises(Enough):
        download(Shelf({str(n): b"1" for n in range(50)}), tmp_path / "files", progress=progress)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == 1


def test_a_program_that_was_killed_leaves_nothing_for_long(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from repro_tui.evidence.tracking.downloads import Downloads;"
        "place = Downloads(Path(sys.argv[1])).place('s3://bucket/files');"
        "place.mkdir(parents=True);"
        "print(place, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with closing(Downloads(tmp_path)) as mine:
            mine.place("s3://bucket/files")
            assert theirs.is_dir()
        other.send_signal(signal.SIGKILL)
    with closing(Downloads(tmp_path)) as mine:
        mine.place("s3://bucket/files")
        assert not theirs.exists()


# --- S3 ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of moto's S3 server with a bucket and some objects."""
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client: Any = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1",
        aws_access_key_id="key", aws_secret_access_key="secret",
    )  # fmt: skip
    client.create_bucket(Bucket="bucket")
    for number in range(20):
        client.put_object(
            Bucket="bucket", Key=f"1/run/artifacts/{number}/w.bin", Body=b"%d" % number
        )
    client.put_object(Bucket="bucket", Key="1/run/artifacts/large.bin", Body=b"0" * 100_000)
    yield address
    server.stop()


def test_artifacts_in_s3_are_fetched_within_the_limits(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("MLFLOW_S3_ENDPOINT_URL", bucket), ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_DEFAULT_REGION", "us-east-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    said: list[str] = []
    process = MlflowProcess()
    with closing(process), closing(Downloads(tmp_path, most=1000)) as downloads:
        reader = ClientReader((tmp_path / "mlruns").as_uri(), process)
        fetched = fetch(reader, "s3://bucket/1/run/artifacts", downloads, said.append)
        assert fetched is not None
        found = files(fetched)
        assert not isinstance(found, Unreadable)
        assert len(found) == 21
        assert isinstance(found["large.bin"], Unreadable)
        own = files(fetch(reader, stores_folder(tmp_path), downloads))
        assert {path: found[path] for path in found if path != "large.bin"} == own
        assert fetch(reader, "s3://bucket/1/nowhere", downloads) is None
        assert isinstance(fetch(reader, "s3://no-such-bucket/1", downloads), Unreadable)
    assert len(said) == 20
    assert said[-1].startswith("20 of 20 files")
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == [".in-use"]


def stores_folder(folder: Path) -> str:
    """The same files on this machine."""
    for number in range(20):
        place = folder / "own" / str(number)
        place.mkdir(parents=True)
        (place / "w.bin").write_bytes(b"%d" % number)
    return (folder / "own").as_uri()
