"""`text`: what a terminal would obey never reaches it."""

import math
import struct
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from repro_tui.text import duration, number, plural, size, visible


@given(st.text())
def test_nothing_that_a_terminal_obeys_or_hides_is_left(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_escapes_are_spelled_out() -> None:
    assert visible("a\x1b]0;t\x07\u202eb\ud800\n") == "a\\x1b]0;t\\x07\\u202eb\\ud800\\n"


@given(st.text(), st.integers(1, 40))
def test_a_limit_is_kept_and_a_cut_is_shown(text: str, limit: int) -> None:
    cut = visible(text, limit)
    if len(text) > limit:
        assert cut == visible(text[: limit - 1]) + "…"
    else:
        assert cut == visible(text)


@given(st.floats(allow_nan=False))
def test_a_number_reads_back_to_the_same_bits(value: float) -> None:
    assert struct.pack("<d", float(number(value))) == struct.pack("<d", value)


def test_a_nan_with_a_payload_is_told_from_the_usual_one() -> None:
    (odd,) = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))
    assert number(math.nan) == "nan"
    assert number(odd) == "nan(0x7ff8000000000001)"


def test_sizes_durations_and_counts_for_people() -> None:
    assert [size(n) for n in (0, 1023, 1024, 5 << 20, 3 << 40)] == [
        "0 B", "1023 B", "1.0 KiB", "5.0 MiB", "3072.0 GiB",
    ]  # fmt: skip
    assert [duration(ms) for ms in (840, 12_300, 245_000, 7_380_000)] == [
        "840 ms", "12.3 s", "4 min 05 s", "2 h 03 min",
    ]  # fmt: skip
    assert plural(1, "file") == "1 file"
    assert plural(12_000, "file") == "12,000 files"
