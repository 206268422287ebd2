import pytest
from tests.builders import blob, changed, compared, evidence, history, known, rerun_evidence

from repro_tui.compare.model import Suspect
from repro_tui.evidence.model import Evidence, Key, Missing, Package, SectionName, Value

CODE, PARAMS, DATA = SectionName.CODE, SectionName.PARAMS, SectionName.DATA
ENVIRONMENT, LOCKFILES = SectionName.ENVIRONMENT, SectionName.LOCKFILES
RANDOMNESS, DEVICE = SectionName.RANDOMNESS, SectionName.DEVICE

Change = tuple[SectionName, Key, Value]


def apart() -> Evidence:
    loss = known(history([1.0, 0.75]))
    return changed(rerun_evidence(), SectionName.METRICS, ("loss",), loss)


def suspects(*changes: Change) -> tuple[Suspect, ...]:
    right = apart()
    for section, key, value in changes:
        right = changed(right, section, key, known(value))
    return compared(evidence(), right).suspects


ORDERED: list[Change] = [
    (PARAMS, ("seed",), "8"),
    (PARAMS, ("lr",), "0.01"),
    (CODE, ("uncommitted changes",), "sha256:01"),
    (DATA, ("dvc", "data/raw.csv", "md5"), "00" * 16),
    (CODE, ("files", "train.py"), blob("train.py", b"lr = 2\n")),
    (CODE, ("files", "conf.yaml"), blob("conf.yaml", b"lr: 2\n")),
    (ENVIRONMENT, ("packages", "torch"), Package("3.0.0")),
    (ENVIRONMENT, ("packages", "numpy"), Package("2.4.0")),
    (RANDOMNESS, ("torch", "deterministic algorithms"), True),
    (RANDOMNESS, ("PYTHONHASHSEED",), "8"),
    (ENVIRONMENT, ("libraries", "blas"), "MKL"),
    (RANDOMNESS, ("threads", "torch"), 1),
    (DEVICE, ("device",), "cuda:0"),
    (ENVIRONMENT, ("packages", "click"), Package("8")),
    (PARAMS, ("output_dir",), "/elsewhere"),
    (CODE, ("files", "README.md"), blob("README.md", b"# New\n")),
]


@pytest.mark.parametrize("place", range(len(ORDERED) - 1))
def test_the_likelier_comes_first(place: int) -> None:
    later, earlier = ORDERED[place + 1], ORDERED[place]
    found = suspects(later, earlier, (CODE, ("commit",), "f" * 40))
    named = [(s.section, s.key) for s in found if s.key != ("commit",)]
    assert named == [earlier[:2], later[:2]]
    assert all(s.why.endswith(".") for s in found)


@pytest.mark.parametrize(
    ("version", "step"),
    [("3.0", "major"), ("2.10.0", "minor"), ("2.9.1", "patch"), ("2.9.0+cu12", "patch")],
)
def test_how_far_a_library_moved(version: str, step: str) -> None:
    (found,) = suspects((ENVIRONMENT, ("packages", "torch"), Package(version)))
    assert found.why == f"A numeric library by another {step} version."


def test_a_library_of_another_source_and_an_odd_version() -> None:
    (found,) = suspects((ENVIRONMENT, ("packages", "torch"), Package("2.9.0", "file:///wheel")))
    assert "another source" in found.why
    assert suspects((ENVIRONMENT, ("packages", "torch"), Package("nightly")))


def test_what_ran_comes_before_what_the_lock_says() -> None:
    found = suspects(
        (LOCKFILES, ("uv.lock", "torch"), Package("2.10.0")),
        (ENVIRONMENT, ("packages", "torch"), Package("2.10.0")),
    )
    assert [s.section for s in found] == [ENVIRONMENT, LOCKFILES]


def test_nothing_is_suspected_where_outcomes_agree() -> None:
    right = changed(rerun_evidence(), PARAMS, ("lr",), known("0.01"))
    assert compared(evidence(), right).suspects == ()


def test_only_changed_inputs_are_suspects() -> None:
    right = changed(apart(), DEVICE, (), Missing("nobody recorded it"))
    assert compared(evidence(), right).suspects == ()
