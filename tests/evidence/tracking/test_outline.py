"""Outlines put together page by page say what one outline of everything says."""

from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.evidence.model import Run, Tag
from repro_tui.evidence.tracking.outline import Outline, outline_of

IDS = st.sampled_from([*"abcdefgh", "é", "long-run-id"])
RUNS = st.dictionaries(IDS, st.none() | IDS, max_size=8).map(
    lambda parents: [
        builders.run(name, name, tags={Tag.PARENT_RUN_ID: parent} if parent else {})
        for name, parent in parents.items()
    ]
)


def ids(outline: Outline) -> list[str]:
    return list(outline.ids(0, len(outline)))


@given(RUNS, st.integers(0, 8))
def test_pages_in_sequence_are_the_whole(runs: list[Run], cut: int) -> None:
    first, second = outline_of(runs[:cut]), outline_of(runs[cut:])
    joined, whole = first.followed_by(second), outline_of(runs)
    assert ids(joined) == ids(whole)
    assert joined.parents.tolist() == whole.parents.tolist()
    assert ids(whole.followed_by(first)) == ids(whole)


@given(RUNS)
def test_a_run_and_its_parent_are_found_where_they_stand(runs: list[Run]) -> None:
    outline = outline_of(runs)
    names = [run.run_id for run in runs]
    assert [outline.find(name) for name in names] == list(range(len(names)))
    assert outline.find("nowhere") is None
    expected = [
        names.index(run.parent_run_id) if run.parent_run_id in names else -1 for run in runs
    ]
    assert outline.parents.tolist() == expected


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
