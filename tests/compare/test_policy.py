"""Which tolerance holds where, and that what passes by one says by which."""

import struct

import numpy as np
import pytest
from tests.builders import changed, compared, evidence, file, history, known, rerun_evidence

from repro_tui.compare.model import FileDetail, Headline, Kind
from repro_tui.compare.policy import (
    BY_DTYPE,
    DTYPE_TOLERANCES,
    Policy,
    Tolerance,
    ToleranceRule,
)
from repro_tui.evidence.model import SectionName

METRICS, ARTIFACTS = SectionName.METRICS, SectionName.ARTIFACTS


def test_exact_where_nobody_asked_otherwise() -> None:
    assert Policy().tolerance(METRICS, ("loss",), "float64") == Tolerance()
    assert Policy().tolerance(METRICS, ("loss",), "float64").exact


def test_the_last_rule_that_matches_wins_for_each_amount_by_itself() -> None:
    policy = Policy(
        rtol=1e-6,
        atol=1e-8,
        tolerances=(
            ToleranceRule("val/*", rtol=1e-4, ulp=2),
            ToleranceRule("val/loss", rtol=1e-2),
            ToleranceRule("test/*", rtol=1.0),
        ),
    )
    assert policy.tolerance(METRICS, ("val/loss",), "float64") == Tolerance(
        1e-2, 1e-8, 2, "rtol 0.01 for val/loss, atol 1e-08, ulp 2 for val/*"
    )
    assert policy.tolerance(METRICS, ("loss",), "float64") == Tolerance(
        1e-6, 1e-8, 0, "rtol 1e-06, atol 1e-08"
    )


def test_a_rule_can_make_one_place_exact() -> None:
    policy = Policy(rtol=1e-6, tolerances=(ToleranceRule("loss", rtol=0.0),))
    assert policy.tolerance(METRICS, ("loss",), "float64").exact
    assert not policy.tolerance(METRICS, ("accuracy",), "float64").exact


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("models/model.pt", True),  # the file: all that is in it
        ("model.pt", False),
        ("models", True),  # the folder
        ("models/model.pt/layer1.weight", True),
        ("models/*/layer1.*", True),
        ("*.weight", True),
        ("models/model.pt/layer1", False),  # dots are part of a tensor's name
        ("layer1.weight", False),  # a tensor is named with its file
        ("MODELS/*", False),
    ],
)
def test_a_part_of_a_file_is_named_by_the_file_and_its_own_name(
    pattern: str, covered: bool
) -> None:
    inside = Policy(tolerances=(ToleranceRule(pattern, ulp=1),)).inside(("models", "model.pt"))
    assert inside.tolerance(ARTIFACTS, ("layer1.weight",), "float32").ulp == int(covered)


def test_metrics_are_not_folders_and_sections_are_kept_apart() -> None:
    policy = Policy(tolerances=(ToleranceRule("val", ulp=1), ToleranceRule("x", ARTIFACTS, ulp=1)))
    assert policy.tolerance(METRICS, ("val/loss",), "float64").exact
    assert policy.tolerance(METRICS, ("x",), "float64").exact
    assert policy.tolerance(ARTIFACTS, ("x",), "float64").ulp == 1


def test_the_table_by_dtype_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    from torch.testing._comparison import default_tolerances

    for name, expected in DTYPE_TOLERANCES.items():
        assert default_tolerances(getattr(torch, name)) == expected
    assert default_tolerances(torch.int64) == (0, 0)
    by_dtype = Policy(rtol=BY_DTYPE, atol=BY_DTYPE)
    assert by_dtype.tolerance(ARTIFACTS, ("n",), "int64").exact
    mixed = by_dtype.tolerance(ARTIFACTS, ("w",), "float16", "float32")
    assert (mixed.rtol, mixed.atol) == default_tolerances(torch.float16, torch.float32)
    assert mixed.name == "rtol 0.001 by dtype, atol 1e-05 by dtype"


def safetensors(value: float) -> bytes:
    header = b'{"layer1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return struct.pack("<Q", len(header)) + header + np.float32(value).tobytes()


def test_what_passed_is_told_with_the_tolerance_that_let_it_pass() -> None:
    left, right = evidence(), rerun_evidence()
    left = changed(
        left, ARTIFACTS, ("m.safetensors",), known(file("m.safetensors", safetensors(1)))
    )
    for section, key, value in (
        (METRICS, ("loss",), history([1.0, 0.5, 0.25, 0.1250001])),
        (ARTIFACTS, ("m.safetensors",), file("m.safetensors", safetensors(1.000001))),
    ):
        right = changed(right, section, key, known(value))
    policy = Policy(
        rtol=1e-5,
        tolerances=(ToleranceRule("m.safetensors/layer1.weight", ARTIFACTS, BY_DTYPE, BY_DTYPE),),
        set_aside=compared(left, right).policy.set_aside,
    )
    found = {f.key: f for s in compared(left, right, policy).sections.values() for f in s.findings}
    assert found["loss",].kind is Kind.WITHIN_TOLERANCE
    assert found["loss",].rule == "rtol 1e-05"
    weights = found["m.safetensors",]
    assert weights.kind is Kind.WITHIN_TOLERANCE
    expected = "rtol 1.3e-06 by dtype for artifacts:m.safetensors/layer1.weight"
    assert weights.rule.startswith(expected)
    assert isinstance(weights.detail, FileDetail)
    assert weights.detail.findings[0].rule == weights.rule
    verdict = compared(left, right, policy).verdict
    assert verdict.headline is Headline.REPRODUCED_WITHIN_TOLERANCE
    assert any(expected in reason and "rtol 1e-05" in reason for reason in verdict.reasons)
    assert compared(left, right).verdict.headline is Headline.NONDETERMINISTIC
