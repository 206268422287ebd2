"""Plain MLflow runs, as people start them: `python plain_train.py SPECIFICATIONS`.

SPECIFICATIONS is a JSON list; every entry is one run: its `name`, the `seed` of its
training, and what else it does (see `train`).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss


def main() -> None:
    mlflow.set_experiment(os.environ["ZOO_EXPERIMENT"])
    table = pd.read_csv(Path(os.environ["ZOO_DATA"], "rows.csv"), header=None)
    specifications = json.loads(sys.argv[1])
    # Runs that are not to be ended come last: MLflow ends them when the process ends well.
    for specification in sorted(specifications, key=lambda one: "unended" in one):
        with_run(table, **specification)
    sys.stdout.flush()
    os._exit(0)


def with_run(table: pd.DataFrame, name: str, **wanted: Any) -> None:
    mlflow.start_run(run_name=name)
    train(table, **wanted)
    if "unended" not in wanted:
        mlflow.end_run()


def train(
    table: pd.DataFrame,
    seed: int,
    tells_seed: bool = False,
    silent: bool = False,
    repeats: int = 0,
    model: bool = False,
    **_: bool,
) -> None:
    """One training. `repeats`: how often the data stand in the logged dataset; 0: none is."""
    x, y = table.iloc[:, :-1].to_numpy(), table.iloc[:, -1].to_numpy()
    classifier = SGDClassifier(loss="log_loss", random_state=seed)
    for epoch in range(3):
        classifier.partial_fit(x, y, classes=[0.0, 1.0])
        if not silent:
            mlflow.log_metric("loss", log_loss(y, classifier.predict_proba(x)), step=epoch)
    if silent:
        return
    if tells_seed:
        mlflow.log_param("random_state", seed)
    if repeats:
        logged = pd.concat([table] * repeats).rename(columns=str)
        mlflow.log_input(from_pandas(logged, name="rows"), context="training")
    mlflow.log_dict({"coefficients": classifier.coef_.tolist()}, "coefficients.json")
    if model:
        mlflow.sklearn.log_model(
            classifier, name="model", pip_requirements=[f"numpy=={np.__version__}"]
        )


if __name__ == "__main__":
    main()
