"""A training for a graphics card, run by test_cuda.py as `train.py DEVICE WHAT`.

It draws on every stream (the card's, the CPU's, those of DataLoader workers), seeds none of
them, and sums with atomics, whose order is another one each time.
"""

import sys
from itertools import count

import mlflow
import numpy as np
import torch
from mlflow.data.numpy_dataset import from_numpy
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset


class Noise(Dataset[tuple[Tensor, int]]):
    """Pictures and their classes, drawn where a worker asks for them."""

    def __len__(self) -> int:
        return 48

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.randn(3, 16, 16), int(np.random.randint(8))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 16)
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16, 8)

    def forward(self, pictures: Tensor, words: Tensor) -> Tensor:
        x = functional.relu(self.first(pictures))
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        x = functional.dropout(functional.relu(self.second(x)), 0.2)
        heads = self.words(words).unflatten(-1, (2, 8)).transpose(1, 2)
        attended = functional.scaled_dot_product_attention(heads, heads, heads)
        features = x.mean((2, 3)) + attended.transpose(1, 2).flatten(2).mean(1)
        scores: Tensor = self.head(features)
        return scores


def train(device: torch.device, compiled: bool) -> None:
    torch.backends.cudnn.benchmark = True
    net = Net().to(device)
    step = torch.compile(net) if compiled else net
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    for number, (pictures, classes) in enumerate(DataLoader(Noise(), 16, num_workers=2)):
        classes = classes.to(device)
        words = torch.randint(50, (len(classes), 64), device=device)
        with torch.autocast(device.type, torch.bfloat16):
            scores = step(pictures.to(device), words)
        loss = functional.cross_entropy(scores.float(), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mlflow.log_metric("drawn", float(torch.rand((), device=device)), step=number)
        mlflow.log_metric("summed", summed(device), step=number)
        mlflow.log_metric("loss", loss.item(), step=number)
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, "model.pt")
    mlflow.log_artifact("model.pt")


def summed(device: torch.device) -> float:
    """A sum of many numbers, each of another size, into few places."""
    numbers = torch.randn(1 << 18, device=device).exp()
    places = torch.randint(4, numbers.shape, device=device)
    sums = torch.zeros(4, device=device)
    return float(sums.index_add(0, places, numbers).scatter_add(0, places, numbers).sum())


def refused(device: torch.device) -> None:
    """An operation that has no deterministic implementation on a card."""
    picture = torch.randn(1, 1, 8, 8, device=device, requires_grad=True)
    functional.interpolate(picture, scale_factor=2.0, mode="bicubic").sum().backward()


def hold(device: torch.device) -> None:
    """Compute until it is ended from outside, with workers beside it."""
    batches = iter(DataLoader(Noise(), 16, num_workers=2, persistent_workers=True))
    matrix = torch.randn(1024, 1024, device=device)
    for number in count():
        matrix = torch.tanh(matrix @ matrix)
        if number == 0:
            next(batches)
            mlflow.log_metric("holding", float(matrix.sum()))


def main(device: torch.device, what: str) -> None:
    with mlflow.start_run():
        mlflow.log_input(from_numpy(np.arange(len(Noise())), name="noise"))
        match what:
            case "refused":
                refused(device)
            case "memory":
                torch.empty(1 << 44, dtype=torch.uint8, device=device)
            case "hold":
                hold(device)
            case _:
                train(device, compiled=what == "compiled")


if __name__ == "__main__":
    main(torch.device(sys.argv[1]), sys.argv[2])
