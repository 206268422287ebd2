"""Where the tracking store is looked for."""

from pathlib import Path

import pytest

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import StoreLocation, discover, is_gone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database and an `mlruns` that holds artifacts alone."""
    place = tmp_path / "my project #1"
    (place / "mlruns" / "0" / "abc" / "artifacts").mkdir(parents=True)
    (place / "mlflow.db").touch()
    return place


def test_the_option_goes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert discover("sqlite:///other.db", folder) == StoreLocation(
        f"sqlite:///{folder}/other.db", "the option --tracking-uri"
    )


def test_a_path_stands_for_the_store_in_it(folder: Path) -> None:
    database = f"sqlite:///{folder}/mlflow.db"
    above = folder.parent
    assert discover(str(folder), above) == StoreLocation(database, "the option --tracking-uri")
    assert discover("my project #1/mlflow.db", above).uri == database
    assert discover("../my project #1", folder).uri == database
    (folder / "mlruns" / "0" / "meta.yaml").touch()
    experiments = (folder / "mlruns").as_uri()
    assert discover(str(folder), above).uri == experiments
    assert discover(f"{folder}/mlruns", above, "you") == StoreLocation(experiments, "you")


def test_a_store_of_this_machine_can_be_gone(folder: Path) -> None:
    for here in (f"sqlite:///{folder}/mlflow.db", folder.as_uri(), "https://mlflow.example.org"):
        assert not is_gone(here, folder)
    for gone in (f"sqlite:///{folder}/other.db", (folder / "x").as_uri()):
        assert is_gone(gone, folder)


def test_the_variable_goes_second(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert discover(None, folder) == StoreLocation(
        "https://mlflow.example.org", "MLFLOW_TRACKING_URI"
    )


def test_the_database_in_the_folder(folder: Path) -> None:
    assert discover(None, folder) == StoreLocation(
        f"sqlite:///{folder}/mlflow.db", "mlflow.db in this folder"
    )


def test_a_file_store_goes_before_the_database_as_in_mlflow(folder: Path) -> None:
    (folder / "mlruns" / "0" / "meta.yaml").touch()
    location = discover(None, folder)
    assert location == StoreLocation((folder / "mlruns").as_uri(), "mlruns in this folder")
    assert "my%20project%20%231" in location.uri


def test_nothing_is_found(tmp_path: Path) -> None:
    with pytest.raises(ReproError) as refusal:
        discover(None, tmp_path)
    for sought in ("MLFLOW_TRACKING_URI", "mlflow.db", "mlruns", str(tmp_path)):
        assert sought in refusal.value.message
    assert "--tracking-uri" in refusal.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("runs", "{folder}/runs"),
        ("./mlruns", "{folder}/mlruns"),
        ("file:mlruns", "{folder}/mlruns"),
        ("file:///srv/mlruns", "file:///srv/mlruns"),
        ("/srv/my runs", "file:///srv/my%20runs"),
        ("sqlite:////srv/m.db", "sqlite:////srv/m.db"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("postgresql://u:p@db.example.org/x", "postgresql://u:p@db.example.org/x"),
        ("databricks", "databricks"),
        ("databricks://profile", "databricks://profile"),
    ],
)
def test_relative_paths_become_absolute(tmp_path: Path, given: str, expected: str) -> None:
    assert discover(given, tmp_path).uri == expected.format(folder=tmp_path.as_uri())
