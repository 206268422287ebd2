"""Locks joined with what was installed, and packages in the order of their reach."""

from collections.abc import Mapping

import pytest
from tests.builders import changed, compared, evidence, known

from repro_tui.compare.model import Comparison, Finding, Kind
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    Key,
    Missing,
    Package,
    Reach,
    Section,
    SectionName,
)

LOCKS, ENVIRONMENT = SectionName.LOCKFILES, SectionName.ENVIRONMENT


def example(
    locked: Mapping[str, str], installed: Mapping[str, str], imports: frozenset[str] = frozenset()
) -> Evidence:
    """Evidence with one lock and these packages."""
    made = evidence()
    locks: Mapping[Key, Fact] = {("uv.lock", n): known(Package(v)) for n, v in locked.items()}
    others = {k: f for k, f in made[ENVIRONMENT].facts.items() if k[0] != "packages"}
    had: Mapping[Key, Fact] = {("packages", n): known(Package(v)) for n, v in installed.items()}
    return Evidence(
        made.run,
        {
            **made.sections,
            LOCKS: Section(LOCKS, locks),
            ENVIRONMENT: Section(ENVIRONMENT, {**others, **had}),
        },
        Reach(imports=imports),
    )


def find(comparison: Comparison, section: SectionName, *key: str) -> Finding:
    (found,) = [f for f in comparison[section].findings if f.key == key]
    return found


def test_one_run_was_installed_otherwise_than_its_lock_says() -> None:
    left = example({"numpy": "2.3.4"}, {"numpy": "2.3.4"})
    right = example({"numpy": "2.3.4"}, {"numpy": "2.3.5"})
    found = compared(left, right)
    lock = find(found, LOCKS, "uv.lock", "numpy")
    assert (lock.kind, lock.note) == (Kind.EQUAL, "right: the environment had 2.3.5")
    assert find(found, ENVIRONMENT, "packages", "numpy").note == (
        "differs in version; right: uv.lock says 2.3.4"
    )
    said = "The right run had other packages than its locks say: numpy 2.3.5 (uv.lock says 2.3.4)."
    assert said in found.verdict.reasons


def test_both_were() -> None:
    side = example({"numpy": "2.3.4", "a": "1", "b": "1", "c": "1"},
                   {"numpy": "2.3.5", "a": "2", "b": "2", "c": "2"})  # fmt: skip
    found = compared(side, side)
    assert find(found, LOCKS, "uv.lock", "a").note == "both: the environment had 2"
    (said,) = [reason for reason in found.verdict.reasons if reason.startswith("Both runs")]
    assert "numpy 2.3.5 (uv.lock says 2.3.4), a 2 (uv.lock says 1)" in said
    assert said.endswith(", 1 more.")


@pytest.mark.parametrize(
    ("locked", "installed"),
    [
        ({"numpy": "2.3.4"}, {"numpy": "2.3.4"}),
        ({"numpy": "1.0"}, {"numpy": "1"}),
        ({"numpy": ">=2,<3"}, {"numpy": "2.3.5"}),
        ({"numpy 1.26.4": "1.26.4", "numpy 2.3.4": "2.3.4"}, {"numpy": "2.3.4"}),
        ({"torch[cpu] (sys_platform == 'linux')": "2.9.0"}, {"torch": "2.9.0"}),
        ({"colorama": "0.4"}, {}),
        ({"numpy": ""}, {"numpy": "2.3.4"}),
        ({}, {"pip": "25.0"}),
        ({"python": "3.11.7"}, {}),
        ({"python": "3.11"}, {}),
    ],
)
def test_what_a_lock_allows_is_not_astray(
    locked: Mapping[str, str], installed: Mapping[str, str]
) -> None:
    side = example(locked, installed)
    found = compared(side, side)
    assert not any("locks say" in reason for reason in found.verdict.reasons)
    assert not any("environment had" in f.note for f in found[LOCKS].findings)


@pytest.mark.parametrize(
    ("locked", "had"),
    [
        ({"torch": "2.9.0"}, {"torch": "2.9.0+cpu"}),
        ({"torch": ">=3"}, {"torch": "2.9.0"}),
        ({"torch": "nightly"}, {"torch": "2.9.0"}),
        ({"python": "3.12.1"}, {}),
    ],
)
def test_what_a_lock_does_not_allow_is(locked: Mapping[str, str], had: Mapping[str, str]) -> None:
    side = example(locked, had)
    assert any("locks say" in reason for reason in compared(side, side).verdict.reasons)


def test_an_unknown_environment_is_not_astray() -> None:
    side = changed(
        example({"numpy": "2.3.4"}, {}), ENVIRONMENT, ("packages",), Missing("not recorded")
    )
    assert not any("locks say" in reason for reason in compared(side, side).verdict.reasons)


def test_packages_stand_in_the_order_of_their_reach() -> None:
    names = ["aiohttp", "numpy", "tqdm", "zipp", "torch"]
    left = example(dict.fromkeys(names, "1.0"), dict.fromkeys(names, "1.0"), frozenset({"zipp"}))
    right = example(dict.fromkeys(names, "2.0"), dict.fromkeys(names, "2.0"))
    found = compared(left, right)
    for section, first in ((LOCKS, "uv.lock"), (ENVIRONMENT, "packages")):
        ordered = [f.key[1] for f in found[section].findings if f.key[0] == first]
        assert ordered == ["numpy", "torch", "zipp", "aiohttp", "tqdm"]


def test_a_lock_alone_that_changed_is_a_late_suspect() -> None:
    left = example({"numpy": "1.0"}, {"numpy": "2.0", "tqdm": "1.0"})
    right = example({"numpy": "2.0"}, {"numpy": "2.0", "tqdm": "2.0"})
    right = changed(right, SectionName.METRICS, ("loss",), None)
    keys = [suspect.key for suspect in compared(left, right).suspects]
    assert keys == [("packages", "tqdm"), ("uv.lock", "numpy")]
