"""Environments made by uv, for real: small packages from the index that uv is set to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit
from tests.rerun.conftest import Store
from tests.rerun.test_launch import artifacts, carried_out, new_run, nothing_left, planned

from repro_tui import settings as configuration
from repro_tui.compare.compare import compare
from repro_tui.compare.model import Kind
from repro_tui.errors import ReproError
from repro_tui.evidence.collect import collect
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import SectionName
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.rerun import environments, machine, project
from repro_tui.rerun.model import EnvManager, Job, JobState, Rebuild, Request
from repro_tui.rerun.plan import first
from repro_tui.settings import Settings

SIX = "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"
"""Of six 1.16.0, the wheel."""
HERE = ".".join(map(str, sys.version_info[:3]))


def rebuild(*requirements: str, **fields: object) -> Rebuild:
    wanted = dict(line.split(" ")[0].split("==") for line in requirements if "==" in line)
    usual = Rebuild("a test", HERE, requirements, wanted={"python": HERE, **wanted})
    return replace(usual, **fields)


def build(made: Rebuild, tmp_path: Path, job: str = "job") -> environments.Built:
    return environments.build(made, tmp_path / "checkout", tmp_path / "cache", job)


def installed(built: environments.Built) -> dict[str, str]:
    found = machine.environment(str(built.interpreter))
    assert found is not None
    return dict(found.packages)


def test_exactly_what_is_wanted_is_installed_once_and_kept(tmp_path: Path) -> None:
    made = rebuild(f"six==1.16.0 --hash={SIX}", "tomli==2.0.1")
    built = build(made, tmp_path)
    assert installed(built) == {"six": "1.16.0", "tomli": "2.0.1"}
    assert built.differences == ()
    assert built.interpreter.parent.parent.parent == tmp_path / "cache" / "environments"
    before = built.interpreter.parent.parent.stat().st_mtime_ns
    again = build(made, tmp_path, "another")
    assert again == built
    assert built.interpreter.parent.parent.stat().st_mtime_ns == before
    assert build(rebuild("six==1.16.0"), tmp_path).interpreter != built.interpreter


def test_what_cannot_be_had_is_named_and_nothing_half_is_kept(tmp_path: Path) -> None:
    made = rebuild("six==1.16.0", "tomli==2.0.1+cpu", "tomli-w==99.1", "no-such-name-at-all-1==1")
    built = build(made, tmp_path)
    assert installed(built) == {"six": "1.16.0", "tomli": "2.0.1"}
    told = "\n".join(built.differences)
    assert "tomli is 2.0.1 instead of 2.0.1+cpu" in told
    assert "tomli-w 99.1 is missing (" in told
    assert "no version of tomli-w==99.1" in told
    assert "no-such-name-at-all-1 1 is missing (" in told
    assert [f.suffix for f in (tmp_path / "cache/environments").iterdir()] == [".job"]
    assert "differs from the original's in 3" in environments.sentence(built)
    environments.discard(tmp_path / "cache", "job")
    assert list((tmp_path / "cache/environments").iterdir()) == []


def test_another_content_under_the_same_version_is_not_installed(tmp_path: Path) -> None:
    other = f"sha256:{'0' * 64}"
    built = build(rebuild(f"six==1.16.0 --hash={other}", "tomli==2.0.1"), tmp_path)
    assert installed(built) == {"tomli": "2.0.1"}
    (difference,) = built.differences
    assert difference.startswith("six 1.16.0 is missing")
    assert "Hash mismatch" in difference


def test_where_nothing_can_be_had_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReproError, match=r"no version of six==99\.0"):
        build(rebuild("six==99.0"), tmp_path)
    # What was begun is for this job alone, and is begun anew.
    (draft,) = (tmp_path / "cache/environments").iterdir()
    assert draft.suffix == ".job"
    (draft / "bin" / "python").unlink()
    with pytest.raises(ReproError, match=r"no version of six==99\.0"):
        build(rebuild("six==99.0"), tmp_path)
    with pytest.raises(ReproError):
        build(rebuild("six==1.16.0", python="3.99"), tmp_path)


def test_another_patch_of_python_is_a_difference_that_can_be_kept(tmp_path: Path) -> None:
    made = rebuild("six==1.16.0", wanted={"python": "3.11.99", "six": "1.16.0"})
    for _ in range(2):
        built = build(made, tmp_path)
        assert built.differences == (f"python is {HERE} instead of 3.11.99",)
    assert len(list((tmp_path / "cache/environments").iterdir())) == 1


def test_what_is_not_known_is_resolved_as_of_then(tmp_path: Path) -> None:
    # attrs requires nothing; build required tomli and importlib-metadata, among others.
    made = rebuild("build==1.0.3", resolve=True, before="2024-01-15T00:00:00Z")
    built = build(made, tmp_path)
    assert built.differences == ()
    assert installed(built)["packaging"] == "23.2"


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A checkout of a package with a uv.lock."""
    folder = tmp_path / "checkout"
    package = folder / "src" / "small"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from six import __version__\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "small"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["six==1.16.0"]\n'
        '[project.scripts]\nsmall = "small:__name__.title"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=True)
    return folder


def test_a_uv_lock_is_synced_without_touching_the_checkout(tmp_path: Path, locked: Path) -> None:
    before = sorted(locked.rglob("*"))
    built = build(Rebuild("uv.lock", HERE, lockfile="uv.lock"), tmp_path)
    assert installed(built) == {"six": "1.16.0"}
    assert sorted(locked.rglob("*")) == before
    text = (locked / "uv.lock").read_text()
    (locked / "uv.lock").write_text(text + "\n")
    assert build(Rebuild("uv.lock", HERE, lockfile="uv.lock"), tmp_path) != built


def test_hashed_requirements_are_synced(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout/requirements.txt").write_text(f"six==1.16.0 --hash={SIX}\n")
    built = build(Rebuild("it", HERE, lockfile="requirements.txt"), tmp_path)
    assert installed(built) == {"six": "1.16.0"}
    (tmp_path / "checkout/requirements.txt").write_text(f"six==1.16.0 --hash=sha256:{'1' * 64}\n")
    with pytest.raises(ReproError, match=r"[Hh]ash"):
        build(Rebuild("it", HERE, lockfile="requirements.txt"), tmp_path)


# --- Whole re-executions -----------------------------------------------------------

MLPROJECT = """
name: small
entry_points:
  main:
    command: python -c "import small; print('six is', small.__version__)"
"""
PYPROJECT = """
[project]
name = "small"
version = "0.1"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


@pytest.fixture
def settings() -> Settings:
    return configuration.load()


@pytest.fixture(scope="module")
def original(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A run in an environment of its own, with the project installed in it in place."""
    folder = tmp_path_factory.mktemp("original")
    repository, environment = folder / "repository", folder / "environment"
    files: dict[str, str | bytes] = {
        "MLproject": MLPROJECT,
        "pyproject.toml": PYPROJECT,
        "src/small/__init__.py": "from six import __version__\n",
    }
    head = commit(repository, files)
    python = str(environment / "bin" / "python")
    subprocess.run(["uv", "venv", "-q", "--python", HERE, str(environment)], check=True)
    installing = ["uv", "pip", "install", "-q", "--python", python]
    wanted = ["six==1.16.0", "tomli==2.0.1", "--editable", str(repository)]
    subprocess.run([*installing, *wanted], check=True)
    made = first(
        project.parse(MLPROJECT), "main", {}, repository=str(repository), commit=head,
        tracking_uri=store.uri, experiment_id=store.experiment_id, run_name="original",
        interpreter=python, seed=1,
    )  # fmt: skip
    own = replace(configuration.load(), state=folder / "state", cache=folder / "cache")
    job = carried_out(made, own)
    assert job.state is JobState.FINISHED, job.log.read_text()
    return job


@pytest.mark.e2e
def test_the_originals_environment_is_made_again(
    store: Store, original: Job, settings: Settings
) -> None:
    assert original.run_id is not None
    local = planned(store, Request(original.run_id))
    assert "differs from the original's in" in "\n".join(local.caveats)
    assert "--env-manager original" in "\n".join(local.caveats)
    made = planned(store, Request(original.run_id, env_manager=EnvManager.ORIGINAL))
    assert made.caveats == ()
    job = carried_out(made, settings)
    assert job.state is JobState.FINISHED, job.log.read_text()
    assert "six is 1.16.0" in job.log.read_text()
    assert job.message == ""
    nothing_left(store, job, settings)
    record = json.loads((artifacts(new_run(store, job)) / "repro-tui/record.json").read_text())
    assert record["rebuilt"] == {"evidence": "the record of the run", "differences": []}
    left, right = (
        collect(run_id, store.reader, Downloads(settings.cache))
        for run_id in (original.run_id, job.run_id or "")
    )
    found = compare(left, right, settings.policy, open_file, 0, 0, lambda *_: ())
    assert found[SectionName.ENVIRONMENT].kind is Kind.EQUAL
