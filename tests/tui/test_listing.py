"""What is listed, folded, searched and walked through, without a terminal."""

from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.compare.model import Comparison
from repro_tui.compare.several import Several
from repro_tui.evidence.model import SectionName
from repro_tui.tui.finding_rows import Row, SectionRow, differs, entry, identity
from repro_tui.tui.listing import Listing


def listing(compared: Comparison | Several | None = None, *, everything: bool = False) -> Listing:
    made = Listing(everything)
    made.load(compared or builders.diverged())
    return made


def walk(made: Listing) -> list[Row]:
    """All that n comes to."""
    seen: list[Row] = []
    row = None
    while (row := made.next(row, 1)) is not None:
        seen.append(row)
    return seen


def test_n_and_its_opposite_come_to_every_difference_once() -> None:
    for compared in (builders.diverged(), builders.several(), builders.hostile()):
        made = listing(compared)
        wanted = [row for row in made.rows if differs(row)]
        assert walk(made) == wanted
        assert made.next(wanted[0], -1) is None
        assert [made.next(row, -1) for row in wanted[1:]] == wanted[:-1]


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(0, 60), st.sampled_from([1, -1]))
def test_what_is_walked_to_is_in_view_and_other_folds_stay(
    folds: list[int], start: int, direction: int
) -> None:
    made = listing()
    for place in folds:
        made.toggle(made.shown[place % len(made.shown)])
    before = {identity(row) for row in made.shown if isinstance(row, SectionRow) and row.folded}
    found = made.next(made.shown[start % len(made.shown)], direction)
    after = {identity(row) for row in made.shown if isinstance(row, SectionRow) and row.folded}
    if found is None:
        assert after == before
    else:
        assert identity(found) in {identity(row) for row in made.shown}
        section = next(e.section for e in [entry(found)] if e is not None)
        assert after == before - {(section, ())}


def test_folding_all_and_unfolding() -> None:
    made = listing()
    whole = made.shown
    made.toggle_all()
    assert [row for row in made.shown if entry(row)] == []
    made.toggle_all()
    assert made.shown == whole


def test_a_search_looks_for_every_word_in_keys_values_and_notes() -> None:
    made = listing()
    made.look_for("  TORCH   minor ")
    (row,) = walk(made)
    assert made.matches(row)
    assert "torch" in str(entry(row))
    assert made.where(row).plain == "search: TORCH   minor  ·  match 1 of 1"
    made.look_for("c0ffee")
    assert made.matching == 1
    made.look_for("nowhere to be found")
    assert (made.matching, walk(made)) == (0, [])
    assert made.where(None).plain.endswith("0 matches")
    made.look_for("")
    assert "difference" in made.where(made.rows[0]).plain


def test_what_is_listed_beside_differences_is_searched_only_when_it_is_listed() -> None:
    made = listing()
    made.look_for("openblas")
    assert made.matching == 0
    made = listing(builders.reproduced(), everything=True)
    made.look_for("openblas")
    assert made.matching == 1


def test_nothing_is_listed_before_there_is_a_comparison() -> None:
    made = Listing()
    assert (made.shown, made.next(None, 1)) == ((), None)
    assert SectionName.CODE not in {row.name for row in made.rows if isinstance(row, SectionRow)}


def test_where_nothing_differs_n_goes_through_what_is_unknown() -> None:
    made = listing(builders.unverifiable())
    assert made.where(None).plain == "no difference, 3 unknown"
    seen = walk(made)
    assert len(seen) == 3
    assert made.where(seen[1]).plain == "unknown 2 of 3"
    assert listing(builders.reproduced()).where(None).plain == "no difference"
