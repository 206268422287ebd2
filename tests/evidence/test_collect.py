import math
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.evidence.conftest import Trained
from tests.evidence.git import footprint
from tests.evidence.records import document, save

from repro_tui.errors import ReproError
from repro_tui.evidence.collect import collect
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import (
    Evidence,
    FileRef,
    History,
    Known,
    Missing,
    Package,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import open_reader
from repro_tui.evidence.tracking.downloads import Downloads


@pytest.fixture(scope="module")
def evidence(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Collected by a person who is in the repository: MLflow keeps `train.py` as typed."""
    said: list[str] = []
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.repository)
        found = collect(trained.run_id("first"), trained.reader, Downloads(cache), said.append)
    assert said
    return found


def known(evidence: Evidence, section: SectionName, *key: str) -> object:
    fact = evidence[section].at(key)
    assert isinstance(fact, Known), fact
    return fact.value


def test_code(evidence: Evidence, trained: Trained) -> None:
    assert known(evidence, SectionName.CODE, "commit") == trained.commit
    assert known(evidence, SectionName.CODE, "entry point") == "train.py"
    script = known(evidence, SectionName.CODE, "files", "train.py")
    assert isinstance(script, FileRef)
    with open_file(script) as stream:
        assert stream.read() == (trained.repository / "train.py").read_bytes()
    for key in ("uncommitted changes", "command"):
        assert isinstance(evidence[SectionName.CODE].at((key,)), Missing)
    assert evidence[SectionName.CODE].at(("files", "absent.py")) is None


def test_a_script_as_typed_is_not_found_from_elsewhere(trained: Trained, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        found = collect(trained.run_id("first"), trained.reader, Downloads(tmp_path))
    for section, key in (
        (SectionName.CODE, ("files", "train.py")),
        (SectionName.LOCKFILES, ("requirements.txt", "numpy")),
        (SectionName.DATA, ("dvc", "data/digits.csv", "md5")),
    ):
        gap = found[section].at(key)
        assert isinstance(gap, Missing)
        assert "no Git repository is at" in gap.reason
    assert known(found, SectionName.CODE, "commit") == trained.commit


def test_params_and_metrics(evidence: Evidence) -> None:
    params = evidence[SectionName.PARAMS].facts
    assert params == {
        ("lr",): Known("1e-3", "params"),
        ("optimizer",): Known("sgd", "params"),
    }
    history = known(evidence, SectionName.METRICS, "loss")
    assert isinstance(history, History)
    assert list(history.steps) == [0, 1, 2]
    assert history.values[0] == 1.0
    assert math.isnan(history.values[1])


def test_data(evidence: Evidence) -> None:
    data = evidence[SectionName.DATA]
    assert (
        len(str(known(evidence, SectionName.DATA, "datasets", "table (training)", "digest"))) == 8
    )
    source = known(evidence, SectionName.DATA, "datasets", "pixels", "source")
    assert source == "the run's code"
    # 2 rows are all seen; of 200 x 64 values MLflow's digest sees the first 10,000.
    assert data.at(("datasets", "table (training)", "rows beyond the digest")) is None
    beyond = data.at(("datasets", "pixels", "rows beyond the digest"))
    assert isinstance(beyond, Missing)
    assert "12,800" in beyond.reason
    md5 = known(evidence, SectionName.DATA, "dvc", "data/digits.csv", "md5")
    assert md5 == "1e5" + "0" * 29
    assert known(evidence, SectionName.DATA, "dvc", "data/digits.csv", "size") == "1797"


def test_environment_and_lockfiles(evidence: Evidence, trained: Trained) -> None:
    assert known(evidence, SectionName.ENVIRONMENT, "python") == "3.11.7"
    assert known(evidence, SectionName.ENVIRONMENT, "packages", "numpy") == Package("2.1.0")
    assert isinstance(evidence[SectionName.ENVIRONMENT].at(("packages", "scipy")), Missing)
    assert evidence[SectionName.LOCKFILES].facts == {
        ("requirements.txt", "numpy"): Known(
            Package("2.1.0"), f"requirements.txt at {trained.commit[:12]}"
        )
    }


def test_randomness_and_device_are_unknown(evidence: Evidence) -> None:
    for name in (SectionName.RANDOMNESS, SectionName.DEVICE):
        assert isinstance(evidence[name].at(("seed",)), Missing)


def test_artifacts(evidence: Evidence) -> None:
    facts = evidence[SectionName.ARTIFACTS].facts
    assert {key for key in facts if key[0] != "models"} == {("notes/hello.txt",), ("summary.json",)}
    names = ("MLmodel", "python_env.yaml", "requirements.txt", "weights.bin")
    assert {key for key in facts if key[0] == "models"} == {
        ("models", model, name) for model in ("model", "model #2") for name in names
    }
    hello = known(evidence, SectionName.ARTIFACTS, "notes/hello.txt")
    assert isinstance(hello, FileRef)
    with open_file(hello) as stream:
        assert stream.read() == b"hello\n"


def test_models_of_one_name_stand_in_the_order_of_their_content(evidence: Evidence) -> None:
    contents = []
    for model in ("model", "model #2"):
        ref = known(evidence, SectionName.ARTIFACTS, "models", model, "weights.bin")
        assert isinstance(ref, FileRef)
        with open_file(ref) as stream:
            contents.append(stream.read())
    assert sorted(contents) == [b"first", b"second"]


def test_status(evidence: Evidence) -> None:
    assert known(evidence, SectionName.STATUS, "status") == "FINISHED"
    duration = known(evidence, SectionName.STATUS, "duration")
    assert isinstance(duration, int)
    assert duration == evidence.run.duration


def test_a_run_that_is_running(trained: Trained, tmp_path: Path) -> None:
    found = collect(trained.run_id("still running"), trained.reader, Downloads(tmp_path))
    assert known(found, SectionName.STATUS, "status") == "RUNNING"
    assert isinstance(found[SectionName.STATUS].at(("duration",)), Missing)
    assert found[SectionName.ARTIFACTS].facts == {}
    assert isinstance(found[SectionName.DATA].at(("datasets", "table")), Missing)


def test_a_run_that_does_not_exist(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ReproError):
        collect("0" * 32, trained.reader, Downloads(tmp_path))


def test_nothing_of_the_run_or_its_repository_is_touched(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = footprint(trained.repository), footprint(trained.store)
    monkeypatch.chdir(trained.repository)
    collect(trained.run_id("first"), trained.reader, Downloads(tmp_path))
    assert (footprint(trained.repository), footprint(trained.store)) == before


def test_a_record_among_the_artifacts_is_read(trained: Trained, tmp_path: Path) -> None:
    run_id = trained.run_id("still running")
    folder = Path(trained.reader.run(run_id).artifact_uri)
    content = document()
    content["launch"] |= {
        "repository": str(trained.repository),
        "commit": trained.commit,
        "subdirectory": "",
    }
    content["files"] = []
    save(folder, content)
    try:
        found = collect(run_id, trained.reader, Downloads(tmp_path))
    finally:
        (folder / "repro-tui" / "record.json").unlink()
        (folder / "repro-tui").rmdir()
        folder.rmdir()

    assert known(found, SectionName.CODE, "command") == "python train.py --seed 7"
    assert known(found, SectionName.CODE, "uncommitted changes") == "none"
    assert known(found, SectionName.RANDOMNESS, "seed") == 7
    assert known(found, SectionName.DEVICE, "device") == "cpu"
    assert known(found, SectionName.ENVIRONMENT, "cpu") == "AMD EPYC"
    assert known(found, SectionName.CODE, "files", "train.py")


def test_artifacts_that_hold_no_record_of_ours_are_gone(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow makes no folder for a run without artifacts; repro-tui always keeps some."""
    reader = open_reader(trained.reader.uri, tmp_path)
    run = replace(reader.run(trained.run_id("still running")), status="FINISHED")
    for tags, facts in (({}, set()), ({Tag.DETERMINISM: "seed"}, {()})):
        monkeypatch.setattr(reader, "run", lambda _, tags=tags: replace(run, tags=tags))
        found = collect(run.run_id, reader, Downloads(tmp_path))
        assert set(found[SectionName.ARTIFACTS].facts) == facts
    gap = found[SectionName.ARTIFACTS].at(("weights.bin",))
    assert isinstance(gap, Unreadable)
    assert "gone" in gap.reason


def test_what_cannot_be_had_is_a_gap(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store whose parts fail one by one: every part is a gap, none an exception."""
    run_id = trained.run_id("first")
    reader = open_reader(trained.reader.uri, tmp_path)

    def fail(*_: object) -> None:
        raise ReproError("the store went away")

    for method in ("histories", "datasets", "logged_models", "fetch"):
        monkeypatch.setattr(reader, method, fail)
    found = collect(run_id, reader, Downloads(tmp_path))
    for section, key in (
        (SectionName.METRICS, ("loss",)),
        (SectionName.DATA, ("datasets", "table", "digest")),
        (SectionName.ARTIFACTS, ("summary.json",)),
        (SectionName.ARTIFACTS, ("models", "model", "weights.bin")),
        (SectionName.ENVIRONMENT, ("packages", "numpy")),
        (SectionName.RANDOMNESS, ("seed",)),
        (SectionName.DEVICE, ("device",)),
    ):
        gap = found[section].at(key)
        assert isinstance(gap, Unreadable), (section, key)
        assert gap.reason == "the store went away"
