"""What tells of an original's environment: real repositories, a real store, this machine."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.evidence.git import commit
from tests.rerun.conftest import Store

from repro_tui import settings as configuration
from repro_tui.errors import ReproError
from repro_tui.evidence.origin import Snapshot
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.schema import REVISIONS
from repro_tui.rerun import machine
from repro_tui.rerun.clues import find_clues
from repro_tui.rerun.declared import declared
from repro_tui.rerun.model import EnvManager, Request
from repro_tui.rerun.situation import Clues, Declared, Environment, Standing
from repro_tui.rerun.survey import survey

HASH = f"--hash=sha256:{'0' * 64}"
UV_LOCK = """
version = 1
[[package]]
name = "six"
version = "1.16.0"
source = {registry = "https://example.org/simple"}
[[package]]
name = "own"
version = "0.1"
source = {editable = "."}
[[package]]
name = "beside"
version = "0.1"
source = {directory = "libs/beside"}
[[package]]
name = "outside"
version = "0.1"
source = {editable = "../../elsewhere"}
"""


def snapshot(folder: Path, files: dict[str, str | bytes], subdirectory: str = "") -> Snapshot:
    head = commit(folder, files)
    repository = Repository.open(folder)
    return Snapshot(repository, head, subdirectory, tuple(repository.tree(head)))


def clues(store: Store, run_id: str, code: Snapshot | None, cache: Path) -> Clues:
    return find_clues(store.reader.run(run_id), None, None, code, store.reader, Downloads(cache))


@pytest.fixture(scope="module")
def run_id(store: Store) -> str:
    """Of a run that tells nothing."""
    return store.add({})


# --- At the commit -----------------------------------------------------------------


def test_the_projects_uv_lock_comes_first(store: Store, run_id: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "sub/uv.lock": UV_LOCK,
        "sub/pyproject.toml": "[project]\n",
        "uv.lock": UV_LOCK,
        "requirements.txt": f"six==1.16.0 {HASH}\n",
    }
    found = clues(store, run_id, snapshot(tmp_path, files, "sub"), tmp_path)
    assert found.lockfile == "sub/uv.lock"
    assert found.locked["six"] == "1.16.0"
    # Nothing outside of the repository is followed.
    assert found.folders == ("sub", "sub/libs/beside")


@pytest.mark.parametrize(
    ("files", "lockfile", "folders"),
    [
        ({"requirements.txt": f"six==1.16.0 {HASH}\n"}, "requirements.txt", ()),
        ({"constraints.txt": f"six==1.16.0 {HASH}\n", "setup.py": ""}, "constraints.txt", (".",)),
        ({"requirements.txt": "six==1.16.0\n"}, "", ()),
        ({"requirements.txt": f"six==1.16.0 {HASH}\ntomli>=2\n"}, "", ()),
        ({"requirements.txt": f"-r more.txt\nsix==1.16.0 {HASH}\n"}, "", ()),
        ({"uv.lock": UV_LOCK}, "", ()),
        ({"uv.lock": "no TOML", "pyproject.toml": ""}, "", ()),
        ({"requirements.txt": b"\xff"}, "", ()),
    ],
)
def test_only_what_fixes_everything_is_followed(
    store: Store,
    run_id: str,
    tmp_path: Path,
    files: dict[str, str | bytes],
    lockfile: str,
    folders: tuple[str, ...],
) -> None:
    found = clues(store, run_id, snapshot(tmp_path, files), tmp_path)
    assert (found.lockfile, found.folders) == (lockfile, folders)


def test_what_the_project_asks_for_is_read_at_the_commit(tmp_path: Path) -> None:
    environment = (
        "python: '3.11'\nbuild_dependencies: [pip==24.0]\n"
        "dependencies: ['-r requirements.txt', 'six', 'x @ https://example.org/x.zip']\n"
    )
    files: dict[str, str | bytes] = {
        "env.yaml": environment,
        "conda.yaml": "dependencies: [python=3.12, numpy>=2, pip=24.0, {pip: [six]}]\n",
        "requirements.txt": "-r requirements.txt\ntomli>=2\nattrs==23.1.0\n",
    }
    code = snapshot(tmp_path, files)
    asked = declared("python_env: env.yaml", code)
    assert asked == Declared(True, "3.11", ("tomli>=2", "six"))
    conda = declared("conda_env: conda.yaml", code)
    assert conda == Declared(True, "3.12", ("numpy>=2", "six"))
    assert declared("python_env: none.yaml", code) == Declared()
    assert declared("docker_env: base", code) == Declared()


# --- Among the models, beside the record -------------------------------------------


def test_the_models_requirements_are_read_where_they_agree(store: Store, tmp_path: Path) -> None:
    history = json.dumps([{"artifact_path": "model"}, {"artifact_path": "../../x"}, 3, {}])
    run_id = store.add({"mlflow.log-model.history": history})
    folder = Path(urlsplit(store.reader.run(run_id).artifact_uri).path) / "model"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("mlflow==3.4.0\nNumPy[x]==2.3.4\nsix\n")
    (folder / "python_env.yaml").write_text("python: 3.11.9\nbuild_dependencies: [pip==1]\n")
    model = store.client.create_logged_model(store.experiment_id, "m", source_run_id=run_id)
    other = Path(urlsplit(model.artifact_location).path)
    other.mkdir(parents=True)
    (other / "requirements.txt").write_text("mlflow==3.4.0\nnumpy==2.3.5\n")
    request = Request(run_id, env_manager=EnvManager.ORIGINAL)
    found = survey(request, store.reader, configuration.load(), ())
    assert found.clues.modelled == {"mlflow": "3.4.0", "python": "3.11.9"}


def test_hashes_come_from_the_lockfiles_kept_with_the_record(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "repro-tui"
    (folder / "lockfiles").mkdir(parents=True)
    lines = f"six==1.16.0 {HASH}\ntomli==2.0.1 {HASH}\n"
    (folder / "lockfiles" / "requirements.txt").write_text(lines)
    packages = [
        {"name": "six", "version": "1.16.0", "origin": ""},
        {"name": "tomli", "version": "2.0.2", "origin": f"file://{tmp_path}"},
    ]
    document = {
        "schema": "repro-tui.record/1", "packages": packages, "recorder": {"active": True},
        "files": ["lockfiles/requirements.txt"],
    }  # fmt: skip
    (folder / "record.json").write_text(json.dumps(document))
    record = read_record(tmp_path)
    assert isinstance(record, Record), record
    known = Environment(
        "3.11.9", {"six": "1.16.0", "tomli": "2.0.2"},
        origins={"tomli": f"file://{tmp_path}", "x": "file:///nowhere/x"},
    )  # fmt: skip
    run = store.reader.run(store.add({}))
    found = find_clues(run, record, known, None, store.reader, Downloads(tmp_path))
    assert found.hashes == {"six": (f"sha256:{'0' * 64}",)}
    assert found.present == {str(tmp_path)}


# --- This machine ------------------------------------------------------------------


def test_installed_pythons_are_listed() -> None:
    found = machine.environment(machine.interpreter())
    assert found is not None
    assert found.python in machine.pythons(EnvManager.ORIGINAL)
    assert machine.pythons(EnvManager.LOCAL) == ()


def test_an_mlflow_is_held_against_the_schema_of_the_store(store: Store, tmp_path: Path) -> None:
    spec = find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    path = tmp_path / "mlflow.db"
    shutil.copy(store.uri.removeprefix("sqlite:///"), path)
    for revision, expected in (
        (REVISIONS[-1], Standing.FITS),
        (REVISIONS[-2], Standing.NEWER),
        ("f" * 12, Standing.OLDER),
    ):
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE alembic_version SET version_num = ?", [revision])
            database.commit()
        uri = f"sqlite:///{path}"
        assert machine.store_revision(uri) == revision
        assert machine.standing(spec.origin, uri) is expected
        if expected is Standing.FITS:
            machine.check_mlflow(Path(machine.interpreter()), uri)
        else:
            with pytest.raises(ReproError, match="The environment holds MLflow 3"):
                machine.check_mlflow(Path(machine.interpreter()), uri)
    assert machine.standing(spec.origin, "http://127.0.0.1:1") is Standing.FITS
    assert machine.standing("", f"sqlite:///{path}") is Standing.FITS


def test_a_virtualenv_needs_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyenv").write_text("#!/bin/sh\nprintf '3.11.7\\n3.12.1\\nsystem\\nown-env\\n'\n")
    (tmp_path / "pyenv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert "virtualenv" in machine.tools(docker=False)
    assert machine.pythons(EnvManager.VIRTUALENV) == ("3.11.7", "3.12.1")
    monkeypatch.setenv("PATH", f"/usr/bin{os.pathsep}/bin")
    assert "virtualenv" not in machine.tools(docker=False)
