"""Outlines put together page by page say what one outline of everything says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.outline import Ids, Outline, outline_of

IDS = st.sampled_from([*"abcdefgh", "é", "long-run-id"])
RUNS = st.dictionaries(IDS, st.none() | IDS, max_size=8).map(
    lambda parents: [
        builders.run(name, name, tags={Tag.PARENT_RUN_ID: parent} if parent else {})
        for name, parent in parents.items()
    ]
)


def ids(outline: Outline) -> list[str]:
    return list(outline.run_ids)


@given(RUNS, st.integers(0, 8))
def test_pages_in_sequence_are_the_whole(runs: list[Run], cut: int) -> None:
    first, second = outline_of(runs[:cut]), outline_of(runs[cut:])
    joined, whole = first.followed_by(second), outline_of(runs)
    assert ids(joined) == ids(whole)
    assert joined == whole
    assert joined.parents == whole.parents
    assert whole.followed_by(first) == whole


@given(RUNS)
def test_a_run_and_its_parent_are_found_where_they_stand(runs: list[Run]) -> None:
    outline = outline_of(runs)
    names = [run.run_id for run in runs]
    assert [outline.run_ids.find(name) for name in names] == list(range(len(names)))
    assert outline.run_ids.find("nowhere") is None
    assert outline.parents == {
        place: names.index(run.parent_run_id)
        for place, run in enumerate(runs)
        if run.parent_run_id in names
    }


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=5)), st.slices(12))
def test_packed_ids_are_read_as_they_were_written(names: list[str], part: slice) -> None:
    packed = Ids.of(names)
    assert list(packed) == [packed[place] for place in range(len(names))] == names
    assert list(packed[part]) == names[part]
    assert Ids.joined([packed, packed[part]]) == Ids.of([*names, *names[part]])
    assert len(packed) == len(names)
    for name in {*names, "nowhere"} - {""}:
        assert packed.find(name) == (names.index(name) if name in names else None)
    with pytest.raises(IndexError):
        packed[len(names)]


@given(RUNS, st.integers(1, 8), st.integers(0, 3), st.booleans())
def test_a_beginning_that_was_read_again_replaces_the_old_one(
    runs: list[Run], page: int, new: int, gone: bool
) -> None:
    now = [*(builders.run(f"new {n}") for n in range(new)), *(runs[1:] if gone else runs)]
    again = outline_of(runs).begun_with(outline_of(now[:page]))
    met = new < min(page, len(now))
    if met and not (gone and runs):
        assert ids(again) == [run.run_id for run in now]
    else:
        assert ids(again) == [run.run_id for run in now[:page]]
