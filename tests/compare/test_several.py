"""Several runs against one: each pair as it is alone, and one table for all."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import (
    LEFT_ID,
    blob,
    changed,
    compared,
    evidence,
    file,
    history,
    known,
    run,
    unverifiable,
)
from tests.strategies import whole

from repro_tui.compare.model import Comparison, Headline, Kind
from repro_tui.compare.several import Row, Several, are_repeats, compare_several
from repro_tui.compare.verdict import FailOn
from repro_tui.errors import ExitCode
from repro_tui.evidence.model import Evidence, Missing, SectionName
from repro_tui.evidence.tags import Tag


def named(of: Evidence, number: int) -> Evidence:
    return Evidence(replace(of.run, run_id=f"{number:032x}"), of.sections)


def together(*runs: Evidence) -> Several:
    return compare_several(runs[0], runs[1:], compared)


def row(several: Several, section: SectionName, *key: str) -> Row:
    (found,) = (row for row in several.rows if (row.section, row.key) == (section, key))
    return found


def content(comparison: Comparison) -> str:
    return repr(comparison)


@settings(max_examples=40, deadline=None)
@given(st.lists(whole, min_size=2, max_size=4))
def test_each_pair_is_what_it_is_alone(found: list[Evidence]) -> None:
    runs = [named(one, number) for number, one in enumerate(found)]
    several = together(*runs)
    assert [each.run_id for each in several.runs] == [one.run.run_id for one in runs]
    for comparison, other in zip(several.comparisons, runs[1:], strict=True):
        assert content(comparison) == content(compared(runs[0], other))


@settings(max_examples=40, deadline=None)
@given(st.lists(whole, min_size=2, max_size=4))
def test_the_table_holds_every_finding_and_every_run(found: list[Evidence]) -> None:
    runs = [named(one, number) for number, one in enumerate(found)]
    several = together(*runs)
    listed = {(row.section, row.key): row for row in several.rows}
    assert len(listed) == len(several.rows)
    for place, comparison in enumerate(several.comparisons):
        for name, section in comparison.sections.items():
            for finding in section.findings:
                row = listed[name, finding.key]
                assert row.findings[place] is finding
                assert row.kinds[place] is finding.kind
                assert repr(row.facts[place + 1]) == repr(finding.right)
    for row in several.rows:
        assert len(row.facts) == len(runs)
        for one, fact in zip(runs, row.facts, strict=True):
            if row.section not in (SectionName.ARTIFACTS, SectionName.CODE):
                assert repr(fact) == repr(one[row.section].at(row.key))


def test_a_difference_in_one_run_is_in_its_column() -> None:
    odd = changed(evidence(), SectionName.PARAMS, ("lr",), known("0.01"))
    extra = changed(evidence(), SectionName.PARAMS, ("momentum",), known("0.9"))
    several = together(*(named(e, n) for n, e in enumerate((evidence(), odd, extra))))
    lr, momentum = (row(several, SectionName.PARAMS, key) for key in ("lr", "momentum"))
    assert lr.kinds == (Kind.CHANGED, Kind.EQUAL)
    assert lr.kind is Kind.CHANGED
    assert momentum.facts == (None, None, known("0.9"))
    assert momentum.kinds == (Kind.EQUAL, Kind.ADDED)
    assert row(several, SectionName.PARAMS, "epochs").kind is Kind.EQUAL


def test_a_gap_is_a_gap_in_every_row_it_covers() -> None:
    gapped = evidence(run("2" * 32), {SectionName.PARAMS: {(): Missing("lost")}})
    odd = changed(evidence(run("3" * 32)), SectionName.PARAMS, ("lr",), known("0.01"))
    several = together(evidence(), gapped, odd)
    lr = row(several, SectionName.PARAMS, "lr")
    assert lr.facts[1] == Missing("lost")
    assert lr.kinds == (Kind.UNKNOWN, Kind.CHANGED)


def test_a_file_of_one_commit_is_known_to_be_the_bases() -> None:
    other = changed(evidence(run("2" * 32)), SectionName.CODE, ("commit",), known("bad" * 13))
    other = changed(other, SectionName.CODE, ("files", "train.py"), known(blob("train.py", b"x\n")))
    several = together(evidence(), named(evidence(), 3), other)
    train = row(several, SectionName.CODE, "files", "train.py")
    assert train.facts[0] == train.facts[1] != train.facts[2]
    assert train.kinds == (Kind.EQUAL, Kind.CHANGED)


def test_models_that_swapped_names_do_not_stand_in_a_wrong_row() -> None:
    a, b, c = (known(file("w", content)) for content in (b"one", b"two", b"new"))
    first, second = ("models", "m", "w"), ("models", "m #2", "w")
    empty = {SectionName.ARTIFACTS: {first: a}}
    both = {SectionName.ARTIFACTS: {first: b, second: a}}
    third = {SectionName.ARTIFACTS: {first: a, second: c}}
    several = together(
        evidence(run("1" * 32), dict(empty)),  # type: ignore[arg-type]  # facts all the same
        evidence(run("2" * 32), dict(both)),  # type: ignore[arg-type]
        evidence(run("3" * 32), dict(third)),  # type: ignore[arg-type]
    )
    assert row(several, SectionName.ARTIFACTS, *first).kinds == (Kind.EQUAL, Kind.EQUAL)
    assert row(several, SectionName.ARTIFACTS, *second).facts == (None, b, c)


def test_the_exit_code_is_the_gravest() -> None:
    same = named(evidence(), 2)
    loss = known(history([9.0]))
    different = named(changed(evidence(), SectionName.METRICS, ("loss",), loss), 3)
    lost = named(evidence(None, {SectionName.ARTIFACTS: {(): Missing("gone")}}), 4)
    inputs = named(changed(evidence(), SectionName.PARAMS, ("lr",), known("1")), 5)
    assert together(evidence(), same, same).exit_code() is ExitCode.SAME
    assert together(evidence(), same, lost).exit_code() is ExitCode.UNVERIFIABLE
    assert together(evidence(), lost, same, different).exit_code() is ExitCode.DIFFERENT
    assert together(evidence(), same, inputs).exit_code() is ExitCode.SAME
    assert together(evidence(), same, inputs).exit_code(FailOn.ANY) is ExitCode.DIFFERENT
    assert together(evidence(), lost, inputs).exit_code(FailOn.INPUTS) is ExitCode.DIFFERENT
    gravest = together(evidence(), same, lost, different).gravest
    assert gravest.verdict.headline is Headline.NONDETERMINISTIC
    assert (
        unverifiable().verdict.headline is together(evidence(), same, lost).gravest.verdict.headline
    )


def test_re_executions_are_summed_up_by_themselves_and_others_on_request() -> None:
    tags = {Tag.REEXECUTES: LEFT_ID}
    again = [evidence(run(str(n) * 32, f"again {n}", tags=tags)) for n in (2, 3)]
    plain = [evidence(run(str(n) * 32)) for n in (4, 5)]
    assert together(evidence(), *again).spread is not None
    assert together(evidence(), again[0]).spread is None
    assert together(evidence(), *again, plain[0]).spread is None
    assert together(evidence(), *plain).spread is None
    asked = compare_several(evidence(), plain, compared, repeats=True).spread
    assert asked is not None
    assert asked.count == 2


def test_siblings_execute_one_run() -> None:
    tags = {Tag.REEXECUTES: LEFT_ID}
    original, *again = [run(), *(run(str(n) * 32, tags=tags) for n in (2, 3, 4))]
    assert are_repeats(original, again)
    assert are_repeats(again[0], again[1:])
    assert are_repeats(again[0], [again[1], original])
    assert not are_repeats(run("9" * 32), again)
    assert not are_repeats(original, again[:1])
