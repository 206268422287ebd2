"""Docker projects, as far as they go without Docker: what it would be asked to do.

There is no daemon on the machines that these tests run on. A command named `docker` and a
server that answers as the daemon's API does stand in for it, and write down what they are
asked. That a container does what it is asked is not tested.
"""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit
from tests.rerun.conftest import Store
from tests.rerun.examples import REQUEST, SITUATION
from tests.rerun.test_launch import carried_out, new_run
from tests.rerun.test_plan import caveats, planned, refused

from repro_tui import settings as configuration
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import project
from repro_tui.rerun.model import Determinism, EnvManager, JobState
from repro_tui.rerun.plan import first

MLPROJECT = """
name: digits
docker_env:
  image: base:1
  volumes: ["/data/with space:/data"]
  environment: [["MODE", "it's $(touch pwned)"], "FROM_HERE"]
entry_points:
  main:
    parameters:
      text: string
    command: python train.py {text}
"""
COMMAND = """#!/bin/sh
test "$1" = run || exit 0
printf '%s\\0' "$@" > "$FAKE_DOCKER"
"""


class Daemon(BaseHTTPRequestHandler):
    """Enough of Docker's Engine API for an image to be built."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.answer({"ApiVersion": "1.44"} if "version" in self.path else IMAGE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while int(self.rfile.readline(), 16):
                self.rfile.readline()
            self.rfile.readline()
        self.answer({"stream": "Successfully built 0123456789ab\n"})

    def answer(self, document: object) -> None:
        self.asked.append(self.path.partition("?")[0])
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


IMAGE = {"Id": "sha256:0123456789ab", "RepoTags": ["digits:c0ffee"]}


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Docker's stand-in; the file that gets the arguments of `docker run`."""
    scripts, told = tmp_path / "scripts", tmp_path / "told"
    scripts.mkdir()
    (scripts / "docker").write_text(COMMAND)
    (scripts / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_DOCKER", str(told))
    monkeypatch.setenv("FROM_HERE", "yes")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.mark.e2e
def test_a_container_is_given_the_device_the_seed_and_the_command(
    store: Store, tmp_path: Path, docker: Path
) -> None:
    repository = tmp_path / "repository"
    head = commit(repository, {"MLproject": MLPROJECT, "train.py": ""})
    made = first(
        project.parse(MLPROJECT), "main", {"text": "a 'b' $c"}, repository=str(repository),
        commit=head, tracking_uri=store.uri, experiment_id=store.experiment_id, run_name="docker",
        interpreter="", seed=7, device="cuda:1", determinism=Determinism.STRICT,
    )  # fmt: skip
    job = carried_out(replace(made, build_image=True), configuration.load())
    assert job.state is JobState.FINISHED, job.log.read_text()
    words = docker.read_text().split("\0")[:-1]
    assert words[:4] == ["run", "--rm", "--gpus", "device=1"]
    assert words[-4:] == ["digits:c0ffee", "python", "train.py", "a 'b' $c"]
    handed = [words[i + 1] for i, word in enumerate(words) if word == "-e"]
    environment = dict(one.split("=", 1) for one in handed)
    assert environment["PYTHONHASHSEED"] == "7"
    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert environment["MODE"] == "it's $(touch pwned)"
    assert environment["FROM_HERE"] == "yes"
    assert environment["MLFLOW_RUN_ID"] == job.run_id
    assert Tag.JOB in environment["MLFLOW_RUN_CONTEXT"]
    # The one GPU of the container is its first, whatever its number is outside.
    assert "CUDA_VISIBLE_DEVICES" not in environment
    assert "/data/with space:/data" in words
    assert any(path.endswith("/build") for path in Daemon.asked)
    run = new_run(store, job)
    assert run.tags[Tag.PROJECT_ENV] == "docker"
    assert run.tags[Tag.IMAGE].startswith("digits:")
    assert not list(tmp_path.rglob("pwned"))


CONTAINED = replace(
    SITUATION,
    project=replace(project.parse(MLPROJECT), entry_points=SITUATION.project.entry_points)
    if SITUATION.project
    else None,
    tools=frozenset({"docker"}),
)


def test_without_a_daemon_it_is_refused() -> None:
    assert "no Docker daemon answers" in refused(REQUEST, replace(CONTAINED, tools=frozenset()))


def test_an_environment_manager_has_no_say_in_a_container() -> None:
    for manager in set(EnvManager) - {EnvManager.LOCAL}:
        assert "Docker image" in refused(replace(REQUEST, env_manager=manager), CONTAINED)
    assert "no MPS" in refused(replace(REQUEST, device="mps"), CONTAINED)


def test_the_image_is_taken_as_it_was_then() -> None:
    tags = {**CONTAINED.run.tags, Tag.IMAGE: "base:1"}
    as_it_is = replace(CONTAINED, run=replace(CONTAINED.run, tags=tags))
    assert not planned(REQUEST, as_it_is).build_image
    assert "not the commit's" in caveats(REQUEST, as_it_is)
    built = replace(
        CONTAINED, run=replace(CONTAINED.run, tags={**tags, Tag.IMAGE: "digits:c0ffee"})
    )
    assert planned(REQUEST, built).build_image
    assert "not the commit's" not in caveats(REQUEST, built)
    assert "is not recorded" in caveats(REQUEST, CONTAINED)
    assert planned(REQUEST, CONTAINED).build_image
    assert not planned().build_image
