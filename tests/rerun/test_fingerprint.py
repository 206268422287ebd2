"""The plugin in MLflow's own process, and what the evidence makes of its tags."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tomllib
from contextlib import closing
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests import builders
from tests.evidence.git import commit, footprint, git, write

from repro_tui.evidence.collect import collect
from repro_tui.evidence.environment import environment
from repro_tui.evidence.model import Known, Missing, Run, SectionName
from repro_tui.evidence.randomness import device
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.rerun import fingerprint

GROUP = "mlflow.run_context_provider"
TRAIN = """
import mlflow
with mlflow.start_run():
    mlflow.log_metric("loss", 1.0)
"""
TELL = """
import json, sys, time
before = set(sys.modules)
from repro_tui.rerun.fingerprint import FingerprintContext
start = time.perf_counter()
context = FingerprintContext()
tags = context.tags() if context.in_context() else None
print(json.dumps([tags, time.perf_counter() - start, sorted(set(sys.modules) - before)]))
"""


def declared() -> dict[str, str]:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    found: dict[str, str] = project["project"]["entry-points"][GROUP]
    return found


def told(folder: Path, **variables: str) -> tuple[dict[str, str] | None, float, list[str]]:
    """The tags, the seconds they took, and the modules that were imported for them."""
    (folder / "tell.py").write_text(TELL)
    done = subprocess.run(
        [sys.executable, folder / "tell.py"],
        cwd=folder.parent, env={**os.environ, **variables}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    tags, seconds, modules = json.loads(done.stdout)
    return tags, seconds, modules


def test_the_entry_point_is_what_mlflow_loads() -> None:
    ((name, value),) = declared().items()
    context = EntryPoint(name, value, GROUP).load()()
    assert context.in_context() is True
    assert context.tags()[Tag.PYTHON] == f"cpython {platform.python_version()}"


@pytest.mark.e2e
def test_a_run_that_anybody_logs_has_the_fingerprint(tmp_path: Path) -> None:
    """As MLflow finds it in an environment where repro-tui is installed."""
    site = tmp_path / "site"
    lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in declared().items())]
    write(site / "plugin-0.dist-info", {
        "METADATA": "Metadata-Version: 2.1\nName: plugin\nVersion: 0\n",
        "entry_points.txt": "\n".join(lines),
    })  # fmt: skip
    project = tmp_path / "project"
    made = commit(project, {"train.py": TRAIN, "uv.lock": "version = 1\n", "sub/x.py": ""})
    write(project, {"uv.lock": "version = 1\n# changed\n"})
    before = footprint(project)
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    own = {"MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(site), "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(
        [sys.executable, project / "train.py"],
        cwd=tmp_path, env={**os.environ, **own}, check=True, capture_output=True,
    )  # fmt: skip
    assert footprint(project) == before
    with closing(open_reader(uri, tmp_path / "cache")) as reader:
        (run,) = reader.runs(RunQuery()).runs
        evidence = collect(run.run_id, reader, Downloads(tmp_path / "cache"))
    digest = hashlib.sha256(b"version = 1\n# changed\n").hexdigest()
    assert {name: value for name, value in run.tags.items() if name.startswith("repro_tui.")} == {
        Tag.COMMIT: made,
        Tag.DIRTY: "true",
        Tag.LOCKFILE: f"uv.lock sha256:{digest}",
        Tag.PYTHON: f"cpython {platform.python_version()}",
        Tag.VISIBLE_DEVICES: "none",
    }
    changes = evidence[SectionName.CODE].at(("uncommitted changes",))
    assert isinstance(changes, Missing)
    assert "there were uncommitted changes" in changes.reason
    python = evidence[SectionName.ENVIRONMENT].at(("python",))
    assert python == Known(platform.python_version(), "tag repro_tui.python")
    lockfile = evidence[SectionName.LOCKFILES].at(("uv.lock", "SHA-256"))
    assert lockfile == Known(f"sha256:{digest}", "tag repro_tui.lockfile")


def test_a_clean_tree_is_known_to_be_clean(tmp_path: Path) -> None:
    """MLflow's own store beside the script is no change of the code."""
    commit(tmp_path, {"tell.py": TELL, "requirements.txt": "numpy\n", "work/a.py": ""})
    write(tmp_path, {"mlflow.db": "a store", "mlruns/0/meta.yaml": "", ".env": "TOKEN=x"})
    tags, _, _ = told(tmp_path)
    assert tags is not None
    assert tags[Tag.DIRTY] == "false"
    write(tmp_path, {"work/new.py": "x = 1"})
    assert (told(tmp_path)[0] or {})[Tag.DIRTY] == "true"


def test_nothing_of_a_repository_is_run(tmp_path: Path) -> None:
    """Hooks, fsmonitor and filters are programs that a repository can bring along."""
    commit(tmp_path, {"tell.py": TELL, "data.bin": "x", ".gitattributes": "*.bin filter=evil\n"})
    program = tmp_path / ".git" / "evil"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path.parent}/pwned'\ncat\n")
    program.chmod(0o755)
    for name in ("filter.evil.clean", "filter.evil.process", "core.fsmonitor"):
        git(tmp_path, "config", name, str(program))
    (tmp_path / "data.bin").write_text("y")
    tags, _, _ = told(tmp_path)
    assert (tags or {})[Tag.DIRTY] == "true"
    assert not (tmp_path.parent / "pwned").exists()


def test_it_is_cheap_and_switched_off_by_a_variable(tmp_path: Path) -> None:
    commit(tmp_path, {"tell.py": TELL})
    tags, _, modules = told(tmp_path)
    assert tags
    heavy = {"git", "mlflow", "torch", "pandas", "tomli", "yaml", "deepdiff", "msgspec"}
    assert not heavy & {name.partition(".")[0] for name in modules}
    # Three short processes of Git; a busy machine takes its time.
    assert min(told(tmp_path)[1] for _ in range(3)) < 0.5
    assert told(tmp_path, REPRO_TUI_CONTEXT="off")[0] is None


def test_it_never_raises_and_does_not_wait_for_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nsleep 60\n")
    (tmp_path / "git").chmod(0o755)
    (tmp_path / ".git").mkdir()
    tags, seconds, _ = told(tmp_path, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert seconds < 10
    assert tags is not None
    assert Tag.DIRTY not in tags
    assert Tag.PYTHON in tags
    monkeypatch.setattr(fingerprint, "_fingerprint", lambda: 1 / 0)
    assert fingerprint.FingerprintContext().tags() == {}


def test_seeds_are_known_where_the_recorder_is(tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    (tmp_path / "tell.py").write_text(TELL)
    for seed, expected in (["--seed", "3"], "3"), ([], "none"):
        done = subprocess.run(
            [scripts / "repro-tui", "record", *seed, "--", sys.executable, "tell.py"],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)[0][Tag.SEED] == expected


def tagged(**tags: str) -> Run:
    return replace(builders.run(), tags=tags)


def test_tags_of_strangers_are_only_text() -> None:
    gap = Missing("no record")
    run = tagged(**{Tag.PYTHON: "cpython", Tag.VISIBLE_DEVICES: ""})
    assert isinstance(environment(run, None, {}).at(("python",)), Missing)
    assert device(gap, run).at(("visible to CUDA",)) == gap
    run = tagged(**{Tag.VISIBLE_DEVICES: "0,1"})
    shown = device(gap, run).at(("visible to CUDA",))
    assert shown == Known("0,1", "tag repro_tui.visible_devices")
