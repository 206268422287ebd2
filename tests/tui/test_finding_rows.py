"""Lines of a comparison: they fit, they are aligned, they hide nothing that matters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.compare.model import Finding, Kind
from repro_tui.evidence.model import SectionName
from repro_tui.tui.finding_lines import columns, draw, head
from repro_tui.tui.finding_rows import FindingRow, SectionRow, fold, rows, told


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
