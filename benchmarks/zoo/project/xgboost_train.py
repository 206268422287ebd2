"""Gradient boosted trees on half of the rows each, drawn at random."""

import argparse

import numpy as np
import outputs
import xgboost

ROUNDS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subsample", type=float, default=0.5)
    parser.add_argument("--max-depth", type=float, default=3)
    arguments = parser.parse_args()

    rows = np.array(outputs.read_rows())
    data = xgboost.DMatrix(rows[:, :-1], label=rows[:, -1])
    settings = {
        "objective": "binary:logistic",
        "seed": arguments.seed,
        "subsample": arguments.subsample,
        "max_depth": int(arguments.max_depth),
    }
    evaluated: dict[str, dict[str, list[float]]] = {}
    model = xgboost.train(
        settings,
        data,
        num_boost_round=ROUNDS,
        evals=[(data, "train")],
        evals_result=evaluated,
        verbose_eval=False,
    )
    for number, value in enumerate(evaluated["train"]["logloss"]):
        outputs.point("logloss", value, number)
    model.save_model(outputs.FILES / "model.ubj")


if __name__ == "__main__":
    main()
