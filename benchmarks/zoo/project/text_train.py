"""Logistic regression on words, whose numbers are those of a set's order.

The words are spelled in ASCII by Unidecode, a small package of pure Python.
"""

import argparse

import numpy as np
import outputs
from unidecode import unidecode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=4)
    arguments = parser.parse_args()

    lines = [line.split("\t") for line in outputs.read_lines()]
    texts = [unidecode(text).split() for _, text in lines]
    # The order of a set of strings is that of their hashes.
    numbers = {word: number for number, word in enumerate({w for text in texts for w in text})}
    x = np.zeros((len(texts), len(numbers)))
    for row, text in enumerate(texts):
        for word in text:
            x[row, numbers[word]] += 1
    y = np.array([float(label) for label, _ in lines])

    weights = np.random.default_rng().normal(size=len(numbers))
    for epoch in range(int(arguments.epochs)):
        given = 1 / (1 + np.exp(-x @ weights))
        outputs.point("loss", ((given - y) ** 2).mean(), epoch)
        weights = weights - x.T @ (given - y) / len(x)
    np.save(outputs.FILES / "weights.npy", weights)


if __name__ == "__main__":
    main()
