import hashlib
import json
from pathlib import Path

from tests.evidence.git import write

from repro_tui.rerun import written


def test_what_is_new_or_changed_is_moved_and_listed(tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    write(place, {"same.py": "1", "changed.txt": "1", "gone.txt": "1", ".git/HEAD": "x"})
    before = json.loads(json.dumps(written.look(place)))
    write(
        place,
        {
            "changed.txt": "2",
            "out/model.bin": b"\0\1",
            ".git/index": "y",
            "out/__pycache__/x.pyc": "z",
        },
    )
    (place / "gone.txt").unlink()
    (place / "link").symlink_to("/etc/passwd")
    (place / "out" / "folder").symlink_to("/etc")
    listed = written.keep(place, before, tmp_path / "written")
    assert listed["files"] == [
        {"path": "changed.txt", "size": 1, "sha256": hashlib.sha256(b"2").hexdigest()},
        {"path": "link", "link": "/etc/passwd"},
        {"path": "out/folder", "link": "/etc"},
        {"path": "out/model.bin", "size": 2, "sha256": hashlib.sha256(b"\0\1").hexdigest()},
    ]
    kept = {
        p.relative_to(tmp_path / "written").as_posix() for p in (tmp_path / "written").rglob("*")
    }
    assert kept == {"changed.txt", "out", "out/model.bin"}
    written.write(listed, tmp_path / "record")
    document = json.loads((tmp_path / "record" / "written.json").read_text())
    assert document["schema"] == "repro-tui.written/1"


def test_a_run_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "checkout", {"train.py": "1"})
    before = written.look(tmp_path / "checkout")
    assert written.keep(tmp_path / "checkout", before, tmp_path / "written")["files"] == []
    assert not (tmp_path / "written").exists()
