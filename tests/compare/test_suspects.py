import pytest
from tests.builders import blob, changed, compared, evidence, file, history, known, rerun_evidence

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
    (DEVICE, ("device",), "cuda:0"),
    (ENVIRONMENT, ("packages", "torch"), Package("3.0.0")),
    (ENVIRONMENT, ("packages", "numpy"), Package("2.4.0")),
    (RANDOMNESS, ("torch", "deterministic algorithms"), True),
    (RANDOMNESS, ("PYTHONHASHSEED",), "8"),
    (ENVIRONMENT, ("libraries", "blas"), "MKL"),
    (RANDOMNESS, ("threads", "torch"), 1),
    (ENVIRONMENT, ("packages", "numpy"), Package("2.3.5")),
    (DEVICE, ("driver",), "590.1"),
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


def first(*changes: Change, left: tuple[Change, ...] = ()) -> Suspect:
    base, right = evidence(), apart()
    for section, key, value in left:
        base = changed(base, section, key, known(value))
    for section, key, value in changes:
        right = changed(right, section, key, known(value))
    return compared(base, right).suspects[0]


COMMIT: Change = (CODE, ("commit",), "f" * 40)
README: Change = (CODE, ("files", "README.md"), blob("README.md", b"# New\n"))
HASH_SEED: Change = (RANDOMNESS, ("PYTHONHASHSEED",), "8")
COMMENTED: Change = (
    CODE,
    ("files", "train.py"),
    blob("train.py", b"import torch\nlr = 0.001\n# 1\n"),
)


def test_a_commit_is_as_suspicious_as_the_files_that_it_changed() -> None:
    train = (CODE, ("files", "train.py"), blob("train.py", b"lr = 2\n"))
    assert [s.key for s in suspects(COMMIT, README, train)][:2] == [train[1], COMMIT[1]]
    assert [s.key for s in suspects(COMMIT, README, HASH_SEED)] == [
        HASH_SEED[1], README[1], COMMIT[1],
    ]  # fmt: skip
    (alone,) = suspects(COMMIT)
    assert "no file of the project differs" in alone.why


def test_a_commit_whose_files_are_not_known_may_hold_any_code() -> None:
    right = changed(apart(), CODE, ("commit",), known("f" * 40))
    right = changed(right, CODE, ("files",), Missing("no repository"))
    right = changed(right, RANDOMNESS, ("PYTHONHASHSEED",), known("8"))
    assert [s.key for s in compared(evidence(), right).suspects] == [("commit",), HASH_SEED[1]]


def test_a_comment_computes_nothing() -> None:
    assert first(COMMENTED, HASH_SEED).key == HASH_SEED[1]
    code = (CODE, ("files", "train.py"), blob("train.py", b"import torch\nlr = 2\n# 1\n"))
    assert first(code, HASH_SEED).key == code[1]


def test_a_command_that_spells_changed_params_comes_behind_them() -> None:
    command = (CODE, ("command",), "python train.py --conf confs/other.yaml")
    left = ((PARAMS, ("output_file",), "confs/training.yaml"),)
    spelled = (PARAMS, ("output_file",), "confs/other.yaml")
    assert first(command, spelled, left=left).key == ("output_file",)
    other = (PARAMS, ("output_file",), "elsewhere")
    assert first(command, other, left=left).key == ("command",)


def test_a_param_that_names_what_is_read_is_no_mere_place() -> None:
    switch = (RANDOMNESS, ("torch", "deterministic algorithms"), True)
    assert first((PARAMS, ("conf_file",), "b.yaml"), switch).key == ("conf_file",)
    assert first((PARAMS, ("train_data_dir",), "/b"), switch).key == ("train_data_dir",)
    assert first((PARAMS, ("output_dir",), "/b"), switch).key == switch[1]


def test_a_variable_comes_before_the_libraries_and_behind_the_factor_that_it_sets() -> None:
    core = (ENVIRONMENT, ("variables", "OPENBLAS_CORETYPE"), "Nehalem")
    assert first((ENVIRONMENT, ("libraries", "blas"), "OpenBLAS Nehalem"), core).key == core[1]
    for name, factor in (
        ("PYTHONHASHSEED", HASH_SEED),
        ("OMP_NUM_THREADS", (RANDOMNESS, ("threads", "torch"), 1)),
    ):
        assert first((ENVIRONMENT, ("variables", name), "8"), factor).key == factor[1]


def test_uncommitted_changes_are_judged_by_the_files_that_they_touch() -> None:
    def patch(path: str) -> Change:
        text = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"
        return CODE, ("uncommitted changes",), file("changes.patch", text.encode())

    assert first(patch("README.md"), HASH_SEED).key == HASH_SEED[1]
    assert first(patch("train.py"), HASH_SEED).key == ("uncommitted changes",)
    assert first(patch("conf.yaml"), HASH_SEED).key == ("uncommitted changes",)


def test_data_that_the_code_made_are_not_data_that_it_was_given() -> None:
    """The parts of an unseeded split, which MLflow's autologging takes for data sets."""
    part = ("datasets", "dataset (train)")

    def with_part(base: Evidence, digest: str) -> Evidence:
        made = changed(base, DATA, (*part, "source type"), known("code"))
        return changed(made, DATA, (*part, "digest"), known(digest))

    found = compared(with_part(evidence(), "0000000a"), with_part(apart(), "0000000b")).suspects
    assert [s.why for s in found if s.key[:2] == part] == [
        "The code of the run made other data, by a split or a draw."
    ]
