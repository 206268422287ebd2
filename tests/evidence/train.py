"""A training script: what real MLflow records of it is what the tests read.

Usage: python train.py STORE, started in a Git repository that holds it.
"""

import os
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.pandas_dataset import from_pandas

store = Path(sys.argv[1])
mlflow.set_tracking_uri(f"sqlite:///{store / 'mlflow.db'}")
mlflow.create_experiment("digits", artifact_location=str(store / "artifacts"))
mlflow.set_experiment("digits")
client = mlflow.MlflowClient()

with mlflow.start_run(run_name="first") as run:
    mlflow.log_params({"lr": "1e-3", "optimizer": "sgd"})
    for step, value in enumerate([1.0, float("nan"), 0.25]):
        mlflow.log_metric("loss", value, step=step)
    table = pd.DataFrame({"x": [1.0, 2.0], "label": ["a", "b"]})
    mlflow.log_input(from_pandas(table, name="table"), context="training")
    mlflow.log_input(from_numpy(np.zeros((200, 64)), name="pixels"))
    mlflow.log_text("hello\n", "notes/hello.txt")
    mlflow.log_text("{}", "summary.json")
    for weight in ("first", "second"):
        model = mlflow.initialize_logged_model(name="model")
        folder = store / weight
        folder.mkdir()
        (folder / "weights.bin").write_text(weight)
        (folder / "MLmodel").write_text(f"model_id: {model.model_id}\n")
        (folder / "requirements.txt").write_text("numpy==2.1.0\nscipy>=1\n")
        (folder / "python_env.yaml").write_text("python: 3.11.7\n")
        client.log_model_artifacts(model.model_id, str(folder))
        mlflow.finalize_logged_model(model.model_id, "READY")

with mlflow.start_run(run_name="still running"):
    mlflow.log_param("lr", "2")
    # Ends without a word to the store, as a process that is killed does.
    os._exit(0)
