"""Plans handed to other backends of MLflow Projects, as far as the request that is sent.

There is no Databricks workspace and no Kubernetes cluster here. Servers on loopback that
answer as their APIs do stand in for them and keep what they are asked; the building and
pushing of Docker images is replaced. That the other side does what it is asked to do is
not tested.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml
from msgspec.structs import replace
from tests.evidence.git import commit, footprint, git
from tests.evidence.tracking.stores import server
from tests.rerun.conftest import Store
from tests.rerun.examples import REQUEST, SCRIPT, SITUATION
from tests.rerun.test_plan import planned, refused

from repro_tui import settings as configuration
from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import open_reader
from repro_tui.rerun import handover, jobs, project
from repro_tui.rerun.model import Backend, Device, JobState, Plan, Request
from repro_tui.rerun.plan import first, plan
from repro_tui.rerun.survey import survey

MLPROJECT = """
name: digits
entry_points:
  main:
    parameters:
      text: string
    command: python train.py {text}
"""
DOCKER = MLPROJECT.replace("entry_points", "docker_env:\n  image: base:1\nentry_points")
HOSTILE = "it's $(touch pwned)"


class Asked(NamedTuple):
    method: str
    path: str
    body: Any


Answer = Callable[[Asked], object]


@contextmanager
def stand_in(answer: Answer) -> Iterator[tuple[str, list[Asked]]]:
    """The address of a server that answers so, and everything that it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = "json" in self.headers.get("Content-Type", "")
            asked.append(
                Asked(
                    self.command,
                    urlsplit(self.path).path,
                    json.loads(content) if is_json and content else len(content),
                )
            )
            body = json.dumps(answer(asked[-1])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - named by the standard library

        def log_message(self, *_: object) -> None:
            """Silence."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", asked
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def databricks(asked: Asked) -> object:
    match asked.path.rpartition("/")[2]:
        case "get-status":
            return {"error_code": "RESOURCE_DOES_NOT_EXIST"}
        case "submit":
            return {"run_id": 7}
        case "get":
            page = {"run_page_url": "https://workspace.example.org/7", "job_id": 8}
            return {"run_id": 7, "state": {"result_state": "SUCCESS"}, **page}
    return {}


@pytest.mark.e2e
def test_databricks_is_asked_to_run_the_commit_with_the_parameters_and_variables(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    head = commit(repository, {"MLproject": MLPROJECT, "train.py": "raise SystemExit\n"})
    before = footprint(repository)
    settings = configuration.load()
    from mlflow import MlflowClient

    database = Path(store.uri.removeprefix("sqlite:///"))
    with server(database) as address, stand_in(databricks) as (workspace, asked):
        monkeypatch.setenv("DATABRICKS_HOST", workspace)
        monkeypatch.setenv("DATABRICKS_TOKEN", "token")
        client = MlflowClient(address)
        experiment = client.create_experiment("on Databricks")
        tags = {
            Tag.SOURCE_NAME: repository.as_uri(),
            Tag.SOURCE_TYPE: "PROJECT",
            Tag.GIT_COMMIT: head,
            Tag.ENTRY_POINT: "main",
        }
        original = client.create_run(experiment, tags=tags).info.run_id
        client.log_param(original, "text", "hello")
        client.set_terminated(original)
        reader = open_reader(address, tmp_path / "cache")
        request = Request(
            original,
            seed=5,
            backend=Backend.DATABRICKS,
            backend_config='{"new_cluster": {"num_workers": 1, "spark_env_vars": {"A": "b"}}}',
        )
        made = plan(request, survey(request, reader, settings, (Device("cpu", "A CPU"),)))
        assert isinstance(made, Plan), made
        job = jobs.wait(jobs.submit(made, settings), timeout=180)
        assert job.state is JobState.FINISHED, job.log.read_text()
        assert job.run_id is not None
        run = reader.run(job.run_id)
        reader.close()
    (submitted,) = [each.body for each in asked if each.path.endswith("/jobs/runs/submit")]
    variables = submitted["new_cluster"]["spark_env_vars"]
    assert variables["A"] == "b"
    assert variables["PYTHONHASHSEED"] == "5"
    assert submitted["new_cluster"]["num_workers"] == 1
    command = submitted["shell_command_task"]["command"][-1]
    assert "--entry-point main" in command
    assert "-P text=hello" in command
    # The project travels as an archive.
    assert [each for each in asked if each.path.startswith("/dbfs/") and each.body > 0]
    assert run.status == "FINISHED"
    assert run.tags[Tag.REEXECUTES] == original
    assert run.tags[Tag.SOURCE_NAME] == repository.as_uri()
    assert run.tags[Tag.JOB] == job.job_id
    assert footprint(repository) == before


@pytest.fixture
def in_docker(store: Store, tmp_path: Path) -> Plan:
    repository = tmp_path / "repository"
    commit(repository, {"MLproject": DOCKER, "train.py": ""})
    made = first(
        project.parse(DOCKER),
        "main",
        {"text": HOSTILE},
        repository=str(repository),
        commit=git(repository, "rev-parse", "HEAD"),
        tracking_uri=store.uri,
        experiment_id=store.experiment_id,
        run_name="on a cluster",
        interpreter="",
        seed=5,
    )
    return replace(made, backend=Backend.KUBERNETES)


def kubernetes(asked: Asked) -> object:
    done = [{"type": "Complete", "status": "True"}]
    return asked.body if asked.method == "POST" else {"status": {"conditions": done}}


@pytest.mark.e2e
def test_kubernetes_is_asked_for_a_job_with_the_command_and_the_variables(
    in_docker: Plan, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.projects.docker
    import mlflow.projects.kubernetes

    image = SimpleNamespace(tags=["registry.example.org/digits:1"], id="sha256:1")
    built: list[dict[str, object]] = []
    docker = mlflow.projects.docker
    monkeypatch.setattr(docker, "validate_docker_installation", lambda: None)

    def build(**asked: object) -> SimpleNamespace:
        built.append(asked)
        return image

    monkeypatch.setattr(docker, "build_docker_image", build)
    pushed = "sha256:" + "2" * 64
    monkeypatch.setattr(mlflow.projects.kubernetes, "push_image_to_registry", lambda _: pushed)
    container = {"name": "", "image": "", "env": [{"name": "PYTHONHASHSEED", "value": "own"}]}
    template = tmp_path / "job.yaml"
    pod = {"spec": {"containers": [container], "restartPolicy": "Never"}}
    job = {"metadata": {"name": "", "namespace": "ml"}, "spec": {"template": pod}}
    template.write_text(yaml.safe_dump({"apiVersion": "batch/v1", "kind": "Job", **job}))
    written = template.read_bytes()
    with stand_in(kubernetes) as (cluster, asked):
        access = tmp_path / "kubeconfig"
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        access.write_text(
            yaml.safe_dump(
                {
                    "current-context": "c",
                    "contexts": [context],
                    "clusters": [{"name": "c", "cluster": {"server": cluster}}],
                    "users": [{"name": "u", "user": {}}],
                }
            )
        )
        monkeypatch.setattr(
            "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(access)
        )
        config = {"kube-job-template-path": str(template), "repository-uri": "registry.example.org"}
        made = replace(
            in_docker,
            backend_config=json.dumps(config),
            variables={**in_docker.variables, "OMP_NUM_THREADS": "2"},
        )
        mlflow.set_tracking_uri(store.uri)
        submitted = handover.submit(made, Path(made.repository), tmp_path)
        assert submitted.wait()
    request = asked[0]
    assert request.path == "/apis/batch/v1/namespaces/ml/jobs"
    sent = request.body["spec"]["template"]["spec"]["containers"][0]
    assert sent["image"] == f"{image.tags[0]}@{pushed}"
    # MLflow hands the command over in words, without a shell.
    assert sent["command"][:2] == ["python", "train.py"]
    variables = {each["name"]: each["value"] for each in sent["env"]}
    assert variables["OMP_NUM_THREADS"] == "2"
    assert variables["PYTHONHASHSEED"] == "own"
    assert variables["MLFLOW_RUN_ID"] == submitted.run_id
    assert "CUDA_VISIBLE_DEVICES" not in variables
    assert [each["build_image"] for each in built] == [True]
    assert template.read_bytes() == written
    store.client.set_terminated(submitted.run_id)


def test_a_job_template_that_cannot_be_read_is_told(in_docker: Plan, tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("[]")
    for path in ("", str(tmp_path / "nowhere.yaml"), str(tmp_path / "list.yaml")):
        made = replace(in_docker, backend_config=json.dumps({"kube-job-template-path": path}))
        with pytest.raises(ReproError, match=r"job template .* cannot be read"):
            handover.submit(made, tmp_path, tmp_path)


def test_what_other_backends_cannot_have_is_said_before() -> None:
    request = replace(REQUEST, backend="databricks", device="cuda:7")
    assert any("nothing is seeded or recorded" in caveat for caveat in planned(request).caveats)
    assert "this run is a command's" in refused(request, SCRIPT)
    without = replace(SITUATION, tools=frozenset())
    assert "Slurm's commands are not installed" in refused(
        replace(REQUEST, backend="slurm"), without
    )
    assert "no option of sbatch" in refused(
        replace(REQUEST, backend="slurm", backend_config='{"a b": 1}'),
        replace(SITUATION, tools=frozenset({"slurm"})),
    )
