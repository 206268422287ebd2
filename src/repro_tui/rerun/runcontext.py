"""Tags on every run that a process starts, in whichever experiment. Pure.

MLflow itself puts what the variable MLFLOW_RUN_CONTEXT holds, a JSON object, on each
run that `mlflow.start_run` makes in the process or in a child of it
(`mlflow.tracking.context.system_environment_context`).
"""

import json
from collections.abc import Mapping

VARIABLE = "MLFLOW_RUN_CONTEXT"


def tagging(tags: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variable that adds `tags` to what `environment` has set already.

    A value there that is no JSON object is replaced: MLflow itself cannot read it.
    """
    try:
        present = json.loads(environment.get(VARIABLE, "{}"))
    except (ValueError, RecursionError):
        present = {}
    own = present if isinstance(present, dict) else {}
    return {VARIABLE: json.dumps({**own, **tags})}
