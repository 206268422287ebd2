"""A policy as people write it: on the line and in the settings, and what mistakes come to."""

from pathlib import Path

import pytest

from repro_tui.compare.policy import BY_DTYPE, Policy, Tolerance, ToleranceRule
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName
from repro_tui.policies import asked
from repro_tui.settings import load

METRICS, ARTIFACTS = SectionName.METRICS, SectionName.ARTIFACTS


def test_what_is_ignored_on_the_line_is_a_rule_of_its_own() -> None:
    rule = asked(ignore=["metrics:val_*"]).set_aside[0]
    assert rule.name == "--ignore metrics:val_*"
    assert rule.matches(SectionName.METRICS, ("val_loss",))
    assert not rule.matches(SectionName.METRICS, ("loss",))
    assert not rule.matches(SectionName.PARAMS, ("val_loss",))
    assert asked(ignore=["artifacts:a:b"]).set_aside[0].pattern == "a:b"


@pytest.mark.parametrize("text", ["", "metrics", "metrics:", "weather:x", ":x"])
def test_what_is_no_section_and_pattern_is_said_so(text: str) -> None:
    with pytest.raises(ReproError) as caught:
        asked(ignore=[text])
    assert "SECTION:PATTERN" in caught.value.message
    assert "metrics" in caught.value.hint


def test_a_number_holds_everywhere_and_a_pattern_where_it_matches() -> None:
    policy = asked(rtol=["1e-5", "val/loss=1e-3"], atol=["artifacts:*.pt=dtype"], ulp=["4"]).over(
        Policy(rtol=1.0, atol=0.5)
    )
    assert policy == Policy(
        1e-5,
        0.5,
        4,
        (ToleranceRule("val/loss", rtol=1e-3), ToleranceRule("*.pt", ARTIFACTS, atol=BY_DTYPE)),
    )


@pytest.mark.parametrize(
    ("text", "section", "pattern"),
    [("a=b=1", None, "a=b"), ("metrics:a:b=1", METRICS, "a:b"), ("top:5=1", None, "top:5")],
)
def test_patterns_may_hold_the_signs_that_part_them(
    text: str, section: SectionName | None, pattern: str
) -> None:
    assert asked(ulp=[text]).tolerances == (ToleranceRule(pattern, section, ulp=1),)


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "nan", "inf", "loss=", "=1", "metrics:=1", "loss=-1", "dtypes", "1,5"]
)
@pytest.mark.parametrize("option", ["rtol", "atol", "ulp"])
def test_what_is_no_tolerance_is_said_so(option: str, text: str) -> None:
    with pytest.raises(ReproError, match=f"--{option} .* is not") as caught:
        asked(**{option: [text]})
    assert "0 or more" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["1.5", "loss=0.5", "dtype"])
def test_ulp_is_a_whole_number(text: str) -> None:
    with pytest.raises(ReproError, match="is not"):
        asked(ulp=[text])


def test_inputs_have_no_tolerance() -> None:
    with pytest.raises(ReproError, match="params is compared by a tolerance") as caught:
        asked(rtol=["params:lr=1e-3"])
    assert "metrics and artifacts" in (caught.value.hint or "")


def test_the_line_comes_after_the_settings(own_file: Path) -> None:
    own_file.write_text(
        """[tolerance]
        rtol = "dtype"
        atol = 1
        [[tolerance.for]]
        pattern = "val/*"
        rtol = 1e-3
        ulp = 2
        [[tolerance.for]]
        pattern = "model.pt"
        section = "artifacts"
        atol = 1e-4
        """
    )
    policy = load().policy
    assert (policy.rtol, policy.atol, policy.ulp) == (BY_DTYPE, 1.0, 0)
    assert policy.tolerances == (
        ToleranceRule("val/*", rtol=1e-3, ulp=2),
        ToleranceRule("model.pt", ARTIFACTS, atol=1e-4),
    )
    over = asked(rtol=["1e-9", "val/loss=0"]).over(policy)
    names = {"val/loss": "atol 1.0, ulp 2 for val/*", "loss": "rtol 1e-09, atol 1.0"}
    for metric, name in names.items():
        assert over.tolerance(METRICS, (metric,), "float64").name == name
    everything = asked(*[["*=0"]] * 3).over(policy)
    assert everything.tolerance(METRICS, ("val/loss",), "float64") == Tolerance()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("rtol = -1", "tolerance.rtol cannot be -1"),
        ("atol = nan", "tolerance.atol cannot be nan"),
        ("ulp = -2", "tolerance.ulp cannot be -2"),
        ('rtol = "loose"', "tolerance.rtol has the wrong type"),
        ('ulp = "dtype"', "tolerance.ulp has the wrong type"),
        ("for = [1]", "has no pattern"),
        ("[[tolerance.for]]\nrtol = 1", "has no pattern"),
        ('[[tolerance.for]]\npattern = "x"', "'x' gives no tolerance"),
        ('[[tolerance.for]]\npattern = "x"\nrtol = -1', "'x': rtol cannot be -1"),
        ('[[tolerance.for]]\npattern = "x"\nulp = 0.5', "'x': ulp cannot be 0.5"),
        ('[[tolerance.for]]\npattern = "x"\nulp = true', "'x': ulp cannot be True"),
        ('[[tolerance.for]]\npattern = "x"\nrtl = 1', "has no setting rtl"),
        ('[[tolerance.for]]\npattern = "x"\nsection = "params"\nulp = 1', "section 'params'"),
    ],
)
def test_a_mistake_in_the_settings_is_named_with_its_file(
    own_file: Path, text: str, named: str
) -> None:
    own_file.write_text(f"[tolerance]\n{text}")
    with pytest.raises(ReproError) as caught:
        load()
    assert str(own_file) in caught.value.message
    assert named in caught.value.message
    assert caught.value.hint
