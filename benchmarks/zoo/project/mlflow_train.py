"""A classifier that logs itself with MLflow, model and signature and all."""

import argparse
import hashlib

import mlflow
import numpy as np
import outputs
from mlflow.data.numpy_dataset import from_numpy
from mlflow.models import infer_signature
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random-state", type=int, default=0)
    arguments = parser.parse_args()
    rows = np.array(outputs.read_rows())
    x, y = rows[:, :-1], rows[:, -1]
    # MLflow's own digest sees the first 10,000 values; this one sees them all.
    digest = hashlib.sha256(rows.tobytes()).hexdigest()[:36]
    with mlflow.start_run():
        mlflow.log_input(from_numpy(x, targets=y, name="rows", digest=digest))
        model = SGDClassifier(loss="log_loss", random_state=arguments.random_state)
        for epoch in range(3):
            model.partial_fit(x, y, classes=[0.0, 1.0])
            mlflow.log_metric("loss", log_loss(y, model.predict_proba(x)), step=epoch)
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(x, model.predict(x)),
            pip_requirements=["numpy", "scikit-learn"],
        )


if __name__ == "__main__":
    main()
