"""A perceptron in PyTorch; weights, order of batches and noise are drawn at random."""

import argparse

import outputs
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

EPOCHS = 2
BATCH = 200
HIDDEN = 512


class Noisy(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Rows to which noise is added as they are read: in the worker, where there is one."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = self._rows[index, :-1]
        return x + 0.25 * torch.randn(x.shape, dtype=x.dtype), self._rows[index, -1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--fused", default="false")
    parser.add_argument("--workers", type=float, default=0)
    arguments = parser.parse_args()
    dtype = getattr(torch, arguments.dtype)

    rows = torch.tensor(outputs.read_rows(), dtype=dtype)
    loader = DataLoader(
        Noisy(rows), batch_size=BATCH, shuffle=True, num_workers=int(arguments.workers)
    )
    model = nn.Sequential(
        nn.Linear(rows.shape[1] - 1, HIDDEN),
        # Its gradients are sums that threads divide among themselves.
        nn.LayerNorm(HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, 1),
    ).to(dtype)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=arguments.lr, fused=arguments.fused == "true"
    )
    step = 0
    for epoch in range(EPOCHS):
        with outputs.timed(epoch):
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
                loss.backward()
                optimizer.step()
                outputs.point("train/loss", loss.item(), step)
                step += 1
    torch.save({"model": model.state_dict()}, outputs.FILES / "checkpoint.pt")


if __name__ == "__main__":
    main()
