"""A plan handed to another backend of MLflow Projects: Databricks, Kubernetes, a plugin.

MLflow makes the run there and starts the command; the recorder is not in the process, and
the variables of the plan go along where the backend's configuration has a place for them.
Written against mlflow 3.17.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow.projects
import yaml

from repro_tui.errors import ReproError
from repro_tui.rerun.model import Backend, EnvManager, Plan

_TEMPLATE = "kube-job-template-path"


def submit(plan: Plan, project: Path, folder: Path) -> Any:
    """Hand the plan over; return MLflow's `SubmittedRun`.

    `project` is the project's folder in the checkout, `folder` a place for files that are
    needed until the run ends. Raises ReproError where the configuration does not fit, and
    whatever MLflow and the backend raise.
    """
    config = json.loads(plan.backend_config)
    # Which of its devices are visible is the backend's to say.
    variables = {n: v for n, v in plan.variables.items() if not n.startswith("CUDA_")}
    if plan.backend == Backend.DATABRICKS:
        config = _for_databricks(config, variables)
    elif plan.backend == Backend.KUBERNETES:
        config = _for_kubernetes(config, variables, folder)
    return mlflow.projects.run(
        str(project),
        entry_point=plan.entry_point,
        parameters=dict(plan.parameters),
        experiment_id=plan.experiment_id,
        run_name=plan.run_name,
        backend=plan.backend,
        backend_config=config,
        env_manager=None if plan.env_manager is EnvManager.LOCAL else plan.env_manager.value,
        # The code of the commit, not what the image happens to hold.
        build_image=plan.backend == Backend.KUBERNETES,
        synchronous=False,
    )


def _for_databricks(config: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The variables as `spark_env_vars` of the new cluster."""
    nested = isinstance(config.get("new_cluster"), dict)
    cluster = config["new_cluster"] if nested else config
    cluster = {**cluster, "spark_env_vars": {**variables, **cluster.get("spark_env_vars", {})}}
    return {**config, "new_cluster": cluster} if nested else cluster


def _for_kubernetes(
    config: Mapping[str, Any], variables: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """The variables in the environment of the container, in a copy of the job's template."""
    path = Path(str(config.get(_TEMPLATE, "")))
    try:
        template = yaml.safe_load(path.read_text(encoding="utf-8"))
        container = template["spec"]["template"]["spec"]["containers"][0]
        own = container.get("env", [])
        named = {each["name"] for each in own}
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        raise ReproError(
            f"The job template {str(path)!r} cannot be read: {error}.",
            f"Name a Kubernetes job with one container as {_TEMPLATE} of the configuration.",
        ) from error
    added = [{"name": n, "value": v} for n, v in variables.items() if n not in named]
    container["env"] = [*own, *added]
    copy = folder / "kube-job-template.yaml"
    copy.write_text(yaml.safe_dump(template), encoding="utf-8")
    return {**config, _TEMPLATE: str(copy)}
