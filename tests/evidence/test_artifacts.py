from pathlib import Path

from tests.evidence.git import write

from repro_tui.evidence.artifacts import artifacts, by_model, files
from repro_tui.evidence.files import hash_folder
from repro_tui.evidence.model import Known, LoggedModel, Missing, Unreadable
from repro_tui.evidence.tracking.reader import Fetched


def model(name: str, model_id: str) -> LoggedModel:
    return LoggedModel(model_id, name, "", "READY")


def test_models_of_one_name_are_paired_by_content(tmp_path: Path) -> None:
    """Two runs list their models in different orders, with ids of their own."""
    write(
        tmp_path,
        {
            "left/a/w": "1", "left/a/MLmodel": "id-1", "left/b/w": "2", "left/b/MLmodel": "id-2",
            "right/a/w": "1", "right/a/MLmodel": "id-3", "right/b/w": "2",
            "right/b/MLmodel": "id-4",
        },
    )  # fmt: skip
    hashed = {
        name: hash_folder(tmp_path / name) for name in ("left/a", "left/b", "right/a", "right/b")
    }
    left = by_model([(model("m", "1"), hashed["left/a"]), (model("m", "2"), hashed["left/b"])])
    right = by_model([(model("m", "4"), hashed["right/b"]), (model("m", "3"), hashed["right/a"])])
    other = by_model([(model("m", "2"), hashed["left/b"]), (model("m", "1"), hashed["left/a"])])

    assert left == other
    assert list(left) == list(right) == ["m", "m #2"]
    section, twin = artifacts({}, left), artifacts({}, right)
    for name in left:
        one, two = section.at(("models", name, "w")), twin.at(("models", name, "w"))
        assert isinstance(one, Known)
        assert isinstance(two, Known)
        assert one.value == two.value


def test_gaps_stand_where_they_belong() -> None:
    gone = Unreadable("s3://bucket/run", "access denied")
    section = artifacts(gone, {"m": gone})
    assert section.at(("any",)) == gone
    assert section.at(("models", "m", "any")) == gone
    assert artifacts({}, gone).at(("models", "m", "any")) == gone
    assert artifacts({}, {}).at(("any",)) is None


def test_a_file_that_cannot_be_hashed_is_a_gap_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"fine": "1"})
    (tmp_path / "away").symlink_to("/etc/hostname")
    found = files(Fetched(tmp_path, {"large": "it is 5.0 GiB; up to 4.0 GiB are fetched"}))
    assert not isinstance(found, Unreadable)
    section = artifacts(found, {})
    assert isinstance(section.at(("fine",)), Known)
    assert isinstance(section.at(("away",)), Unreadable)
    assert isinstance(section.at(("large",)), Unreadable)
    assert not isinstance(section.at(("other",)), Missing | Unreadable)


def test_nothing_there_is_known_to_be_nothing() -> None:
    assert files(None) == {}
