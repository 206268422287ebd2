"""MLflow Projects' local backend, starting exactly the process that was planned.

MLflow's own backend puts the command together again and runs it unseen. This one starts
the command of the plan, in a session of its own, in an environment overlaid with the
recorder. Written against mlflow 3.17; what it takes from MLflow beyond the documented
`AbstractBackend.run` is what `mlflow.projects.backend.local` itself uses.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import mlflow
import mlflow.projects
from mlflow.projects import env_type
from mlflow.projects.backend import loader
from mlflow.projects.backend.local import LocalBackend, _get_docker_command
from mlflow.projects.submitted_run import LocalSubmittedRun
from mlflow.projects.utils import (
    MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG,
    PROJECT_SYNCHRONOUS,
    get_run_env_vars,
    load_project,
)
from mlflow.utils.environment import _PythonEnv
from mlflow.utils.virtualenv import (
    _create_virtualenv,
    _get_mlflow_virtualenv_root,
    _get_virtualenv_name,
)

from repro_tui.evidence.tags import Tag
from repro_tui.rerun import machine, overlay
from repro_tui.rerun.environments import install_folders
from repro_tui.rerun.model import EnvManager, Plan

NAME = "repro-tui"

# Keys of the backend's configuration, beside MLflow's own.
_PLAN = "repro_tui.plan"
_OVERLAY = "repro_tui.overlay"
_VARIABLES = "repro_tui.variables"

# Git's own variables (`git rev-parse --local-env-vars`) would lead the process out of
# its checkout, into the repository that repro-tui was started from; PYTHONHOME would
# lead out of its environment.
_LEFT_OUT = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "PYTHONHOME",
    *overlay.OF_UV,
)


def start(
    plan: Plan,
    project: Path,
    run_id: str,
    overlay_folder: Path,
    variables: Mapping[str, str],
) -> "subprocess.Popen[bytes]":
    """Start a plan through MLflow Projects; return the process of its command.

    `project` is the project's folder in the checkout, `run_id` the run that was made
    for it, `variables` what is set beside MLflow's own.
    """
    # Registered here and not as an entry point of the package: `mlflow run --backend`
    # has no plan to hand over.
    loader.MLFLOW_BACKENDS[NAME] = Backend
    submitted = mlflow.projects.run(
        str(project),
        entry_point=plan.entry_point,
        parameters=dict(plan.parameters),
        experiment_id=plan.experiment_id,
        backend=NAME,
        backend_config={
            MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG: run_id,
            _PLAN: plan,
            _OVERLAY: overlay_folder,
            _VARIABLES: dict(variables),
        },
        env_manager=_mlflows(plan.env_manager).value,
        synchronous=False,
    )
    process: subprocess.Popen[bytes] = submitted.command_proc
    return process


class Backend(LocalBackend):
    """Carries out the plan in its configuration."""

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: dict[str, Any],
        version: str | None,
        backend_config: dict[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> LocalSubmittedRun:
        plan: Plan = backend_config[_PLAN]
        variables: dict[str, str] = backend_config[_VARIABLES]
        run_id: str = backend_config[MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG]
        # A checkout on this machine, and a plan that was validated when it was made.
        work_dir = Path(project_uri)
        # A recorded command may have run in a folder that holds no file of the commit.
        work_dir.mkdir(parents=True, exist_ok=True)
        project = load_project(work_dir)
        environment = {n: v for n, v in os.environ.items() if n not in _LEFT_OUT}
        environment |= get_run_env_vars(run_id, experiment_id)
        if project.docker_env and plan.entry_point:
            command = _in_container(plan, project, work_dir, run_id, variables)
            return LocalSubmittedRun(run_id, _process(command, work_dir, environment))
        if plan.env_manager is EnvManager.CONDA:
            # No environment that could be overlaid: MLflow does it all. Synchronous,
            # because otherwise it starts a second `mlflow run`.
            os.environ.update(variables)
            os.chdir(work_dir)
            backend_config[PROJECT_SYNCHRONOUS] = True
            run_local: Any = super().run
            passed: LocalSubmittedRun = run_local(
                project_uri,
                entry_point,
                params,
                version,
                backend_config,
                tracking_uri,
                experiment_id,
            )
            return passed
        interpreter = _interpreter(plan, project, work_dir)
        machine.check_mlflow(interpreter, plan.tracking_uri)
        scripts = overlay.make(backend_config[_OVERLAY], interpreter)
        if plan.rebuild is not None:
            install_folders(plan.rebuild, _top(plan, work_dir), scripts.parent)
        environment |= variables
        environment["VIRTUAL_ENV"] = str(scripts.parent)
        if "PYTHONPATH" in environment:
            environment["PYTHONPATH"] = _moved(environment["PYTHONPATH"], plan, work_dir)
        environment |= overlay.variables(scripts, environment)
        return LocalSubmittedRun(run_id, _process(plan.command, work_dir, environment))


def _process(
    command: str, work_dir: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """The command in a session of its own, as MLflow runs it: through bash."""
    return subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        cwd=work_dir,
        env=environment,
        start_new_session=True,
    )


def _in_container(
    plan: Plan, project: Any, work_dir: Path, run_id: str, variables: Mapping[str, str]
) -> str:
    """The shell command that runs the plan's in a Docker container, as MLflow makes it.

    Beyond MLflow's it hands the chosen device and the variables over, and quotes what
    goes through the shell. The recorder does not go in: its variables stay outside.
    """
    # It loads the client of Docker's API, which nobody else needs.
    from mlflow.projects.docker import (
        build_docker_image,
        validate_docker_env,
        validate_docker_installation,
    )

    validate_docker_env(project)
    validate_docker_installation()
    store = mlflow.MlflowClient()
    store.set_tag(run_id, Tag.PROJECT_ENV, "docker")
    image = build_docker_image(
        work_dir=work_dir,
        repository_uri=project.name,
        base_image=project.docker_env.get("image"),
        run_id=run_id,
        build_image=plan.build_image,
        docker_auth=None,
    )
    handed = {n: v for n, v in variables.items() if not n.startswith("REPRO_TUI_")}
    arguments = {}
    kind, _, index = plan.device.partition(":")
    if kind == "cuda":
        arguments["gpus"] = f"device={index or 0}"
        # The container holds that GPU alone, as its first.
        del handed["CUDA_VISIBLE_DEVICES"]
    declared = project.docker_env.get("environment") or []
    words = _get_docker_command(
        image=image,
        active_run=store.get_run(run_id),
        docker_args=arguments,
        volumes=project.docker_env.get("volumes"),
        user_env_vars=[*declared, *map(list, handed.items())],
    )
    return f"{shlex.join(words)} {plan.command}"


def _interpreter(plan: Plan, project: Any, work_dir: Path) -> Path:
    """The Python of the plan's environment, which is made where it does not exist."""
    if plan.env_manager in (EnvManager.LOCAL, EnvManager.ORIGINAL):
        return Path(plan.interpreter)
    if not project.env_config_path:
        wanted = _PythonEnv()
    elif project.env_type == env_type.CONDA:
        wanted = _PythonEnv.from_conda_yaml(project.env_config_path)
    else:
        wanted = _PythonEnv.from_yaml(project.env_config_path)
    environment = Path(_get_mlflow_virtualenv_root(), _get_virtualenv_name(wanted, work_dir))
    # A plan names a Python that is installed: none is downloaded unasked.
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    _create_virtualenv(
        local_model_path=work_dir,
        python_env=wanted,
        env_dir=environment,
        env_manager="uv" if plan.env_manager is EnvManager.UV else "virtualenv",
    )
    return environment / "bin" / "python"


def _mlflows(manager: EnvManager) -> EnvManager:
    """The manager that MLflow is told: it knows none of ours."""
    return EnvManager.LOCAL if manager is EnvManager.ORIGINAL else manager


def _top(plan: Plan, work_dir: Path) -> Path:
    """The top of the checkout, from the project's folder in it."""
    depth = len(PurePosixPath(plan.subdirectory).parts)
    return (work_dir, *work_dir.parents)[depth]


def _moved(path: str, plan: Plan, work_dir: Path) -> str:
    """A PYTHONPATH whose folders in the repository are those of the checkout.

    Otherwise the process would import the code as it is now, not as it was.
    """
    top = _top(plan, work_dir)
    folders = (
        str(top / Path(folder).relative_to(plan.repository))
        if Path(folder).is_relative_to(plan.repository)
        else folder
        for folder in path.split(os.pathsep)
    )
    return os.pathsep.join(folders)
