"""The walk through documents against deepdiff, an independent opinion on the same pairs.

Left out are the pairs on which deepdiff is known to be blind, see `compare/documents.py`:
booleans beside numbers, and zeros that differ in their sign.
"""

from typing import Any

from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.compare.documents import Document, compare_documents
from repro_tui.compare.model import Kind

SCALARS = (
    st.none()
    | st.text(max_size=4)
    | st.integers(-4, 4)
    | st.floats(width=16).map(lambda number: 0.5 if number == 0 else number)
)
NAMES = st.text("abc", min_size=1, max_size=2)
TABLES = st.dictionaries(
    NAMES,
    st.recursive(SCALARS, lambda below: st.dictionaries(NAMES, below, max_size=3)),
    max_size=4,
)
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda below: st.dictionaries(NAMES, below, max_size=3) | st.lists(below, max_size=3),
    ),
    max_size=4,
)
KINDS = {
    "dictionary_item_added": Kind.ADDED,
    "dictionary_item_removed": Kind.REMOVED,
    "values_changed": Kind.CHANGED,
    "type_changes": Kind.CHANGED,
}


def ours(left: dict[str, Any], right: dict[str, Any]) -> set[tuple[tuple[str, ...], Kind]]:
    detail = compare_documents(Document(left, "JSON"), Document(right, "JSON"), ("a", "b"))
    return set() if detail is None else {(found.key, found.kind) for found in detail.findings}


def theirs(left: dict[str, Any], right: dict[str, Any]) -> set[tuple[tuple[str, ...], Kind]]:
    told = DeepDiff(
        left, right, view="tree", ignore_nan_inequality=True, threshold_to_diff_deeper=0
    )
    return {
        (tuple(level.path(output_format="list")), KINDS[report])
        for report, levels in told.items()
        for level in levels
    }


@given(TABLES, TABLES)
def test_tables_differ_at_the_same_places(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert ours(left, right) == theirs(left, right)


@given(DOCUMENTS, DOCUMENTS)
def test_documents_with_lists_differ_for_both_or_for_neither(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    told = DeepDiff(left, right, ignore_nan_inequality=True)
    assert bool(ours(left, right)) == bool(told)
