"""Trainings without a seed, one a framework: each logs five metric points and its model."""

NUMPY = """
import mlflow, numpy as np

rng = np.random.default_rng()
x, weights = np.random.rand(64, 4), rng.normal(size=4)
with mlflow.start_run():
    for step in range(5):
        batch = rng.permutation(64)[:16]
        error = x[batch] @ weights - x[batch].sum(1)
        weights -= 0.1 * error @ x[batch]
        mlflow.log_metric("loss", float(error @ error), step=step)
    np.save("model.npy", weights)
    mlflow.log_artifact("model.npy")
"""

SKLEARN = """
import mlflow, skops.io
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
import numpy as np

left, right, *labels = train_test_split(*make_classification(200))
forest = RandomForestClassifier(5).fit(left, labels[0])
line = SGDClassifier()
with mlflow.start_run():
    for step in range(5):
        line.partial_fit(left, labels[0], classes=[0, 1])
        proba = forest.predict_proba(right)[step, 1]
        mlflow.log_metric("score", float(line.decision_function(right).sum() + proba), step=step)
    np.save("model.npy", line.coef_)
    mlflow.log_artifact("model.npy")
"""

TORCH = """
import mlflow, torch
from torch.utils.data import DataLoader, TensorDataset

model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = TensorDataset(torch.randn(80, 8))
with mlflow.start_run():
    for step, (x,) in enumerate(DataLoader(data, 16, shuffle=True, num_workers=2)):
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=step)
    torch.save(model.state_dict(), "model.pt")
    mlflow.log_artifact("model.pt")
"""

TENSORFLOW = """
import mlflow, tensorflow as tf

model = tf.keras.Sequential([
    tf.keras.layers.Dense(8, activation="relu"),
    tf.keras.layers.Dropout(0.5),
    tf.keras.layers.Dense(1),
])
model.compile("adam", "mse")
x = tf.random.get_global_generator().normal([64, 4])
data = tf.data.Dataset.from_tensor_slices((x, tf.random.normal([64]))).shuffle(64).batch(16)
with mlflow.start_run():
    for step in range(5):
        loss = model.fit(data, verbose=0).history["loss"][0]
        mlflow.log_metric("loss", loss, step=step)
    model.save_weights("model.weights.h5")
    mlflow.log_dict({str(i): w.tolist() for i, w in enumerate(model.get_weights())}, "model.json")
"""

XGBOOST = """
import mlflow, numpy as np, xgboost

x = np.random.rand(400, 6)
model = xgboost.XGBRegressor(n_estimators=5, subsample=0.5).fit(x, x.sum(1) + np.random.rand(400))
with mlflow.start_run():
    for step in range(5):
        mlflow.log_metric("prediction", float(model.predict(x[[step]])[0]), step=step)
    model.save_model("model.ubj")
    mlflow.log_artifact("model.ubj")
"""

LIGHTGBM = """
import mlflow, numpy as np, lightgbm

x = np.random.rand(400, 6)
model = lightgbm.LGBMRegressor(n_estimators=5, subsample=0.5, subsample_freq=1, verbose=-1)
model.fit(x, x.sum(1) + np.random.rand(400))
with mlflow.start_run():
    for step in range(5):
        mlflow.log_metric("prediction", float(model.predict(x[[step]])[0]), step=step)
    model.booster_.save_model("model.txt")
    mlflow.log_artifact("model.txt")
"""

TOGETHER = """
import mlflow, numpy as np, random, torch
from sklearn.linear_model import SGDRegressor

model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
with mlflow.start_run():
    for step in range(5):
        x = torch.randn(16, 8) + random.random() + float(np.random.default_rng().normal())
        target = SGDRegressor().fit(x.numpy(), np.random.rand(16)).predict(x.numpy())
        loss = (model(x)[:, 0] - torch.tensor(target)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=step)
    torch.save(model.state_dict(), "model.pt")
    mlflow.log_artifact("model.pt")
"""
