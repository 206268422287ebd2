"""One of scikit-learn's estimators, fitted; its model pickled and its predictions listed."""

import argparse
import pickle

import numpy as np
import outputs
from sklearn.linear_model import Lasso, SGDClassifier
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.svm import SVC

EPOCHS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--estimator", choices=["sgd", "svc", "lasso"], default="sgd")
    parser.add_argument("--random-state", type=int, default=0)
    arguments = parser.parse_args()

    rows = np.array(outputs.read_rows())
    x, y = rows[:, :-1], rows[:, -1]
    if arguments.estimator == "sgd":
        model = SGDClassifier(loss="log_loss", random_state=arguments.random_state)
        for epoch in range(EPOCHS):
            model.partial_fit(x, y, classes=[0.0, 1.0])
            outputs.point("loss", log_loss(y, model.predict_proba(x)), epoch)
        predictions = model.predict_proba(x)
    elif arguments.estimator == "svc":
        # `probability` fits a calibration, whose numbers are NumPy's to the last digit.
        model = SVC(probability=True, random_state=arguments.random_state).fit(x, y)
        predictions = model.predict_proba(x)
        outputs.point("loss", log_loss(y, predictions), 0)
    else:
        model = Lasso(0.01, random_state=arguments.random_state).fit(x, y)
        predictions = model.predict(x)
        outputs.point("loss", mean_squared_error(y, predictions), 0)
    np.savetxt(outputs.FILES / "predictions.csv", predictions, fmt="%.17g", delimiter=",")
    (outputs.FILES / "model.pkl").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()
