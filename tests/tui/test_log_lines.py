"""A log is the same however it arrives."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from repro_tui.tui.log_lines import MOST_LINES, LogLines, log_line

_TEXTS = st.text(st.sampled_from("ab\n\r"), max_size=40)


@given(st.lists(_TEXTS, max_size=6), st.sampled_from(["", "a", "AB"]), st.integers(0, 6))
def test_lines_and_matches_do_not_depend_on_the_pieces(
    pieces: list[str], wanted: str, when: int
) -> None:
    log = LogLines()
    for piece in pieces[:when]:
        log.feed(piece)
    log.search(wanted)
    for piece in pieces[when:]:
        log.feed(piece)
    *lines, half = "".join(pieces).split("\n")
    assert log.lines == [log_line(line) for line in (lines if not half else [*lines, half])]
    found = [n for n, line in enumerate(log.lines) if wanted and wanted.lower() in line]
    assert log.matches == found
    assert [log.number(place) for place in found] == list(range(1, len(found) + 1))


def test_only_the_last_lines_are_kept() -> None:
    log = LogLines()
    log.search("5")
    half = MOST_LINES // 2
    dropped = [log.feed("".join(f"{n}\n" for n in range(half))) for _ in range(3)]
    assert dropped == [0, 0, half]
    assert len(log.lines) == MOST_LINES
    assert log.matches == [n for n, line in enumerate(log.lines) if "5" in line]


def test_from_match_to_match() -> None:
    log = LogLines()
    log.feed("x\na\nx\na\n")
    log.search("A")
    assert [log.next_match(place, 1) for place in range(4)] == [1, 3, 3, None]
    assert [log.next_match(place, -1) for place in range(4)] == [None, None, 1, 1]


def test_a_progress_bar_shows_where_it_stands() -> None:
    assert log_line(" 10%|#\r 50%|##\r100%|###\r") == "100%|###"
    assert log_line("\x1b[31merror\x1b[0m") == "error"
    assert log_line("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"


@given(st.text())
def test_no_line_of_a_log_reaches_the_terminal_raw(line: str) -> None:
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not hidden & {unicodedata.category(character) for character in log_line(line)}
