"""Text by lines, markup with generated ids, PDF, bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compare.artifacts.opened import at, inside

from repro_tui.compare.model import DiffMark, Kind

LOG = """2026-01-01 10:00:00,123 INFO start run {id}
loaded <data.Set object at {address}>
loss {loss}
"""


def log(
    second: str = "00", run: str = "a", address: str = "0x7f00deadbeef", loss: str = "0.5"
) -> bytes:
    text = LOG.replace("10:00:00", f"10:00:{second}")
    return text.format(id=run * 32, address=address, loss=loss).encode()


def test_ids_times_and_addresses_are_set_aside_by_name() -> None:
    seen = inside("train.log", log(), log("07", "b", "0x7f0012345678"))
    assert seen.kind is Kind.SET_ASIDE
    assert seen.rule == "generated ids, timestamps, memory addresses"
    assert "in 1 line" in at(seen, "timestamps").note
    assert seen.detail.text is not None
    assert any("10:00:07" in line.text for line in seen.detail.text.lines)


def test_a_line_that_differs_in_more_counts() -> None:
    seen = inside("train.log", log(), log("07", loss="0.25"))
    assert seen.kind is Kind.CHANGED
    assert seen.detail.text is not None
    changed = [line for line in seen.detail.text.lines if line.mark is not DiffMark.CONTEXT]
    assert [line.text for line in changed] == ["loss 0.5", "loss 0.25"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("md5: " + "a" * 32, "md5: " + "b" * 32),
        ("x " + "a" * 31, "x " + "b" * 31),
        ("x " + "a" * 40, "x " + "b" * 40),
        ("until 2026-01-01", "until 2026-01-02"),
        ("until 2026-01-01 00:00:00", "until 2026-01-02 00:00:00"),
        ("flags 0x1", "flags 0x2"),
        ("2026-01-01 10:00:00", "<timestamps>"),
        ("id " + "a" * 32, "id"),
        ("a\r\n", "a\n"),
        ("a\n", "a"),
        ("a", "a\n\n"),
    ],
)
def test_what_only_looks_incidental_counts(left: str, right: str) -> None:
    assert inside("notes.txt", left.encode(), right.encode()).kind is Kind.CHANGED


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        ("m-" + "a" * 32, "m-" + "b" * 32, "generated ids"),
        (
            "12345678-1234-1234-1234-123456789abc",
            "02345678-1234-1234-1234-123456789abc",
            "generated ids",
        ),
        ("2026-01-01T10:00:00.5Z", "2026-01-01T11:00:00.25Z", "timestamps"),
        ("2026-01-01T10:00:00+01:00", "2026-01-01T10:00:00+02:00", "timestamps"),
        (
            "%%CreationDate: Tue Nov 24 03:00:01 2026",
            "%%CreationDate: Tue Nov 24 04:00:01 2026",
            "timestamps",
        ),
        ("<a.B object at 0x7f0000000010>", "<a.B object at 0x7f0000000020>", "memory addresses"),
    ],
)
def test_each_rule(left: str, right: str, rule: str) -> None:
    seen = inside("notes.txt", left.encode(), right.encode())
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, rule)


HTML = '<div id="sk-container-id-{0}"><a for="sk-estimator-id-{1}">{2}</a></div>'


def test_numbered_elements_of_scikit_learn() -> None:
    left, right = HTML.format(1, 1, "LogisticRegression"), HTML.format(4, 9, "LogisticRegression")
    seen = inside("estimator.html", left.encode(), right.encode())
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "generated element ids")
    other = HTML.format(4, 9, "Ridge")
    assert inside("estimator.html", left.encode(), other.encode()).kind is Kind.CHANGED


def test_ids_that_refer_elsewhere_count() -> None:
    left = '<a id="m0123456789"/><a id="m9876543210"/><use href="#m0123456789"/>'
    same = '<a id="maaaaaaaaaa"/><a id="mbbbbbbbbbb"/><use href="#maaaaaaaaaa"/>'
    other = '<a id="maaaaaaaaaa"/><a id="mbbbbbbbbbb"/><use href="#mbbbbbbbbbb"/>'
    assert inside("x.svg", left.encode(), same.encode()).kind is Kind.SET_ASIDE
    assert inside("x.svg", left.encode(), other.encode()).kind is Kind.CHANGED


def test_bytes_are_counted_and_the_first_is_located() -> None:
    left = bytes(3_000_000)
    right = bytearray(left)
    right[1_500_000] = right[2_999_999] = 1
    seen = inside("x.bin", left, bytes(right))
    assert seen.detail.comparer == "bytes"
    assert seen.detail.summary == "2 bytes differ, the first at offset 1,500,000"
    seen = inside("x.bin", left, left + b"\1\2")
    assert seen.detail.summary.startswith("2 bytes differ, the first at offset 3,000,000; 2.9 MiB")
    seen = inside("x.bin", b"\0a", b"\0b")
    assert seen.detail.summary == "1 byte differs, at offset 1"


@given(left=st.text(), right=st.text())
def test_texts_that_are_not_incidental_are_changed(left: str, right: str) -> None:
    if left != right:
        # Hypothesis does not draw ids, times or addresses by chance.
        assert inside("x.txt", left.encode(), right.encode()).kind is Kind.CHANGED
