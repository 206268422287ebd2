import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import diverged, file, history, known, nondeterministic, reproduced

from repro_tui.compare.model import (
    Distance,
    Finding,
    FirstDivergence,
    HistoryDetail,
    Kind,
    TensorDetail,
)
from repro_tui.evidence.model import Dataset, Fact, Missing, Package, SectionName, Unreadable
from repro_tui.reports import words


def test_every_kind_has_a_symbol_of_its_own() -> None:
    assert len({words.symbol(kind) for kind in Kind}) == len(Kind)
    assert all(len(words.symbol(kind)) == 1 for kind in Kind)


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (None, "not there"),
        (Missing("lost"), "not known"),
        (Unreadable("x", "broken"), "cannot be read"),
        (known(None), "none"),
        (known(0.1), "0.1"),
        (known(True), "True"),
        (known("text"), "text"),
        (
            known(Package("1.0", "https://example.org", ("sha256:a",))),
            "1.0 https://example.org sha256:a",
        ),
        (
            known(Dataset("d", "9f", "code", "f()", "", "", "training")),
            "d (training) 9f from code f()",
        ),
        (known(history([1.0, float("nan")])), "2 points, last nan"),
        (known(history([])), "0 points"),
    ],
)
def test_facts_in_a_line(fact: Fact | None, text: str) -> None:
    assert words.fact(fact) == text


def test_a_file_is_its_whole_digest() -> None:
    ref = file("a", b"x")
    assert words.value(ref) == f"{ref.digest} (1 byte)"
    assert len(ref.digest) == len("sha256:") + 64


def test_what_a_finding_came_to() -> None:
    (loss,) = nondeterministic()[SectionName.METRICS].differing
    note = words.finding_note(loss)
    assert note.startswith(
        "first differs at step 2 (0.25, 0.25000000000000006); 2 of 4 points differ"
    )
    aside = Finding(("x",), Kind.SET_ASIDE, None, None, "why", "the rule")
    assert words.finding_note(aside) == "why; set aside by the rule “the rule”"
    within = Finding(("x",), Kind.WITHIN_TOLERANCE, None, None, "", "rtol 0.1")
    assert words.finding_note(within) == "passed by rtol 0.1"


def test_tensors_of_other_shapes_and_types() -> None:
    found = TensorDetail("float32", "float16", (2, 3), (3, 2), None)
    assert words.detail(found) == "float32 against float16; shape [2, 3] against [3, 2]"


def test_points_on_one_side() -> None:
    found = HistoryDetail(Distance(3, 0, 0.0, None, 0.0, 0), 3, 1.0, None, 1.0, 2.0, 1, 0)
    said = words.detail(found)
    assert (
        said == "first differs at step 3 (1.0, no point); 3 points equal; 1 point only on the left"
    )


def test_sections_and_verdicts() -> None:
    assert words.section(reproduced()[SectionName.DEVICE]) == "= 2 equal"
    assert words.section(diverged()[SectionName.PARAMS]) == "≠ 2 changed, + 1 added, = 1 equal"
    assert words.verdict(reproduced().verdict) == (
        "reproduced (inputs all the same, outcomes identical)"
    )
    first = nondeterministic().first_divergence
    assert first is not None
    assert words.first_divergence(first) == (
        "loss at step 2: 0.25 left, 0.25000000000000006 right, 1 ULP apart"
    )
    far = FirstDivergence("loss", 2, 0.25, 0.5, 4_503_599_627_370_496)
    assert words.first_divergence(far) == "loss at step 2: 0.25 left, 0.5 right, 0.25 apart"
    alone = FirstDivergence("loss", 2, 0.25, None, None)
    assert words.first_divergence(alone) == "loss at step 2: 0.25 left, no point right"


def test_the_key_of_a_whole_section() -> None:
    assert words.key(()) == "(the whole section)"
    assert words.key(("packages", "numpy")) == "packages / numpy"


@given(st.text("ab", max_size=60), st.text("ab", max_size=60), st.integers(8, 40))
def test_two_texts_cut_still_differ_where_they_do(left: str, right: str, width: int) -> None:
    cut = words.abreast((left, right), width)
    assert all(len(text) <= width for text in cut)
    assert (left == right) == (cut[0] == cut[1])
