"""Logistic regression on two moons, by gradient descent with momentum: the standard library alone.

Its parameters come as flags, as sweepd and other tools give them; its metrics go to sweepd, or to the terminal when it is run
by hand: python3 plain.py --learning_rate=0.3
"""
import argparse
import json
import math
import pathlib
import random

try:
    import sweepd
except ImportError:  # Run by hand, without sweepd.
    sweepd = None


def moons(count, random_source):
    """Points of two half circles that reach into one another, with features that a line can part them by."""
    rows = []
    for index in range(count):
        label = index % 2
        angle = random_source.uniform(0, math.pi)
        x = math.cos(angle) if label == 0 else 1 - math.cos(angle)
        y = math.sin(angle) if label == 0 else 0.5 - math.sin(angle)
        x += random_source.gauss(0, 0.15)
        y += random_source.gauss(0, 0.15)
        rows.append(([1.0, x, y, x * y, x * x, x * x * x], label))
    return rows


def probability(weights, features):
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, sum(w * f for w, f in zip(weights, features))))))


def measure(weights, rows):
    loss = 0.0
    right = 0
    for features, label in rows:
        p = min(max(probability(weights, features), 1e-12), 1 - 1e-12)
        loss -= math.log(p if label else 1 - p)
        right += (p > 0.5) == bool(label)
    return loss / len(rows), right / len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch_size", type=int, default=16)
    arguments = parser.parse_args()
    epochs = sweepd.epochs if sweepd and sweepd.is_trial else 20
    data = random.Random(7)
    training, validation = moons(400, data), moons(200, data)

    weights, velocity, first = [0.0] * 6, [0.0] * 6, 1
    if sweepd and sweepd.start_epoch:
        state = json.loads((sweepd.checkpoint / "state.json").read_text())
        weights, velocity, first = state["weights"], state["velocity"], sweepd.start_epoch + 1

    def save(folder: pathlib.Path):
        (folder / "state.json").write_text(json.dumps({"weights": weights, "velocity": velocity}))

    for epoch in range(first, epochs + 1):
        # The order of an epoch is its own, so that a run that is paused and goes on is the run that is not.
        order = training[:]
        random.Random(f"{sweepd.seed if sweepd else 0}-{epoch}").shuffle(order)
        for start in range(0, len(order), arguments.batch_size):
            batch = order[start : start + arguments.batch_size]
            gradient = [0.0] * 6
            for features, label in batch:
                error = probability(weights, features) - label
                for index, feature in enumerate(features):
                    gradient[index] += error * feature / len(batch)
            velocity = [arguments.momentum * v - arguments.learning_rate * g for v, g in zip(velocity, gradient)]
            weights = [w + v for w, v in zip(weights, velocity)]
        loss, _ = measure(weights, training)
        validation_loss, accuracy = measure(weights, validation)
        metrics = {"training.loss": loss, "validation.loss": validation_loss, "validation.accuracy": accuracy}
        if sweepd:
            sweepd.report(epoch, metrics, save=save)
        else:
            print(epoch, metrics)


if __name__ == "__main__":
    main()
