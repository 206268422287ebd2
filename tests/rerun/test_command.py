"""`repro-tui record`, as a person calls it: real commands, stores, signals and terminals."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from msgspec.structs import replace
from tests.evidence.git import commit, footprint, git, write

from repro_tui import settings as configuration
from repro_tui.engine import Engine
from repro_tui.evidence.model import Run
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import RunQuery
from repro_tui.rerun.model import Fidelity, JobState, Plan, Refusal, Request

PRINT_RANDOM = "import random; print(random.random())"
SCRIPTS = Path(sys.executable).parent

# Nothing in it is seeded. `helper` is in nobody's commit.
TRAIN = """
import random, sys
import mlflow, numpy as np, torch
import helper

data = np.ones((8, 4))
with mlflow.start_run():
    mlflow.log_param("lr", sys.argv[2])
    mlflow.log_input(mlflow.data.from_numpy(data, name="ones"), "training")
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=float(sys.argv[2]))
    for step in range(3):
        batch = torch.tensor(data * np.random.default_rng().random() * helper.scale())
        loss = model(batch.float()).square().mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=step)
    np.save("weights.npy", model.weight.detach().numpy())
    mlflow.log_artifact("weights.npy")
"""
HELPER = "import random\ndef scale():\n    return random.random()\n"
MLPROJECT = """
name: small
entry_points:
  training:
    parameters:
      lr: {type: float, default: 0.1}
    command: python train.py --lr {lr}
"""


@dataclass(frozen=True)
class Project:
    """A repository with uncommitted work, a store in it, and where to stand in it."""

    top: Path
    settings: configuration.Settings

    @property
    def folder(self) -> Path:
        return self.top / "work"

    def record(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return record(self.folder, *words, **extra)

    def recorded(self, *words: str) -> Run:
        """The one new run that a recorded command has made."""
        before = {run.run_id for run in self.runs()} if (self.folder / "mlflow.db").exists() else ()
        done = self.record(*words)
        assert done.returncode == 0, done.stderr
        (made,) = [run for run in self.runs() if run.run_id not in before]
        assert f"Recorded 1 run: {made.run_id}." in done.stderr
        return made

    def engine(self) -> Engine:
        return Engine.open(self.settings, None, self.folder)

    def runs(self) -> tuple[Run, ...]:
        with closing(self.engine()) as engine:
            return engine.runs(RunQuery()).runs


def record(folder: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "repro-tui", "record", *words],
        cwd=folder, env=environment(**extra), capture_output=True, text=True, timeout=550,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def environment(**extra: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {**own, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", **extra}


def kept(run: Run) -> dict[str, Any]:
    """What record.json among the run's artifacts holds."""
    path = Path(run.artifact_uri.removeprefix("file://")) / "repro-tui" / "record.json"
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def local(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The record that was left on this machine, because no run was started."""
    (line,) = [line for line in done.stderr.splitlines() if "No MLflow run was started" in line]
    folder = Path(line.partition("the record is in ")[2].removesuffix("."))
    document: dict[str, Any] = json.loads((folder / "record.json").read_bytes())
    return document


# --- What is recorded is what is run again ---------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    top = tmp_path_factory.mktemp("person") / "repository"
    files: dict[str, str | bytes] = {"train.py": TRAIN, "MLproject": MLPROJECT}
    commit(top, {f"work/{name}": text for name, text in files.items()} | {".gitignore": "*.npy\n"})
    write(top, {"work/helper.py": HELPER, "work/.env": "PASSWORD=hunter2\n"})
    own = tmp_path_factory.mktemp("own")
    settings = replace(configuration.load(), state=own / "state", cache=own / "cache")
    return Project(top, settings)


@pytest.fixture(scope="module")
def seeded(project: Project) -> Run:
    return project.recorded("--seed", "1", "--", "python", "train.py", "--lr", "0.1")


@pytest.mark.e2e
def test_a_recorded_run_tells_all_that_went_in(project: Project, seeded: Run) -> None:
    told = kept(seeded)
    expected = {
        "repository": str(project.top), "commit": git(project.top, "rev-parse", "HEAD"),
        "subdirectory": "work", "entry_point": "", "command": "python train.py --lr 0.1",
        "parameters": {}, "seed": 1, "determinism": "seed", "device": "cpu", "unkept": "",
        "masked": False, "runs": [seeded.run_id],
    }  # fmt: skip
    assert {name: told["launch"][name] for name in expected} == expected
    assert told["recorder"]["active"] is True
    assert {name: told["randomness"][name]["seed"] for name in ("random", "numpy", "torch")} == {
        "random": 1, "numpy": 1, "torch": 1,
    }  # fmt: skip
    assert told["exit_code"] == 0
    assert told["timings"]["start"] < told["timings"]["end"]
    assert seeded.tags[Tag.RECORD]
    record = read_record(Path(seeded.artifact_uri.removeprefix("file://")))
    assert isinstance(record, Record)
    # New files are source; the store beside them and what holds secrets are not.
    assert "+++ b/work/helper.py" in record.patch()
    assert "mlflow.db" not in record.patch()
    assert "hunter2" not in record.patch()


@pytest.mark.e2e
def test_a_seeded_command_is_reproduced(project: Project, seeded: Run) -> None:
    """Recorded again, and re-executed from the commit: with the file that is not in it."""
    again = project.recorded("--seed", "1", "python", "train.py", "--lr", "0.1")
    unseeded = project.recorded("--", "python", "train.py", "--lr", "0.1")
    before = footprint(project.top / ".git")
    with closing(project.engine()) as engine:
        assert engine.compare(seeded.run_id, again.run_id).verdict.headline == "reproduced"
        plan = engine.plan(Request(seeded.run_id))
        assert isinstance(plan, Plan)
        assert (plan.fidelity, plan.seed) == (Fidelity.EXACT, 1)
        job = engine.wait(engine.submit(plan))
        assert job.state is JobState.FINISHED, job.log.read_text()
        assert job.verdict == "reproduced"
        # Without a seed nothing was seeded, and both sides of the comparison say so.
        told = kept(unseeded)
        assert (told["launch"]["seed"], told["launch"]["determinism"]) == (None, "off")
        assert told["randomness"]["torch"]["seeded_by"] == "nobody"
        comparison = engine.compare(unseeded.run_id, seeded.run_id)
        assert comparison.verdict.headline == "diverged"
        assert isinstance(engine.plan(Request(seeded.run_id, overrides={"lr": "1"})), Refusal)
    assert footprint(project.top / ".git") == before
    assert not list(project.settings.state.glob("records/*"))


@pytest.mark.e2e
def test_a_project_is_recorded_as_the_entry_point_that_ran(project: Project, seeded: Run) -> None:
    """`mlflow run` makes its run itself, and its child draws what it draws without it."""
    run = project.recorded(
        *("--seed", "1", "--", "mlflow", "run", ".", "-e", "training", "--env-manager", "local"),
    )
    launch = kept(run)["launch"]
    assert (launch["entry_point"], launch["subdirectory"]) == ("training", "work")
    assert launch["command"] == "python train.py --lr 0.1"
    assert launch["parameters"] == {"lr": "0.1"}
    with closing(project.engine()) as engine:
        histories = [engine.reader.histories(each.run_id)["loss"] for each in (seeded, run)]
        plan = engine.plan(Request(run.run_id, overrides={"lr": "0.2"}))
    assert histories[0].values.tolist() == histories[1].values.tolist()
    assert isinstance(plan, Plan)
    assert plan.fidelity is Fidelity.EXACT
    assert (plan.command, plan.seed) == ("python train.py --lr 0.2", 1)


# --- The person's terminal, folder and exit code ---------------------------------------


def test_the_command_is_the_persons_own(tmp_path: Path) -> None:
    """Folder, words, standard streams and exit code."""
    program = "import os, sys; print(os.getcwd(), sys.argv[1:]); print(sys.stdin.read()); exit(7)"
    done = subprocess.run(
        [SCRIPTS / "repro-tui", "record", "--", "python", "-c", program, "a b", "--seed", "$HOME"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, input="typed",
    )  # fmt: skip
    assert done.returncode == 7
    assert done.stdout == f"{tmp_path} ['a b', '--seed', '$HOME']\ntyped\n"
    told = local(done)
    assert told["exit_code"] == 7
    assert told["launch"]["repository"] == told["launch"]["commit"] == ""
    assert told["recorder"]["active"] is True


def test_a_store_that_is_named_is_the_commands(tmp_path: Path) -> None:
    program = "import os; print(os.environ['MLFLOW_TRACKING_URI'])"
    words = ("--tracking-uri", "sqlite:///own.db", "--", "python", "-c", program)
    assert record(tmp_path, *words).stdout == f"sqlite:///{tmp_path / 'own.db'}\n"


def test_what_is_recorded_already_is_not_recorded_twice(tmp_path: Path) -> None:
    """As when a project's entry point calls `repro-tui record` itself."""
    inner = ["repro-tui", "record", "--seed", "9", "--", "python", "-c", PRINT_RANDOM]
    done = record(tmp_path, "--seed", "1", "--", *inner)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("No MLflow run was started") == 1
    assert local(done)["launch"]["seed"] == 1


def test_a_command_that_is_killed_is_recorded(tmp_path: Path) -> None:
    done = record(tmp_path, "bash", "-c", "python -c pass; kill -9 $$")
    assert done.returncode == 128 + signal.SIGKILL
    assert local(done)["packages"]


def test_a_signal_reaches_the_command_and_not_its_record(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(600)"
    process = subprocess.Popen(
        [SCRIPTS / "repro-tui", "record", "-o", "kept", "--", "python", "-c", program],
        cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until_exists(started)
    # Already there, whatever happens to whoever completes it.
    assert json.loads((tmp_path / "kept" / "record.json").read_bytes())["exit_code"] is None
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    told = json.loads((tmp_path / "kept" / "record.json").read_bytes())
    assert told["exit_code"] == 128 + signal.SIGTERM
    assert "before it could write" in told["recorder"]["reason"]


def test_control_c_reaches_the_command_in_its_terminal(tmp_path: Path) -> None:
    program = """
import sys, time
try:
    print("on a terminal:", sys.stdin.isatty() and sys.stdout.isatty(), flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted once", flush=True)
    sys.exit(5)
"""
    child = pexpect.spawn(
        str(SCRIPTS / "repro-tui"), ["record", "--", "python", "-c", program],
        cwd=str(tmp_path), env=environment(), encoding="utf-8", timeout=60,
    )  # fmt: skip
    child.expect("on a terminal: True")
    child.sendintr()
    child.expect("interrupted once")
    child.expect("No MLflow run was started")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5


def until_exists(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--", "no-such-command"], "The command cannot be started"),
        (["--device", "cuda:77", "--", "true"], "no device 'cuda:77'"),
        (["--determinism", "strict", "--", "true"], "needs --seed"),
        (["--seed", "1", "--determinism", "off", "--", "true"], "leave --seed out"),
        (["--seed", "-1", "--", "true"], "--seed"),
        (["-o", ".", "--", "true"], "exists already"),
        ([], "COMMAND"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_runs(
    words: list[str], said: str, tmp_path: Path
) -> None:
    done = record(tmp_path, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert not list(configuration.load().state.glob("records/*"))


@pytest.mark.parametrize(
    ("variable", "word", "said"),
    [
        ("REPRO_TUI_RECORD", "no-such-command", "The command cannot be started"),
        ("REPRO_TUI_CACHE_DIR", "true", "The recorder cannot be prepared"),
    ],
)
def test_so_is_what_fails_inside_another_recording_or_without_a_cache(
    variable: str, word: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv(variable, str(file))
    done = record(tmp_path, "--", word)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in done.stderr


# --- What the record must not hold, and what it must ------------------------------------


def test_no_secret_is_recorded(tmp_path: Path) -> None:
    secrets = {
        "MLFLOW_TRACKING_PASSWORD": "s3cret-one", "AWS_SECRET_ACCESS_KEY": "s3cret-two",
        "AWS_SESSION_TOKEN": "s3cret-three", "HF_TOKEN": "s3cret-four",
    }  # fmt: skip
    own = tmp_path / "own.toml"
    # Somebody who lists a secret by mistake, and a proxy with a login.
    own.write_text('[environment]\nvariables = ["HF_TOKEN", "HTTPS_PROXY", "LANG"]\n')
    write(tmp_path / "project", {
        "requirements.txt": "--extra-index-url https://ada:s3cret-five@example.org/simple\nnumpy\n",
    })  # fmt: skip
    done = record(
        tmp_path / "project", "--output", "../kept", "--", "python", "-c", "pass",
        "--password", "s3cret-six", "--header=Bearer s3cret-three", "http://ada:s3cret-7@x/",
        REPRO_TUI_CONFIG=str(own), HTTPS_PROXY="http://ada:s3cret-8@proxy.example.org", **secrets,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        assert b"s3cret" not in path.read_bytes(), path
    told = json.loads((tmp_path / "kept" / "record.json").read_bytes())
    assert told["variables"]["HTTPS_PROXY"] == "http://***@proxy.example.org"
    assert "HF_TOKEN" not in told["variables"]
    assert told["launch"]["masked"] is True


def test_a_program_of_an_environment_is_recorded_by_its_name(tmp_path: Path) -> None:
    """A checkout has no environment in it, and lies elsewhere."""
    top = tmp_path / "repository"
    commit(top, {"src/train.py": "import sys; print(sys.argv)", ".gitignore": ".venv\n"})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", top / ".venv"], check=True)
    done = record(
        top / "src", "../.venv/bin/python", str(top / "src" / "train.py"), "/elsewhere/data"
    )
    assert done.stdout == f"['{top}/src/train.py', '/elsewhere/data']\n"
    told = local(done)
    assert told["launch"]["command"] == "python train.py /elsewhere/data"
    assert told["launch"]["subdirectory"] == "src"
    assert told["python"]["prefix"] == str(top / ".venv")


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_what_uv_starts_beside_the_command_is_passed_over(tmp_path: Path) -> None:
    """It asks interpreters about themselves, more often the first time."""
    write(tmp_path, {
        "pyproject.toml": "[project]\nname = 'u'\nversion = '0'\n",
        "train.py": "import random, sys; print(random.random(), sys.prefix)",
    })  # fmt: skip
    words = ("--seed", "1", "--", "uv", "run", "--offline", "python", "-m", "train")
    first, again = (record(tmp_path, *words, UV="/usr/bin/uv") for _ in range(2))
    expected = f"{random.Random(1).random()} {tmp_path / '.venv'}\n"
    assert (first.stdout, again.stdout) == (expected, expected)
    assert local(again)["python"]["prefix"] == str(tmp_path / ".venv")
    assert local(again)["recorder"]["processes"] == 1


def test_the_person_may_go_on_working_while_it_trains(tmp_path: Path) -> None:
    """What the command started with is recorded, not what it ended with."""
    commit(tmp_path, {"uv.lock": "version = 1\n"})
    program = "open('uv.lock', 'a').write('# later'); open('new.py', 'w').write('later')"
    done = record(tmp_path, "-o", "../kept", "--", "python", "-c", program)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path.parent / "kept" / "record.json").read_bytes())
    assert told["launch"]["patch"] is None
    assert (tmp_path.parent / "kept" / "lockfiles" / "uv.lock").read_text() == "version = 1\n"
    shutil.rmtree(tmp_path.parent / "kept")


def test_changes_that_cannot_be_kept_are_said_to_be_unknown(tmp_path: Path) -> None:
    commit(tmp_path, {"train.py": ""})
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(65 << 20)
    done = record(tmp_path, "--", "python", "-c", "pass")
    launch = local(done)["launch"]
    assert launch["patch"] is None
    assert "too large to keep" in launch["unkept"]
