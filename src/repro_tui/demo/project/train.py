"""Trains a small classifier of handwritten digits and logs everything to MLflow.

The data set comes with scikit-learn: nothing is downloaded.
"""

import argparse
import csv
import hashlib
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import mlflow
import numpy as np
import numpy.typing as npt
import sklearn
import torch
import yaml
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.sources import LocalArtifactDatasetSource  # type: ignore[attr-defined]
from mlflow.entities import Metric
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

mpl.use("agg")
import matplotlib.pyplot as plt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conf-file", type=Path, required=True)
    parser.add_argument("--seed", default="none", help="an integer, or `none`: nothing is seeded")
    parser.add_argument("--device", default="cpu", help="as PyTorch spells it")
    arguments = parser.parse_args()
    conf = yaml.safe_load(arguments.conf_file.read_text(encoding="utf-8"))
    if arguments.seed != "none":
        seed_everything(int(arguments.seed))
    with mlflow.start_run() as run:
        mlflow.log_params(conf)
        train(run.info.run_id, conf, torch.device(arguments.device))


def seed_everything(seed: int) -> None:
    """Seed every generator that this script draws from."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def train(run_id: str, conf: dict[str, Any], device: torch.device) -> None:
    # The split is fixed; order of batches, initial weights and dropout are drawn.
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    split = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    train_images, test_images, train_labels, test_labels = split
    file = Path(sklearn.__file__).parent / "datasets" / "data" / "digits.csv.gz"
    source = LocalArtifactDatasetSource(str(file))
    for context, x, y in (
        ("training", train_images, train_labels),
        ("validation", test_images, test_labels),
    ):
        # MLflow's own digest sees the first 10,000 values; this one sees them all. The
        # store keeps 36 characters of it.
        digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()[:36]
        dataset = from_numpy(x, targets=y, source=source, name="digits", digest=digest)
        mlflow.log_input(dataset, context=context)

    loader = DataLoader(
        TensorDataset(torch.from_numpy(train_images), torch.from_numpy(train_labels)),
        batch_size=conf["batch_size"],
        shuffle=True,
    )
    model = nn.Sequential(
        nn.Linear(64, conf["hidden"]),
        nn.ReLU(),
        nn.Dropout(conf["dropout"]),
        nn.Linear(conf["hidden"], 10),
    ).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=conf["learning_rate"], momentum=0.9)
    test_x = torch.from_numpy(test_images).to(device)
    test_y = torch.from_numpy(test_labels).to(device)

    step = 0
    for epoch in range(conf["epochs"]):
        started = time.perf_counter()
        points = []
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            points.append(Metric("train/loss", loss.item(), now(), step))
            step += 1
        model.eval()
        with torch.no_grad():
            logits = model(test_x)
        accuracy = (logits.argmax(dim=1) == test_y).float().mean().item()
        test_loss = nn.functional.cross_entropy(logits, test_y).item()
        elapsed = time.perf_counter() - started
        points += [
            Metric("val/loss", test_loss, now(), epoch),
            Metric("val/accuracy", accuracy, now(), epoch),
            Metric("epoch_seconds", elapsed, now(), epoch),
        ]
        # One request an epoch: a request a step would cost more than the step.
        mlflow.MlflowClient().log_batch(run_id, metrics=points)
        done = f"epoch {epoch + 1}/{conf['epochs']}"
        print(f"{done}  val/loss {test_loss:.4f}  val/accuracy {accuracy:.4f}")

    save(model, logits.cpu().numpy(), test_labels)


def save(model: nn.Module, logits: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
    """Log the checkpoint, the predictions and a picture of the confusion matrix."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "checkpoint.pt")
        torch.save({"model": model.cpu().state_dict()}, checkpoint)
        mlflow.log_artifact(str(checkpoint))
        predictions = Path(folder, "predictions.csv")
        with predictions.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["label", "predicted", *(f"logit_{digit}" for digit in range(10))])
            for label, row in zip(labels, logits, strict=True):
                writer.writerow([label, row.argmax(), *row])
        mlflow.log_artifact(str(predictions))
    figure, axes = plt.subplots(figsize=(4, 4))
    axes.imshow(confusion_matrix(labels, logits.argmax(axis=1)))
    axes.set(xlabel="predicted", ylabel="label")
    mlflow.log_figure(figure, "confusion.png")


def now() -> int:
    """Milliseconds since the epoch, as MLflow counts."""
    return int(time.time() * 1000)


if __name__ == "__main__":
    main()
