import numpy as np
import pytest
from msgspec.structs import replace
from tests.builders import (
    POLICY,
    changed,
    compared,
    diverged,
    evidence,
    file,
    history,
    known,
    nondeterministic,
    reproduced,
    rerun_evidence,
    run,
    unverifiable,
)

from repro_tui.compare.model import FirstDivergence, Headline, InputsVerdict, OutcomesVerdict
from repro_tui.compare.policy import Policy
from repro_tui.compare.verdict import FailOn, exit_code
from repro_tui.errors import ExitCode
from repro_tui.evidence.model import NOT_SEEDED, Evidence, History, Missing, SectionName

GAP = Missing("nobody recorded it")
METRICS, ARTIFACTS = SectionName.METRICS, SectionName.ARTIFACTS


def inputs(kind: str) -> Evidence:
    right = rerun_evidence()
    if kind == "changed":
        return changed(right, SectionName.PARAMS, ("lr",), known("0.01"))
    if kind == "unknown":
        return changed(right, SectionName.RANDOMNESS, (), GAP)
    return right


def outcomes(right: Evidence, kind: str) -> Evidence:
    if kind == "within tolerance":
        return changed(right, METRICS, ("loss",), known(history([1.0, 0.5, 0.25, 0.1250001])))
    if kind == "different":
        return changed(right, METRICS, ("loss",), known(history([1.0, 0.5, 0.25, 0.5])))
    if kind == "unknown":
        return changed(right, ARTIFACTS, ("predictions.csv",), GAP)
    return right


@pytest.mark.parametrize(
    ("went_in", "came_out", "headline", "code"),
    [
        ("same", "identical", Headline.REPRODUCED, 0),
        ("same", "within tolerance", Headline.REPRODUCED_WITHIN_TOLERANCE, 0),
        ("same", "different", Headline.NONDETERMINISTIC, 1),
        ("same", "unknown", Headline.UNVERIFIABLE, 3),
        ("changed", "identical", Headline.UNAFFECTED, 0),
        ("changed", "within tolerance", Headline.UNAFFECTED_WITHIN_TOLERANCE, 0),
        ("changed", "different", Headline.DIVERGED, 1),
        ("changed", "unknown", Headline.UNVERIFIABLE, 3),
        ("unknown", "identical", Headline.MATCHES, 0),
        ("unknown", "within tolerance", Headline.MATCHES_WITHIN_TOLERANCE, 0),
        ("unknown", "different", Headline.DIVERGED, 1),
        ("unknown", "unknown", Headline.UNVERIFIABLE, 3),
    ],
)
def test_every_row_of_the_table(went_in: str, came_out: str, headline: Headline, code: int) -> None:
    right = outcomes(inputs(went_in), came_out)
    comparison = compared(evidence(), right, replace(POLICY, rtol=1e-3))
    assert comparison.verdict.headline is headline
    assert exit_code(comparison) == ExitCode(code)


def test_a_difference_outweighs_what_is_unknown() -> None:
    right = outcomes(outcomes(inputs("changed"), "different"), "unknown")
    right = changed(right, SectionName.DEVICE, (), GAP)
    verdict = compared(evidence(), right).verdict
    assert verdict.inputs is InputsVerdict.CHANGED
    assert verdict.outcomes is OutcomesVerdict.DIFFERENT
    assert "Inputs that could not be compared: 1 in device." in verdict.reasons
    assert "Outcomes that could not be compared: 1 in artifacts." in verdict.reasons


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED"])
def test_a_run_that_has_not_ended_says_nothing_yet(status: str) -> None:
    right = outcomes(evidence(run("1b" * 16, status=status, end_time=None)), "different")
    for pair in ((evidence(), right), (right, evidence())):
        comparison = compared(*pair)
        assert comparison.verdict.headline is Headline.UNVERIFIABLE
        assert exit_code(comparison) is ExitCode.UNVERIFIABLE
        assert f"it is {status}" in comparison.verdict.reasons[0]


def without(before: Evidence, *names: SectionName) -> Evidence:
    for name in names:
        for key in tuple(before[name].facts):
            before = changed(before, name, key, None)
    return before


def test_that_both_ended_well_shows_nothing() -> None:
    sides = [without(side, METRICS, ARTIFACTS) for side in (evidence(), rerun_evidence())]
    assert compared(sides[0], sides[1]).verdict.outcomes is OutcomesVerdict.UNKNOWN
    one = [without(side, METRICS) for side in (evidence(), rerun_evidence())]
    assert compared(one[0], one[1]).verdict.outcomes is OutcomesVerdict.IDENTICAL


def test_metrics_alone_are_said_to_be_all_that_was_compared() -> None:
    said = "metrics alone were compared"
    bare = without(evidence(), ARTIFACTS), without(rerun_evidence(), ARTIFACTS)
    assert said in " ".join(compared(*bare).verdict.reasons)
    assert said not in " ".join(reproduced().verdict.reasons)


def test_what_was_set_aside_shows_nothing() -> None:
    sides = [
        changed(without(side, METRICS, ARTIFACTS), METRICS, ("x_seconds",), known(history([value])))
        for side, value in ((evidence(), 1.0), (rerun_evidence(), 2.0))
    ]
    assert compared(sides[0], sides[1]).verdict.outcomes is OutcomesVerdict.UNKNOWN


def test_another_status_is_another_outcome() -> None:
    right = changed(rerun_evidence(), SectionName.STATUS, ("status",), known("FAILED"))
    assert compared(evidence(), right).verdict.headline is Headline.NONDETERMINISTIC


def test_a_run_that_failed_is_said_to_lack_what_it_did_not_log() -> None:
    failed = evidence(run("1b" * 16, status="FAILED"))
    said = "The right run ended as FAILED: what it did not come to log counts as different"
    assert compared(evidence(), failed).verdict.reasons[0].startswith(said)
    both = compared(failed, evidence(run("1c" * 16, status="FAILED")))
    assert "FAILED" not in " ".join(both.verdict.reasons)


def test_a_flipped_bit_in_a_model_is_enough() -> None:
    key = ("models", "digits", "weights.bin")
    flipped = bytes([1, *range(1, 64)])
    right = changed(rerun_evidence(), ARTIFACTS, key, known(file("weights.bin", flipped)))
    assert compared(evidence(), right).verdict.headline is Headline.NONDETERMINISTIC


def test_reasons_say_what_was_compared() -> None:
    reasons = compared(evidence(), rerun_evidence()).verdict.reasons
    assert "Compared: 10 points of 3 metrics, 3 files, 32 inputs." in reasons
    assert "Set aside by rule (duration, host name): 1 in environment, 1 in status." in reasons
    within = compared(evidence(), outcomes(rerun_evidence(), "within tolerance"), Policy(atol=1))
    assert "Equal only within tolerance (atol 1): 1 in metrics, 1 in status." not in reasons
    assert any(r.startswith("Equal only within tolerance (atol 1)") for r in within.verdict.reasons)


def test_generators_that_nobody_seeded_are_named_where_outcomes_differ() -> None:
    sides = [
        changed(side, SectionName.RANDOMNESS, ("numpy", "seed"), known(NOT_SEEDED))
        for side in (evidence(), rerun_evidence())
    ]
    said = "Random number generators that nobody seeded in either run: numpy."
    assert said in compared(sides[0], outcomes(sides[1], "different")).verdict.reasons
    assert said not in compared(sides[0], sides[1]).verdict.reasons


def test_what_a_card_leaves_open_is_named_where_outcomes_differ() -> None:
    def reasons(device: str, enforced: bool, timed: bool, came_out: str) -> str:
        left, right = evidence(), rerun_evidence()
        for section, key, value in (
            (SectionName.DEVICE, ("device",), device),
            (SectionName.RANDOMNESS, ("torch", "deterministic algorithms"), enforced),
            (SectionName.RANDOMNESS, ("cudnn", "benchmark"), timed),
        ):
            left, right = (changed(side, section, key, known(value)) for side in (left, right))
        return " ".join(compared(left, outcomes(right, came_out)).verdict.reasons)

    said = "Both computed on cuda:0 without deterministic algorithms"
    assert said in reasons("cuda:0", False, False, "different")
    assert "by the clock" not in reasons("cuda:0", False, False, "different")
    assert "by the clock (cudnn benchmark)" in reasons("cuda:0", False, True, "different")
    assert said not in reasons("cuda:0", False, True, "identical")
    assert said not in reasons("cuda:0", True, True, "different")
    assert "without deterministic" not in reasons("cpu", False, True, "different")


def first(**metrics: tuple[History | None, History | None]) -> FirstDivergence | None:
    left, right = evidence(), rerun_evidence()
    for name, (a, b) in metrics.items():
        left = changed(left, METRICS, (name,), None if a is None else known(a))
        right = changed(right, METRICS, (name,), None if b is None else known(b))
    return compared(left, right).first_divergence


def test_the_earliest_by_the_time_since_the_start_over_all_metrics() -> None:
    following = float(np.nextafter(2.0, 3))
    found = first(
        batch=(
            history([1.0, 2.0], [0, 5], [10, 20]),
            history([1.0, following], [0, 5], [910, 935]),
        ),
        epoch=(history([1.0], [0], [30]), history([3.0], [0], [930])),
    )
    assert found == FirstDivergence("batch", 5, 2.0, following, 1)


def test_of_one_time_the_earlier_step_then_the_name() -> None:
    found = first(
        a=(history([1.0], [4], [100]), history([2.0], [4], [1])),
        b=(history([1.0], [3], [100]), history([2.0], [3], [1])),
        c=(history([1.0], [3], [100]), history([2.0], [3], [1])),
    )
    assert found is not None
    assert found.metric == "b"


def test_a_missing_point_or_metric_is_a_divergence() -> None:
    found = first(a=(history([1.0, 2.0], [4, 5]), history([1.0], [4])))
    assert found == FirstDivergence("a", 5, 2.0, None, None)
    assert first(a=(None, history([1.5], [2]))) == FirstDivergence("a", 2, None, 1.5, None)
    assert first(a=(history([1.5], [2]), None)) == FirstDivergence("a", 2, 1.5, None, None)


def test_metrics_that_are_set_aside_never_diverge_first() -> None:
    assert first(a_seconds=(history([1.0]), history([2.0]))) is None
    assert first() is None


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [
        (FailOn.OUTCOMES, (0, 1, 1, 3)),
        (FailOn.INPUTS, (0, 0, 1, 3)),
        (FailOn.ANY, (0, 1, 1, 3)),
    ],
)
def test_the_side_that_the_exit_code_is_read_off(fail_on: FailOn, codes: tuple[int, ...]) -> None:
    examples = (reproduced(), nondeterministic(), diverged(), unverifiable())
    assert tuple(exit_code(example, fail_on) for example in examples) == codes


def test_a_difference_on_either_side_outweighs_what_is_unknown() -> None:
    gap = Missing("no record of the execution")
    right = changed(rerun_evidence(), SectionName.DEVICE, (), gap)
    right = changed(right, SectionName.DEVICE, ("device",), None)
    assert exit_code(compared(evidence(), right), FailOn.ANY) == 3
    assert exit_code(compared(evidence(), outcomes(right, "different")), FailOn.ANY) == 1
