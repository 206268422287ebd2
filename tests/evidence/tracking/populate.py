"""Fill a tracking store through real MLflow: `python populate.py TRACKING_URI NAME`.

Run in a process of its own, so that the tests' process never imports MLflow.
"""

import json
import math
import sys
import time

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import Metric, Param, RunTag


def main(uri: str, hostile_name: str) -> None:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(tracking_uri=uri)
    main_id, second_id, deleted_id = (
        client.create_experiment(name)
        for name in (f"Träining {hostile_name}", "second", "thrown away")
    )
    client.create_experiment("empty")

    with mlflow.start_run(experiment_id=main_id, run_name="parent") as parent:
        mlflow.log_params({"lr": "0.01", "batch size": 32, "note": f"100% 'quoted' {hostile_name}"})
        mlflow.log_metrics({"loss": 0.25, "acc": 0.5})
        for place, context in enumerate(("training", "validation")):
            data = from_numpy(np.arange(3 + place), name=f"digits {context}")
            mlflow.log_input(data, context=context)
        mlflow.log_input(from_numpy(np.arange(9), name="no context"))
        mlflow.log_text("hello", "notes/hello.txt")
        for _ in range(2):
            model = mlflow.initialize_logged_model(name="model")
            mlflow.finalize_logged_model(model.model_id, "READY")
        for number in range(2):
            with mlflow.start_run(experiment_id=main_id, run_name=f"child {number}", nested=True):
                mlflow.log_param("lr", f"0.0{number}")
                mlflow.log_metric("loss", number - 0.5)

    moment = int(time.time() * 1000)
    run = client.create_run(second_id, run_name="metrics", start_time=moment)
    points = [
        *(Metric("nan", value, moment + 1, 0) for value in (math.nan, 1.0, -2.5)),
        *(Metric("inf", value, moment, step) for step, value in enumerate((math.inf, -math.inf))),
        *(Metric("repeated", step / 7, moment + 10 - step, step % 3) for step in range(9)),
        *(Metric("long", math.sin(step), moment + step, step) for step in range(2500)),
        Metric("last is nan", 3.0, moment, 0),
        Metric("last is nan", math.nan, moment, 1),
        Metric("negative step", -0.0, moment, -3),
        Metric("big/step.name-x", 1e300, moment, 2**53 + 1),
    ]
    for start in range(0, len(points), 900):
        client.log_batch(run.info.run_id, metrics=points[start : start + 900])
    client.set_terminated(run.info.run_id)

    hostile = client.create_run(
        second_id, run_name=hostile_name, tags={"mlflow.note.content": hostile_name}
    )
    client.log_batch(
        hostile.info.run_id,
        params=[Param("пара метр", hostile_name), Param("lr", "0.5")],
        tags=[RunTag("tag", "Value"), RunTag("empty", "")],
        metrics=[Metric("loss", math.nan, moment, 0)],
    )
    client.set_terminated(hostile.info.run_id, "FAILED")
    client.create_run(second_id, run_name="still running")

    deleted = client.create_run(second_id, run_name="deleted")
    client.delete_run(deleted.info.run_id)
    lost = client.create_run(deleted_id, run_name="in a deleted experiment")
    client.delete_experiment(deleted_id)
    known = {
        "parent": parent.info.run_id,
        "metrics": run.info.run_id,
        "hostile": hostile.info.run_id,
    }
    known |= {"deleted": deleted.info.run_id, "lost": lost.info.run_id}
    print(json.dumps(known))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
