from io import BytesIO
from typing import BinaryIO

import pytest
from tests.builders import file, known, opener

from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.policy import Policy, Rule
from repro_tui.compare.trees import compare_artifacts
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Fact, FileRef, Key, Missing, Section, SectionName

ARTIFACTS = SectionName.ARTIFACTS
MLMODEL = b"model_id: m-%s\n"


def compared(
    left: dict[Key, Fact],
    right: dict[Key, Fact],
    policy: Policy | None = None,
    limit: int = 2**20,
) -> dict[Key, Finding]:
    sides = Section(ARTIFACTS, left), Section(ARTIFACTS, right)
    findings = compare_artifacts(*sides, policy or Policy(), opener, limit)
    return {finding.key: finding for finding in findings}


def tree(**files: bytes) -> dict[Key, Fact]:
    return {(path,): known(file(path, content)) for path, content in files.items()}


def models(**contents: bytes) -> dict[Key, Fact]:
    """Logged models of two files each; `_2` ends a name that is not the first of its kind."""
    facts: dict[Key, Fact] = {}
    for name, content in contents.items():
        named = name.replace("_2", " #2")
        facts["models", named, "weights"] = known(file("weights", content))
        unique = MLMODEL % (name.encode() + content)
        facts["models", named, "MLmodel"] = known(file("MLmodel", unique))
    return facts


def test_equal_digests_are_equal_wherever_the_files_lie() -> None:
    found = compared(tree(a=b"x"), tree(a=b"x"))
    assert found[("a",)].kind is Kind.EQUAL


def test_a_file_that_moved_is_one_finding() -> None:
    found = compared(tree(a=b"content", b=b"x"), tree(c=b"content", b=b"x"))
    assert set(found) == {("a",), ("b",)}
    moved = found[("a",)]
    assert (moved.kind, moved.note) == (Kind.CHANGED, "renamed: the same content is at c")
    assert moved.right == known(file("c", b"content"))


def test_copies_are_renamed_one_by_one() -> None:
    found = compared(tree(a=b"content", b=b"content"), tree(c=b"content"))
    assert found[("a",)].note.startswith("renamed")
    assert found[("b",)].kind is Kind.REMOVED
    assert len(found) == 2


def test_empty_files_are_no_renames() -> None:
    found = compared(tree(a=b""), tree(b=b""))
    assert {finding.kind for finding in found.values()} == {Kind.ADDED, Kind.REMOVED}


def test_bytes_that_differ_are_looked_into() -> None:
    found = compared(tree(**{"a.json": b'{"x": 1}'}), tree(**{"a.json": b'{"x": 2}'}))
    detail = found[("a.json",)].detail
    assert isinstance(detail, FileDetail)
    assert [f.key for f in detail.findings if f.kind is Kind.CHANGED] == [("x",)]


def test_what_differs_inside_by_a_rule_alone_is_set_aside() -> None:
    ids = ["0123456789abcdef" * 2, "fedcba9876543210" * 2]
    left, right = (tree(**{"a.txt": f"run {run_id}\n".encode()}) for run_id in ids)
    found = compared(left, right)
    assert found[("a.txt",)].kind is Kind.SET_ASIDE
    assert found[("a.txt",)].rule


def test_large_files_are_compared_by_digest_alone() -> None:
    found = compared(tree(a=b"x" * 11), tree(a=b"y" * 10), limit=10)
    assert (found[("a",)].kind, found[("a",)].detail) == (Kind.CHANGED, None)
    assert found[("a",)].note == "larger than 10 B: not looked into"


def test_a_file_that_is_gone_since_still_differs() -> None:
    def gone(ref: FileRef) -> BinaryIO:
        raise ReproError(f"{ref.path} is gone.")

    left, right = (Section(ARTIFACTS, tree(a=content)) for content in (b"x", b"y"))
    (found,) = compare_artifacts(left, right, Policy(), gone, 100)
    assert (found.kind, found.note) == (Kind.CHANGED, "not looked into: a is gone.")


def test_files_are_closed_and_only_opened_where_they_differ() -> None:
    opened: list[BytesIO] = []

    def watched(ref: FileRef) -> BinaryIO:
        stream = BytesIO(opener(ref).read())
        opened.append(stream)
        return stream

    rule = Rule("record", ARTIFACTS, "own/*", "compared as inputs")
    left, right = (
        Section(ARTIFACTS, tree(**{"a": content, "same": b"z", "own/x": content}))
        for content in (b"x", b"y")
    )
    found = compare_artifacts(left, right, Policy(set_aside=(rule,)), watched, 100)
    assert [f.kind for f in found] == [Kind.CHANGED, Kind.SET_ASIDE, Kind.EQUAL]
    assert [stream.closed for stream in opened] == [True, True]


@pytest.mark.parametrize("swapped", [False, True])
def test_models_that_share_a_name_are_paired_by_content(swapped: bool) -> None:
    left = models(net=b"first", net_2=b"second")
    right = (
        models(net=b"second", net_2=b"first") if swapped else models(net=b"first", net_2=b"second")
    )
    found = compared(left, right)
    assert set(found) == set(left)
    weights = [f.kind for key, f in found.items() if key[-1] == "weights"]
    assert weights == [Kind.EQUAL, Kind.EQUAL]


def test_a_model_too_few_is_removed_not_mixed_up() -> None:
    found = compared(models(net=b"first", net_2=b"second"), models(net=b"second"))
    assert found["models", "net", "weights"].kind is Kind.REMOVED
    assert found["models", "net #2", "weights"].kind is Kind.EQUAL
    more = compared(models(net=b"second"), models(net=b"first", net_2=b"second"))
    assert more["models", "net", "weights"].kind is Kind.EQUAL
    assert more["models", "net #2", "weights"].kind is Kind.ADDED


def test_models_keep_their_gaps_when_they_are_paired() -> None:
    gap = Missing("its folder is gone")
    right = {**models(net=b"second"), ("models", "net #2"): gap}
    found = compared(models(net=b"first", net_2=b"second"), right)
    assert found["models", "net #2", "weights"].kind is Kind.EQUAL
    assert found["models", "net"].kind is Kind.UNKNOWN
