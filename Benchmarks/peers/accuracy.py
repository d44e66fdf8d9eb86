#!/usr/bin/env python3
"""Trains the same tasks with sweepd, PyTorch and scikit-learn, many seeds each, and compares what they reach.

    .build/peers/venv/bin/python Benchmarks/peers/accuracy.py [--tasks NAME,…] [--seeds N]

All have the same rows, model, loss, optimizer (Adam, betas 0.9 and 0.999), batch size and epochs, and are measured on
the validation rows after the last epoch. First weights are Glorot's uniform ones, as scikit-learn's always are (it draws
biases too, which begin at 0 elsewhere); of convolutions, which it does not have, He's normal ones. Data: DATA (default ../shared/data) and the digits in sweeps/data. SWEEPD: the program (default
.build/release/sweepd). Prints one line of JSON for each task; `bench-core --only accuracy` makes the table of them.
"""

import argparse
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import peer
import numpy
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("DATA", ROOT / "../shared/data")).resolve()
SWEEPD = os.environ.get("SWEEPD", str(ROOT / ".build/release/sweepd"))
DIGITS = ROOT / "sweeps/data/digits.csv.gz"
MNIST = [DATA / f"mnist10k-{name}-ubyte.gz" for name in ("images-idx3", "labels-idx1")]
PIXEL = 0.00392156862745098  # 1/255

# `data` and `model` are those of a sweep file; the rest is common to all.
TASKS = {
    "MNIST 10k, MLP 256-128": {
        "metric": "validation.accuracy", "rows": "mnist", "model": {"mlp": {"widths": [256, 128]}},
        "rate": 1e-3, "batch": 64, "epochs": 12,
        "data": {"source": dict(zip(("images", "labels"), map(str, MNIST))), "validation": {"last": 2000},
                 "preprocess": [{"scale": PIXEL}]},
    },
    "MNIST 10k, CNN 16-32": {
        "metric": "validation.accuracy", "rows": "mnist", "model": {"cnn": {"channels": [16, 32]}},
        "rate": 1e-3, "batch": 64, "epochs": 5,
        "data": {"source": dict(zip(("images", "labels"), map(str, MNIST))), "validation": {"last": 2000},
                 "preprocess": [{"scale": PIXEL}]},
    },
    "digits, MLP 64-64": {
        "metric": "validation.accuracy", "rows": "digits", "model": {"mlp": {"widths": [64, 64]}},
        "rate": 1e-3, "batch": 32, "epochs": 30,
        "data": {"source": str(DIGITS), "target": "label", "validation": {"last": 360},
                 "preprocess": ["standardize"]},
    },
    "adult, MLP 64-32": {
        "metric": "validation.accuracy", "rows": "adult", "model": {"mlp": {"widths": [64, 32]}},
        "rate": 1e-3, "batch": 128, "epochs": 8,
        "data": {"source": "train.csv", "header": False, "validation": {"source": "test.csv"},
                 "columns": {"2": "ignore"},
                 "preprocess": [{"impute": {"with": "median", "indicator": True}}, "standardize"]},
    },
    "wine quality as a number, MLP 64-64": {
        "metric": "validation.r2", "rows": "wine", "model": {"mlp": {"widths": [64, 64]}},
        "rate": 1e-3, "batch": 32, "epochs": 30,
        "data": {"source": str(DATA / "winequality-white.csv"), "header": False, "task": "regression",
                 "validation": {"last": 980}, "preprocess": ["standardize"], "target_scale": "standardize"},
    },
    "wine quality as 7 classes, balanced weights, MLP 64-64": {
        "metric": "validation.balanced_accuracy", "rows": "wine-classes", "model": {"mlp": {"widths": [64, 64]}},
        "rate": 1e-3, "batch": 32, "epochs": 30, "loss": {"softmax_cross_entropy": {"class_weights": "balanced"}},
        "data": {"source": str(DATA / "winequality-white.csv"), "header": False, "task": "classification",
                 "validation": {"last": 980}, "preprocess": ["standardize"]},
    },
}


def write_adult(folder):
    """The census files as one convention: labels without the full stop that only the test file has."""
    for ours, theirs in (("train.csv", "adult-train.csv"), ("test.csv", "adult-test.csv")):
        text = (DATA / theirs).read_text()
        lines = [line.rstrip().rstrip(".") for line in text.splitlines() if line.count(",") > 10]
        (folder / ours).write_text("\n".join(lines) + "\n")


def sweepd(task, seeds):
    """The metric after the last epoch of so many runs, by the program itself from a sweep file."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if task["rows"] == "adult":
            write_adult(folder)
        initializer = {"he": {"distribution": "normal"}} if "cnn" in task["model"] else {"glorot": {"distribution": "uniform"}}
        train = {"model": task["model"], "initializer": initializer, "optimizer": {"adam": {"learning_rate": task["rate"]}},
                 "batch_size": task["batch"], "epochs": task["epochs"]}
        if "loss" in task:
            train["loss"] = task["loss"]
        file = folder / "task.yaml"
        file.write_text(json.dumps({
            "name": "task", "data": task["data"], "train": train, "prune": "none",
            "search": {"method": "random", "trials": seeds, "repeats": seeds},
            "objective": {"maximize": task["metric"], "epoch": "last"},
        }))
        done = subprocess.run(
            [SWEEPD, "run", file, "--directory", folder / "task.sweepd", "--slots", "1", "--format", "json"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise SystemExit(f"sweepd ended with {done.returncode}: {done.stderr.strip()}")
        (row,) = json.loads(done.stdout)["rows"]
        return [run["objective"] for run in row["runs"]]


def standardized(training, rest):
    mean, deviation = training.mean(0), training.std(0)
    deviation[deviation == 0] = 1
    return (training - mean) / deviation, (rest - mean) / deviation


def adult():
    """Numbers standardised, categories one-hot with `?` as a category, as `data` above says."""
    from sklearn.preprocessing import OneHotEncoder

    with tempfile.TemporaryDirectory() as folder:
        write_adult(pathlib.Path(folder))
        tables = [list(csv.reader((pathlib.Path(folder) / name).open(), skipinitialspace=True))
                  for name in ("train.csv", "test.csv")]
    numeric = [0, 4, 10, 11, 12]
    texts = [1, 3, 5, 6, 7, 8, 9, 13]
    numbers = [numpy.array([[float(row[column]) for column in numeric] for row in table]) for table in tables]
    categories = [numpy.array([[row[column] for column in texts] for row in table]) for table in tables]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(categories[0])
    numbers = standardized(*numbers)
    x = [numpy.hstack([part, encoder.transform(text)]) for part, text in zip(numbers, categories)]
    y = [numpy.array([row[14] == ">50K" for row in table], numpy.int64) for table in tables]
    return x[0], y[0], x[1], y[1]


def rows(kind):
    """Training features and targets, validation features and targets."""
    if kind == "adult":
        x, y, v, w = adult()
    elif kind == "mnist":
        images = peer.read_idx(MNIST[0]).reshape(-1, 784) / 255
        labels = peer.read_idx(MNIST[1]).astype(numpy.int64)
        x, y, v, w = images[:-2000], labels[:-2000], images[-2000:], labels[-2000:]
    elif kind == "digits":
        with gzip.open(DIGITS, "rt") as file:
            table = list(csv.reader(file))
        label = table[0].index("label")
        values = numpy.array(table[1:], dtype=float)
        features, labels = numpy.delete(values, label, 1), values[:, label].astype(numpy.int64)
        x, v = standardized(features[:-360], features[-360:])
        y, w = labels[:-360], labels[-360:]
    else:
        values = numpy.loadtxt(DATA / "winequality-white.csv", delimiter=",")
        x, v = standardized(values[:-980, :-1], values[-980:, :-1])
        y, w = values[:-980, -1], values[-980:, -1]
        if kind == "wine-classes":
            y, w = y.astype(numpy.int64) - int(values[:, -1].min()), w.astype(numpy.int64) - int(values[:, -1].min())
        else:
            mean, deviation = y.mean(), y.std()
            y, w = (y - mean) / deviation, (w - mean) / deviation
            y, w = y.astype(numpy.float32), w.astype(numpy.float32)
    return x.astype(numpy.float32), y, v.astype(numpy.float32), w


def score(metric, prediction, target):
    """The metric; `prediction` is logits or numbers."""
    if metric == "validation.r2":
        return float(1 - ((prediction - target) ** 2).mean() / target.var())
    chosen = prediction.argmax(1)
    if metric == "validation.accuracy":
        return float((chosen == target).mean())
    return float(numpy.mean([(chosen[target == label] == label).mean() for label in numpy.unique(target)]))


def torch_runs(task, seeds):
    import torch

    torch.set_num_threads(1)
    x, y, v, w = rows(task["rows"])
    regression = task["metric"] == "validation.r2"
    outputs = 1 if regression else int(y.max()) + 1
    weights = None
    if "loss" in task:
        weights = torch.tensor(len(y) / (outputs * numpy.bincount(y, minlength=outputs)), dtype=torch.float32)
    channels = task["model"].get("cnn", {}).get("channels")
    if channels:
        x, v = x.reshape(-1, 1, 28, 28), v.reshape(-1, 1, 28, 28)
    x, y, v = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(v)

    def loss_of(prediction, target):
        if regression:
            return torch.nn.functional.mse_loss(prediction[:, 0], target)
        return torch.nn.functional.cross_entropy(prediction, target, weight=weights, reduction="none").mean()

    results = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        layers = []
        if channels:
            for inputs, width in zip([1, *channels], channels):
                layers += [torch.nn.Conv2d(inputs, width, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
            layers += [torch.nn.Flatten(), torch.nn.Linear(channels[-1] * 49, outputs)]
        else:
            widths = task["model"]["mlp"]["widths"]
            for inputs, width in zip([x.shape[1], *widths], widths):
                layers += [torch.nn.Linear(inputs, width), torch.nn.ReLU()]
            layers.append(torch.nn.Linear(widths[-1], outputs))
        net = torch.nn.Sequential(*layers)
        for part in net:
            if hasattr(part, "weight"):
                if channels:
                    torch.nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
                else:
                    torch.nn.init.xavier_uniform_(part.weight)
                torch.nn.init.zeros_(part.bias)
        optimizer = torch.optim.Adam(net.parameters(), task["rate"], fused=True)
        for _ in range(task["epochs"]):
            for chosen in torch.randperm(len(x)).split(task["batch"]):
                optimizer.zero_grad(set_to_none=True)
                loss_of(net(x[chosen]), y[chosen]).backward()
                optimizer.step()
        with torch.no_grad():
            prediction = net(v).numpy()
        results.append(score(task["metric"], prediction[:, 0] if regression else prediction, w))
    return results


def sklearn_runs(task, seeds):
    """None where scikit-learn cannot do it: convolutions, and weights of classes."""
    if "cnn" in task["model"] or "loss" in task:
        return None
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y, v, w = rows(task["rows"])
    regression = task["metric"] == "validation.r2"
    results = []
    for seed in range(seeds):
        net = (MLPRegressor if regression else MLPClassifier)(
            hidden_layer_sizes=tuple(task["model"]["mlp"]["widths"]), alpha=0, batch_size=task["batch"],
            learning_rate_init=task["rate"], max_iter=task["epochs"], tol=0, n_iter_no_change=10**6, random_state=seed)
        net.fit(x, y)
        prediction = net.predict(v) if regression else net.predict_proba(v)
        results.append(score(task["metric"], prediction, w))
    return results


def difference(ours, theirs):
    """Ours minus theirs with Welch's 95 % interval."""
    test = scipy.stats.ttest_ind(ours, theirs, equal_var=False)
    interval = test.confidence_interval(0.95)
    return {"difference": float(numpy.mean(ours) - numpy.mean(theirs)),
            "interval": [float(interval.low), float(interval.high)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=";".join(TASKS), help="names as in the table, parted by semicolons")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("--seeds: an interval needs at least 2")
    names = options.tasks.split(";")
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        parser.error(f"--tasks: unknown: {'; '.join(unknown)}; allowed: {'; '.join(TASKS)}")
    for name in names:
        task = TASKS[name]
        ours = sweepd(task, options.seeds)
        line = {"task": name, "metric": task["metric"], "seeds": options.seeds,
                "epochs": task["epochs"], "batch": task["batch"],
                "sweepd": {"mean": float(numpy.mean(ours)), "deviation": float(numpy.std(ours, ddof=1))}}
        for library, runs in (("torch", torch_runs), ("scikit-learn", sklearn_runs)):
            print(f"accuracy: {name}: {library}", file=sys.stderr, flush=True)
            theirs = runs(task, options.seeds)
            line[library] = theirs and {"mean": float(numpy.mean(theirs)), **difference(ours, theirs)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
