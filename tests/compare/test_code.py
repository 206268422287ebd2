from typing import BinaryIO

import pytest
from tests.builders import blob, known, opener

from repro_tui.compare.code import compare_code
from repro_tui.compare.model import Finding, Kind, Policy, TextDetail
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Fact, FileRef, Key, Missing, Section, SectionName

CODE = SectionName.CODE


def code(commit: str, changes: str | None = "none", **files: bytes) -> dict[Key, Fact]:
    return {
        ("commit",): known(commit),
        ("uncommitted changes",): known(changes) if changes else Missing("not recorded"),
        **{("files", path): known(blob(path, content)) for path, content in files.items()},
    }


def compared(
    left: dict[Key, Fact], right: dict[Key, Fact], limit: int = 2**16
) -> dict[Key, Finding]:
    sides = Section(CODE, left), Section(CODE, right)
    return {f.key: f for f in compare_code(*sides, Policy(), opener, limit)}


def test_files_that_differ_are_compared_by_line() -> None:
    found = compared(code("a", train=b"x = 1\n", same=b""), code("b", train=b"x = 2\n", same=b""))
    detail = found["files", "train"].detail
    assert isinstance(detail, TextDetail)
    assert [line.text for line in detail.lines] == ["x = 1", "x = 2"]
    assert found["files", "same"].kind is Kind.EQUAL


def test_one_commit_without_changes_needs_no_files() -> None:
    lost: dict[Key, Fact] = {**code("a"), ("files",): Missing("the repository is gone")}
    found = compared(code("a", train=b"x"), lost)
    assert set(found) == {("commit",), ("uncommitted changes",)}
    assert {f.kind for f in found.values()} == {Kind.EQUAL}


@pytest.mark.parametrize(("commit", "changes"), [("b", "none"), ("a", None), ("a", "sha256:1")])
def test_another_commit_or_an_unknown_patch_leaves_files_unknown(
    commit: str, changes: str | None
) -> None:
    lost: dict[Key, Fact] = {**code(commit, changes), ("files",): Missing("it is gone")}
    assert compared(code("a", train=b"x"), lost)["files",].kind is Kind.UNKNOWN


def test_another_subdirectory_of_one_commit_is_not_overlooked() -> None:
    found = compared(code("a", train=b"x", same=b""), code("a", train=b"y", more=b"z", same=b""))
    assert found["files", "train"].kind is Kind.CHANGED
    assert found["files", "more"].kind is Kind.ADDED
    assert ("files", "same") not in found


def test_files_that_cannot_be_shown_say_why() -> None:
    def note(left: bytes, right: bytes, limit: int = 100) -> str:
        found = compared(code("a", f=left), code("b", f=right), limit)["files", "f"]
        assert (found.kind, found.detail) == (Kind.CHANGED, None)
        return found.note

    assert note(b"\xff", b"x") == "not text"
    assert note(b"x" * 101, b"x") == "larger than 100 B: not compared by line"

    def gone(ref: FileRef) -> BinaryIO:
        raise ReproError(f"{ref.path} is gone.")

    left, right = (Section(CODE, code(name, f=name.encode())) for name in "ab")
    found = compare_code(left, right, Policy(), gone, 100)
    assert found[1].note == "its lines cannot be read: f is gone."
