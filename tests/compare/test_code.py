from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pytest
from tests.builders import blob, known, no_commits, opener

from repro_tui.compare.code import compare_code
from repro_tui.compare.model import FileDetail, Finding, Kind, TextDetail
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Commit, Fact, FileRef, Key, Missing, Section, SectionName

CODE = SectionName.CODE


def code(commit: str, changes: str | None = "none", **files: bytes) -> dict[Key, Fact]:
    return {
        ("commit",): known(commit),
        ("uncommitted changes",): known(changes) if changes else Missing("not recorded"),
        **{("files", path): known(blob(path, content)) for path, content in files.items()},
    }


def compared(
    left: dict[Key, Fact],
    right: dict[Key, Fact],
    limit: int = 2**16,
    used: Mapping[str, str] | None = None,
) -> dict[Key, Finding]:
    sides = Section(CODE, left), Section(CODE, right)
    found = compare_code(*sides, Policy(), opener, limit, no_commits, used or {})
    return {f.key: f for f in found}


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
    found = compare_code(left, right, Policy(), gone, 100, no_commits, {})
    assert found[1].note == "its lines cannot be read: f is gone."


def test_files_that_are_used_come_first_and_are_shown_whole() -> None:
    used = {"train": "run by the command", "zoo": "imported by train"}
    left = code("a", aside=b"x", train=b"x")
    right = code("b", aside=b"y", train=b"y", zoo=b"new\n", another=b"new\n")
    found = compared(left, right, used=used)
    files = [key[1] for key in found if key[0] == "files"]
    assert files == ["train", "zoo", "another", "aside"]
    assert found["files", "train"].note == "run by the command"
    new = found["files", "zoo"].detail
    assert isinstance(new, TextDetail)
    assert [line.text for line in new.lines] == ["new"]
    assert found["files", "another"].detail is None


def test_uncommitted_changes_are_compared_by_line() -> None:
    left, right = code("a"), code("a")
    left["uncommitted changes",] = known(blob("changes.patch", b"+lr = 1\n"))
    right["uncommitted changes",] = known(blob("changes.patch", b"+lr = 2\n"))
    detail = compared(left, right)["uncommitted changes",].detail
    assert isinstance(detail, TextDetail)
    assert [line.text for line in detail.lines] == ["+lr = 1", "+lr = 2"]
    assert isinstance(compared(left, code("a"))["uncommitted changes",].detail, TextDetail)


@pytest.mark.parametrize(
    ("gone", "come", "note", "summary"),
    [
        (0, 2, "the right commit came after the left one", "2 commits only on the right"),
        (1, 0, "the right commit came before the left one", "1 commit only on the left"),
        (
            1,
            1000,
            "neither commit came after the other",
            "1 commit only on the left, 1,000 commits or more only on the right",
        ),
    ],
)
def test_the_commits_between(gone: int, come: int, note: str, summary: str) -> None:
    def between(repository: str, old: str, new: str) -> Sequence[Commit]:
        assert repository == "/repository/.git"
        return [Commit(f"{n:040x}", f"step {n}") for n in range(come if new == "b" else gone)]

    left, right = (Section(CODE, code(name, train=name.encode())) for name in "ab")
    found = compare_code(left, right, Policy(), opener, 100, between, {})
    (finding,) = [f for f in found if f.key == ("commit",)]
    assert finding.note == note
    assert isinstance(finding.detail, TextDetail)
    assert finding.detail.summary == summary
    assert [line.mark for line in finding.detail.lines][:1] == ["-" if gone else "+"]
    assert len(finding.detail.lines) <= 52


def test_commits_that_no_repository_holds_are_not_counted() -> None:
    found = compared(code("a", train=b"x"), code("b", train=b"x"))["commit",]
    assert found.kind is Kind.CHANGED
    assert "not known" in found.note
    assert found.detail is None


@pytest.mark.parametrize(
    ("name", "before", "after", "key"),
    [
        ("confs/t.yaml", "lr: 0.1\nnet: {layers: [64, 32]}\n",
         "net:\n  layers: [64, 16]\nlr: 0.1  # slow\n", ("net", "layers", "[1]")),
        ("conf.json", '{"a": {"b": 1}}', '{"a": {"b": 1.0}}', ("a", "b")),
        ("conf.toml", "[a]\nb = 1\n", "[a]\nc = 1\n", ("a", "b")),
    ],
)  # fmt: skip
def test_configuration_is_compared_by_key_and_shown_by_line(
    name: str, before: str, after: str, key: tuple[str, ...]
) -> None:
    found = compared(
        code("a", "none", **{name: before.encode()}), code("b", "none", **{name: after.encode()})
    )
    finding = found["files", name]
    assert isinstance(finding.detail, FileDetail)
    assert finding.detail.findings[0].key == key
    assert finding.detail.text is not None
    assert finding.detail.text.lines


@pytest.mark.parametrize("after", [b"lr: 0.1\n", b"{lr: [", b"- &a [*a]\n", b"just text\n"])
def test_configuration_that_says_the_same_or_is_none_has_its_lines(after: bytes) -> None:
    left, right = (
        code("a", "none", **{"c.yaml": b"lr: 0.1 # old\n"}),
        code("b", "none", **{"c.yaml": after}),
    )
    finding = compared(left, right)["files", "c.yaml"]
    assert finding.kind is Kind.CHANGED
    assert isinstance(finding.detail, TextDetail)
    assert (finding.note == "the same value, written differently") == (after == b"lr: 0.1\n")
