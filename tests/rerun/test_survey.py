"""What is found of a run: in a real store, in real repositories, on this machine."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, footprint, git
from tests.rerun.conftest import Store
from tests.rerun.examples import REQUEST
from tests.rerun.test_plan import planned

from repro_tui import settings as configuration
from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import open_reader
from repro_tui.evidence.tracking.schema import REVISIONS
from repro_tui.rerun import record
from repro_tui.rerun.determinism import threads
from repro_tui.rerun.devices import cores
from repro_tui.rerun.model import Device, Plan, Request
from repro_tui.rerun.plan import plan
from repro_tui.rerun.situation import Situation
from repro_tui.rerun.survey import survey

MLPROJECT = """
entry_points:
  main:
    parameters:
      lr: float
      data: {type: path, default: /}
    command: python train.py --lr {lr} --data {data}
"""

Look = Callable[..., Situation]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    commit(
        folder,
        {
            "MLproject": MLPROJECT,
            "train.py": "",
            "sub/mlproject": MLPROJECT,
            "sub/train.py": "",
            "tools/convert.py": "",
            "broken/MLproject": "entry_points: []",
            "broken/train.py": "",
        },
    )
    return folder


@pytest.fixture
def look(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Survey a new run with the given tags and params, from an unrelated folder."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    devices = (Device("cpu", "A CPU"),)

    def looked(tags: dict[str, str], params: dict[str, str] | None = None) -> Situation:
        request = Request(store.add(tags, params))
        return survey(request, store.reader, configuration.load(), devices)

    return looked


def project_tags(name: object, head: str) -> dict[str, str]:
    return {
        Tag.SOURCE_NAME: str(name),
        Tag.SOURCE_TYPE: "PROJECT",
        Tag.GIT_COMMIT: head,
        Tag.ENTRY_POINT: "main",
    }


def script_tags(name: object, head: str) -> dict[str, str]:
    return {Tag.SOURCE_NAME: str(name), Tag.SOURCE_TYPE: "LOCAL", Tag.GIT_COMMIT: head}


def test_an_unknown_run_is_an_error(store: Store) -> None:
    with pytest.raises(ReproError):
        survey(Request("f" * 32), store.reader, configuration.load(), ())


@pytest.mark.parametrize("spelling", ["file://{}", "{}", "file://{}#"])
def test_a_project_is_found_where_the_run_says(look: Look, repository: Path, spelling: str) -> None:
    head = git(repository, "rev-parse", "HEAD")
    before = footprint(repository)
    found = look(project_tags(spelling.format(repository), head), {"lr": "0.1"})
    assert found.repository == str(repository)
    assert (found.commit, found.commit_found, found.script) == (head, True, False)
    assert (found.subdirectory, found.entry_point) == ("", "main")
    assert found.project is not None
    assert {"train.py", "sub", "sub/train.py"} <= found.tree
    assert isinstance(plan(Request(found.run.run_id), found), Plan)
    assert footprint(repository) == before


@pytest.mark.parametrize("spelling", ["file://{}#sub", "{}#sub", "{}/sub"])
def test_a_project_in_a_subfolder_is_found(look: Look, repository: Path, spelling: str) -> None:
    head = git(repository, "rev-parse", "HEAD")
    found = look(project_tags(spelling.format(repository), head))
    assert (found.repository, found.subdirectory) == (str(repository), "sub")
    assert found.project is not None


@pytest.mark.parametrize("folder", ["../..", "/etc", "sub/../../.."])
def test_a_subfolder_never_leads_out(look: Look, repository: Path, folder: str) -> None:
    head = git(repository, "rev-parse", "HEAD")
    found = look(project_tags(f"file://{repository}#{folder}", head))
    assert found.subdirectory == ""


def test_the_project_is_read_at_the_commit_not_in_the_working_tree(
    look: Look, repository: Path
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    commit(repository, {"MLproject": "entry_points: {other: {command: x}}"})
    (repository / "MLproject").unlink()
    found = look(project_tags(f"file://{repository}", head))
    assert found.project is not None
    assert list(found.project.entry_points) == ["main"]


def test_a_broken_project_is_a_problem_in_words(look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    found = look(project_tags(f"file://{repository}#broken", head))
    assert found.project is None
    assert "entry_points is not a mapping" in found.project_problem


def test_a_repository_that_moved_is_found_where_the_person_is(
    look: Look, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    monkeypatch.chdir(repository / "sub")
    found = look(project_tags("file:///gone/repository", head))
    assert (found.repository, found.commit_found) == (str(repository), True)
    assert found.looked_in == ("/gone/repository", str(repository / "sub"))


def test_remote_projects_are_looked_for_here_first(
    look: Look, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    url = "http://127.0.0.1:1/someone/repository#sub"
    found = look(project_tags(url, head))
    assert found.repository is None
    (reason,) = found.unreachable
    assert f"{head} cannot be fetched from http://127.0.0.1:1/someone/repository" in reason
    monkeypatch.chdir(repository)
    found = look(project_tags(url, head))
    assert (found.repository, found.subdirectory) == (str(repository), "sub")


def test_the_repository_is_where_the_person_says(
    look: Look, store: Store, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    lost = look(project_tags("file:///gone/repository#sub", head))
    assert not lost.commit_found
    request = Request(lost.run.run_id, repository=str(repository))
    once = survey(request, store.reader, configuration.load(), ())
    settings = tmp_path / "own.toml"
    settings.write_text(f'[[repositories]]\nfrom = "/gone"\nto = "{tmp_path}"\n')
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(settings))
    mapped = survey(Request(lost.run.run_id), store.reader, configuration.load(), ())
    for found in (once, mapped):
        assert (found.repository, found.subdirectory) == (str(repository), "sub")


def test_a_commit_that_is_gone_is_said_so(look: Look, repository: Path) -> None:
    found = look(project_tags(f"file://{repository}", "0" * 40))
    assert (found.repository, found.commit_found) == (str(repository), False)


@pytest.mark.parametrize("name", ["", "HEAD", "--upload-pack=touch pwned", "abc123", "A" * 40])
def test_what_is_no_commit_is_never_given_to_git(look: Look, repository: Path, name: str) -> None:
    found = look(project_tags(f"file://{repository}", name))
    assert (found.commit, found.commit_found) == ("", False)


# --- Plain scripts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "subdirectory", "entry_point"),
    [
        ("convert.py", "tools", "convert.py"),
        ("tools/convert.py", "", "tools/convert.py"),
        ("./tools/convert.py", "", "tools/convert.py"),
        ("train.py", "", "train.py"),
        ("/somewhere/else/tools/convert.py", "", "tools/convert.py"),
        ("/usr/lib/python3/ipykernel_launcher.py", "", ""),
        ("gone.py", "", ""),
        ("", "", ""),
        ("../../etc/passwd", "", ""),
    ],
)
def test_a_script_is_found_however_it_was_typed(
    look: Look,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    subdirectory: str,
    entry_point: str,
) -> None:
    monkeypatch.chdir(repository)
    found = look(script_tags(name, git(repository, "rev-parse", "HEAD")))
    assert found.script
    assert (found.subdirectory, found.entry_point) == (subdirectory, entry_point)


def test_an_absolute_script_names_its_repository(look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    found = look(script_tags(repository / "tools" / "convert.py", head))
    assert (found.repository, found.entry_point) == (str(repository), "tools/convert.py")


def test_a_name_that_several_scripts_have_is_none(
    look: Look, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = commit(repository, {"a/run.py": "", "b/run.py": ""})
    monkeypatch.chdir(repository)
    assert look(script_tags("run.py", head)).entry_point == ""


def test_what_a_checkout_leaves_out_is_found(look: Look, store: Store, repository: Path) -> None:
    head = commit(repository, {"sub/.gitattributes": "*.bin filter=lfs diff=lfs\n"})
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},libs/a")
    git(repository, "commit", "-qm", "a submodule")
    head = git(repository, "rev-parse", "HEAD")
    found = look(project_tags(f"file://{repository}", head))
    assert set(found.left_out) == {
        "the submodule libs/a (--submodules)",
        "files in Git LFS below sub (--lfs)",
    }
    request = Request(found.run.run_id, submodules=True, lfs=True)
    asked = survey(request, store.reader, configuration.load(), ())
    assert asked.left_out == ()


def test_data_that_git_ignores_and_the_code_names_is_left_out(
    look: Look, store: Store, repository: Path
) -> None:
    head = commit(
        repository,
        {
            "sub/train.py": 'open(Path("data") / "a.csv"); open("one.csv"); os.environ["x"]\n',
            ".gitignore": "data/\n*.csv\n__pycache__/\n.env\nmlruns/\n",
        },
    )
    for name in ("data/a.csv", "one.csv", "other.csv", "__pycache__/a", ".env", "mlruns/a"):
        place = repository / "sub" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text("1,2")
    found = look(project_tags(f"file://{repository}#sub", head))
    assert set(found.left_out) == {
        "sub/data (ignored by Git: --link sub/data)",
        "sub/one.csv (ignored by Git: --link sub/one.csv)",
    }
    request = Request(found.run.run_id, links=("sub/data", "sub/one.csv"))
    assert survey(request, store.reader, configuration.load(), ()).left_out == ()


def test_data_that_git_does_not_hold_is_looked_at_when_asked_for(
    look: Look, store: Store, repository: Path
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    (repository / "sub" / "data").mkdir()
    (repository / "sub" / "data" / "a.csv").write_text("1,2")
    run_id = look(project_tags(f"file://{repository}", head)).run.run_id
    request = Request(run_id, links=("sub", "train.py", ".."))
    found = survey(request, store.reader, configuration.load(), ())
    assert [(link.path, link.files, link.size) for link in found.links[:1]] == [("sub", 1, 3)]
    assert "in the commit already" in found.links[1].problem
    assert "no path" in found.links[2].problem
    assert found.room > 0


def test_a_tracking_uri_that_the_code_sets_is_noticed(look: Look, repository: Path) -> None:
    head = commit(
        repository,
        {"sub/own.py": "mlflow.set_tracking_uri('x')", "own.txt": "set_tracking_uri('x')"},
    )
    assert look(project_tags(f"file://{repository}", head)).own_store == ("sub/own.py",)
    assert look(project_tags(f"file://{repository}#broken", head)).own_store == ()


# --- The record --------------------------------------------------------------------


def recorded(store: Store, made: Plan, head: str, repository: Path) -> str:
    """A run with the record of a plan, as the launcher leaves it."""
    made = replace(made, commit=head, repository=str(repository))
    run_id = store.add(dict(made.tags), dict(made.parameters))
    artifacts = Path(urlsplit(store.reader.run(run_id).artifact_uri).path)
    record.keep(artifacts / "repro-tui", made, artifacts, None, 1, 2, 0)
    return run_id


def test_the_record_tells_how_it_was_launched(store: Store, look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    patch = "diff --git a/x b/x\n"
    run_id = recorded(store, replace(planned(), patch=patch), head, repository)
    found = survey(Request(run_id), store.reader, configuration.load(), ())
    assert found.launch is not None
    assert found.launch.parameters == planned().parameters
    assert (found.repository, found.commit_found) == (str(repository), True)
    assert found.patch == patch


def test_the_record_tells_its_threads(store: Store, look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    made = planned(replace(REQUEST, threads=3))
    again = Request(recorded(store, made, head, repository))
    found = survey(again, store.reader, configuration.load(), ())
    assert found.threads == threads(3)
    assert found.cores == cores()


def test_a_patch_that_was_tampered_with_is_lost(store: Store, look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    run_id = recorded(store, replace(planned(), patch="diff --git a/x b/x\n"), head, repository)
    artifacts = Path(urlsplit(store.reader.run(run_id).artifact_uri).path)
    (artifacts / "repro-tui" / "changes.patch").write_text("diff --git a/y b/y\n")
    assert survey(Request(run_id), store.reader, configuration.load(), ()).patch is None


def test_a_broken_record_counts_as_none(store: Store, look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    run_id = recorded(store, planned(), head, repository)
    artifacts = Path(urlsplit(store.reader.run(run_id).artifact_uri).path)
    (artifacts / "repro-tui" / "record.json").write_text(json.dumps({"schema": "other"}))
    assert survey(Request(run_id), store.reader, configuration.load(), ()).launch is None


# --- This machine ------------------------------------------------------------------


def test_the_activated_environments_python_is_taken(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "env" / "bin"
    scripts.mkdir(parents=True)
    for name in ("python", "uv"):
        (scripts / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert look({}).interpreter == sys.executable
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "env"))
    found = look({})
    assert found.interpreter == str(scripts / "python")
    assert "uv" in found.tools


def test_absolute_paths_are_looked_for(look: Look, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    there, gone = str(repository / "train.py"), str(repository / "gone")
    tags = project_tags(f"file://{repository}", head)
    found = look(tags, {"a": there, "b": gone, "c": "/\0", "d": f"'{there} '"})
    assert found.paths == {there, "/"}


def test_a_deleted_experiment_is_noticed(store: Store, look: Look) -> None:
    assert look({}).experiment_active
    gone = store.client.create_experiment("gone")
    run_id = store.client.create_run(gone).info.run_id
    store.client.delete_experiment(gone)
    found = survey(Request(run_id), store.reader, configuration.load(), ())
    assert not found.experiment_active


def test_what_the_environment_holds_is_listed(look: Look) -> None:
    found = look({}).environment
    assert found is not None
    assert found.python == platform.python_version()
    assert found.packages["numpy"] == version("numpy")


def test_a_store_that_mlflow_would_migrate_is_noticed(store: Store, tmp_path: Path) -> None:
    run_id = store.add({})
    path = tmp_path / "older.db"
    shutil.copy(store.uri.removeprefix("sqlite:///"), path)
    with closing(open_reader(f"sqlite:///{path}", tmp_path)) as reader:
        assert not survey(Request(run_id), reader, configuration.load(), ()).migrates
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", [REVISIONS[-2]])
        database.commit()
    with closing(open_reader(f"sqlite:///{path}", tmp_path)) as reader:
        assert survey(Request(run_id), reader, configuration.load(), ()).migrates


def test_none_of_it_loads_mlflow() -> None:
    rooms = ", ".join(f"repro_tui.rerun.{name}" for name in ("jobs", "plan", "survey", "launch"))
    code = f"import sys, {rooms}; sys.exit('mlflow' in sys.modules or 'torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
