"""Lines of a comparison: they fit, they are aligned, they hide nothing that matters."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from textual.content import Content

from repro_tui.compare.model import Comparison, Finding, Kind
from repro_tui.evidence.model import SectionName
from repro_tui.text import visible
from repro_tui.tui.comparison_rows import fold, rows
from repro_tui.tui.finding_lines import columns, draw, head, lay
from repro_tui.tui.finding_rows import (
    FindingRow,
    FolderRow,
    Row,
    SectionRow,
    identity,
    places,
    told,
)
from repro_tui.tui.finding_text import cut, peek, row_of, value_of
from repro_tui.tui.finding_values import values
from repro_tui.tui.spelling import name
from repro_tui.tui.verdict import banner


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200), st.integers(60, 250))
def test_a_line_fits_its_width_whatever_it_holds(
    key: str, left: str, right: str, width: int
) -> None:
    finding = Finding((key,), Kind.CHANGED, builders.known(left), builders.known(right))
    line = draw(FindingRow(SectionName.PARAMS, finding), columns(width), width)
    assert line.cell_length <= width
    assert line.plain.count("│") >= 1


@pytest.mark.parametrize("width", [78, 120, 158, 200])
def test_values_stand_under_the_names_of_their_runs(width: int) -> None:
    finding = Finding(("lr",), Kind.CHANGED, builders.known("0.1"), builders.known("0.2"))
    line = draw(FindingRow(SectionName.PARAMS, finding), columns(width), width).plain
    top = head(("LEFT", "RIGHT"), columns(width), 1).plain
    assert line.index("0.1") == top.index("◀ LEFT")
    assert line.index("0.2") == top.index("▶ RIGHT")


def test_only_what_is_known_not_to_count_is_left_out() -> None:
    comparison = builders.diverged()
    listed = [row for row in rows(comparison, everything=False) if isinstance(row, FindingRow)]
    wanted = [
        finding
        for section in comparison.sections.values()
        for finding in section.findings
        if finding.kind not in (Kind.EQUAL, Kind.SET_ASIDE)
    ]
    assert [row.finding for row in listed] == wanted
    assert all(told(row.finding.kind) for row in listed)


def test_everything_is_everything() -> None:
    comparison = builders.diverged()
    listed = [row for row in rows(comparison, everything=True) if isinstance(row, FindingRow)]
    assert len(listed) == sum(len(s.findings) for s in comparison.sections.values())


def test_the_counts_of_a_section_stand_though_it_is_folded() -> None:
    comparison = builders.diverged()
    folded = fold(rows(comparison, everything=False), {(name, ()) for name in SectionName})
    line = next(
        draw(row, columns(120), 120).plain
        for row in folded
        if isinstance(row, SectionRow) and row.name is SectionName.PARAMS
    )
    assert "▸ params" in line
    assert "≠ 3 changed" in line or "≠ 2 changed" in line
    assert "+ 1 added" in line


# --- Files as a tree -----------------------------------------------------------------


def trees(*names: str, equal: tuple[str, ...] = ()) -> Comparison:
    """Artifacts of these names, all of which differ but for `equal`."""
    left, right = (
        builders.evidence(
            None if side else builders.run(builders.RIGHT_ID),
            {
                SectionName.ARTIFACTS: {
                    (name,): builders.known(
                        builders.file(name, name.encode() + side * (name not in equal))
                    )
                    for name in (*names, *equal)
                }
            },
        )
        for side in (b"", b"x")
    )
    return builders.compared(left, right)


def drawn(rows: Sequence[Row], width: int = 120) -> list[str]:
    return [draw(row, columns(width), width).plain.rstrip() for row in rows]


def test_files_are_listed_by_folder_and_lone_ones_with_their_path() -> None:
    listed = rows(
        trees("model/a/w1", "model/a/w2", "model/b", "plots/loss.png", "z", equal=("model/c",)),
        everything=False,
    )
    below = drawn(listed)[next(i for i, r in enumerate(listed) if isinstance(r, FolderRow)) :]
    assert [" ".join(line.split()[:2]) for line in below[:6]] == [
        "▾ model/", "▾ a/", "≠ w1", "≠ w2", "≠ b", "≠ plots/loss.png",
    ]  # fmt: skip
    assert "≠ 3 changed  = 1 equal" in below[0]
    assert below[1].index("a/") == below[4].index("b")


def test_a_folded_folder_hides_what_is_in_it_and_keeps_its_counts() -> None:
    listed = rows(trees("m/a/1", "m/a/2", "m/b/1", "m/b/2", "n"), everything=False)
    folded = fold(listed, {(SectionName.ARTIFACTS, ("m", "a"))})
    text = "\n".join(drawn(folded))
    assert "▸ a/" in text
    assert "▾ b/" in text
    assert len(folded) == len(listed) - 2
    assert "≠ 2 changed" in next(line for line in text.splitlines() if "▸ a/" in line)
    assert fold(listed, ()) == listed


_NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=12).map("/".join),
    min_size=1, max_size=12, unique=True,
)  # fmt: skip


@given(_NAMES, st.booleans())
def test_every_file_is_listed_once_whatever_the_folders(names: list[str], everything: bool) -> None:
    listed = rows(trees(*names, equal=("equal",)), everything=everything)
    files = [row.key[0] for row in listed if isinstance(row, FindingRow) and len(row.key) == 1
             and row.section is SectionName.ARTIFACTS]  # fmt: skip
    assert sorted(files) == sorted([*names, "equal"] if everything else names)
    for row in listed:
        assert all(place[0] is SectionName.ARTIFACTS for place in places(row)[1:])
        if isinstance(row, FolderRow):
            hidden = fold(listed, {row.place})
            assert row.place in {identity(each) for each in hidden}
            assert len(hidden) < len(listed)


# --- Values ----------------------------------------------------------------------------


def underlined(content: Content) -> list[str]:
    return [content.plain[s.start : s.end] for s in content.spans if "underline" in str(s.style)]


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("1.234567", "1.234589", ["67", "89"]),
        ('{"layers": [64, 32]}', '{"layers": [64, 16]}', ["32", "16"]),
        ("adam", "adamw", ["w"]),
    ],
)
def test_a_line_shows_where_two_values_differ(left: str, right: str, wanted: list[str]) -> None:
    finding = Finding(("x",), Kind.CHANGED, builders.known(left), builders.known(right))
    line = draw(FindingRow(SectionName.PARAMS, finding), columns(120), 120)
    assert underlined(line) == wanted


def test_digests_are_short_unless_only_their_ends_differ() -> None:
    head = "0123456789abcdef" * 3
    a, b, c = f"{head}{'0' * 16}", f"{head}{'1' * 16}", "f" * 64
    assert [v.plain for v in values(builders.known(a), builders.known(c), Kind.CHANGED, 90)] == [
        "01234567…", "ffffffff…",
    ]  # fmt: skip
    assert [v.plain for v in values(builders.known(a), builders.known(b), Kind.CHANGED, 90)] == [
        a, b,
    ]  # fmt: skip


@given(st.text(max_size=90), st.text(max_size=90), st.integers(60, 109))
def test_where_it_is_narrow_both_values_can_be_read(left: str, right: str, width: int) -> None:
    finding = Finding(("key",), Kind.CHANGED, builders.known(left), builders.known(right))
    laid = lay([FindingRow(SectionName.PARAMS, finding)], width)
    assert lay(laid, width) == laid
    assert lay(laid, 200) == (FindingRow(SectionName.PARAMS, finding),)
    if len(laid) == 1:
        line = drawn(laid, width)[0]
        assert all(text.strip() in line for text in (visible(left), visible(right)))
    else:
        key, above, below = (draw(row, columns(width), width) for row in laid)
        assert "key" in key.plain
        assert "◀" in above.plain
        assert "▶" in below.plain
        assert max(line.cell_length for line in (key, above, below)) <= width


def test_a_structured_value_names_the_places_that_differ() -> None:
    left, right = (
        builders.changed(
            builders.evidence(), SectionName.PARAMS, ("conf",),
            builders.known(str({f"k{n}": n + by for n in range(7)} | {"same": 1})),
        )
        for by in (0, 1)
    )  # fmt: skip
    lines = drawn(rows(builders.compared(left, right), everything=False))
    place = next(i for i, line in enumerate(lines) if "≠ conf" in line)
    assert [line.split()[:2] for line in lines[place + 1 : place + 5]] == [
        ["≠", f"k{n}"] for n in range(4)
    ]
    assert "and 3 more places" in lines[place + 5]


# --- Several runs ------------------------------------------------------------------------


@given(st.integers(40, 220), st.integers(3, 20), st.data())
def test_columns_of_several_runs_fit_and_any_can_be_in_view(
    width: int, runs: int, data: st.DataObject
) -> None:
    at = columns(width, runs, data.draw(st.integers(1, runs)))
    assert at.places[0] == 0
    assert len(set(at.places)) == at.shown <= runs
    names = [f"run {n}" for n in range(runs)]
    assert head(names, at, 1).cell_length <= max(width, 62)
    run = data.draw(st.integers(0, runs - 1))
    assert run in columns(width, runs, at.with_in_view(run)).places


def test_a_cell_says_how_its_run_stands_to_the_base() -> None:
    at = columns(140, 4)
    lines = [draw(row, at, 140).plain for row in rows(builders.several(), everything=False)]
    lr = next(line for line in lines if " lr " in line)
    assert [cell.split()[0] for cell in lr.split(" │ ")[1:]] == ["=", "≠", "="]
    lost = next(line for line in lines if "predictions.csv" in line)
    assert [cell.split()[0] for cell in lost.split(" │ ")[1:]] == ["=", "=", "?"]


# --- The line below, and copying ---------------------------------------------------------


def test_the_whole_key_note_and_value_are_told_of_the_row_under_the_cursor() -> None:
    digest = builders.file("w", b"1").digest
    listed = rows(trees("deep/er/weights.bin"), everything=False)
    row = next(row for row in listed if isinstance(row, FindingRow) and "deep" in row.key[0])
    told = peek(row, 1, 24).plain
    assert told.startswith("deep/er/weights.bin")
    assert "sha256:" in told
    assert len(digest) == 71
    assert value_of(row, 0)[1] == "deep/er/weights.bin"
    assert len(value_of(row, 2)[1]) == 71
    assert row_of(row).startswith("artifacts / deep/er/weights.bin: sha256:")


@given(st.text(max_size=200), st.integers(10, 100), st.integers(1, 4))
def test_what_is_cut_says_so(text: str, width: int, most: int) -> None:
    whole = Content(visible(text))
    shorter = cut(whole, width, most)
    assert shorter.plain.count("\n") < most
    if len(whole.wrap(width)) > most:
        assert shorter.plain.endswith("…")


def test_every_kind_of_row_can_be_told_of_and_copied() -> None:
    for compared in (builders.hostile(), builders.hostile_several()):
        runs = 2 if isinstance(compared, Comparison) else 3
        for row in lay(rows(compared, everything=True), 80):
            for column in range(runs + 1):
                assert "\x1b" not in peek(row, column, 20).plain
                value_of(row, column)
            assert isinstance(row_of(row), str)


# --- The verdict -------------------------------------------------------------------------


@pytest.mark.parametrize("width", [58, 78, 118, 158])
@pytest.mark.parametrize("most", [5, 7, 11, 100])
def test_the_verdict_fits_and_says_what_it_leaves_out(width: int, most: int) -> None:
    for compared in (
        builders.diverged(), builders.reproduced(), builders.unverifiable(),
        builders.several(), builders.repeats(),
    ):  # fmt: skip
        text = banner(compared, width, most)
        lines = text.plain.splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) <= max(most, 4)
        full = banner(compared, width)
        assert ("v shows" in text.plain) == (len(lines) < len(full.plain.splitlines()))


def test_first_comes_where_it_diverges_and_the_likeliest_suspect_with_its_reason() -> None:
    told = " ".join(banner(builders.diverged(), 78, 7).plain.split())
    assert told.startswith("≠ diverged inputs some changed, outcomes different first divergence")
    assert "1. params conf: A param sets what the training computes." in told


def test_runs_of_one_name_are_told_apart_where_there_is_little_room() -> None:
    assert name("a very long name (1a2b3c4d)", 16) == "a ve… (1a2b3c4d)"
    assert name("short (1a2b3c4d)", 16) == "short (1a2b3c4d)"
    assert name("a very long name", 10) == "a very lo…"
    assert name("(1a2b3c4d)", 6) == "(1a2b…"
