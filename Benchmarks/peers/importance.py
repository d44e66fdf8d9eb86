#!/usr/bin/env python3
"""importance.py: what Optuna's evaluators say of functions whose points the tests of `sweepd importance` draw again.

    pip install optuna scikit-learn
    python Benchmarks/peers/importance.py

Prints the figures that Tests/SweepSearchTests/PeerImportance.swift holds: for each function the share of each parameter by
fANOVA (mean of two seeds) and by PED-ANOVA, both normalised to a sum of 1, as Optuna does it.
"""
import math

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

WORD = (1 << 64) - 1


class Stream:
    """The project's random stream (SplitMix64 by counter)."""

    def __init__(self, key):
        self.key, self.counter = key, 0

    def uniform(self):
        self.counter += 1
        z = (self.key + self.counter * 0x9E3779B97F4A7C15) & WORD
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def additive(p):
    return 4 * p["a"] - 2 * p["b"] + p["c"]


def ishigami(p):
    return math.sin(p["a"]) + 7 * math.sin(p["b"]) ** 2 + 0.1 * p["c"] ** 4 * math.sin(p["a"])


def training(p):
    """Like a training: a valley in the rate, some of the width, an option that is worse, a regulariser that hardly counts."""
    rate = math.log10(p["rate"] / 0.01)
    return rate * rate + 0.5 * abs(p["width"] - 5) + (0.8 if p["kind"] == "y" else 0.0) + 0.2 * p["dropout"]


UNIT = FloatDistribution(0, 1)
ANGLE = FloatDistribution(-math.pi, math.pi)
CASES = [
    ("additive", additive, {"a": UNIT, "b": UNIT, "c": UNIT}, 150),
    ("ishigami", ishigami, {"a": ANGLE, "b": ANGLE, "c": ANGLE}, 200),
    (
        "training",
        training,
        {
            "rate": FloatDistribution(1e-4, 1, log=True),
            "width": IntDistribution(1, 8),
            "kind": CategoricalDistribution(["x", "y", "z"]),
            "dropout": UNIT,
        },
        150,
    ),
]


def value(distribution, u):
    """The value at a share of the range, as the tests map it."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[min(int(u * len(distribution.choices)), len(distribution.choices) - 1)]
    if isinstance(distribution, IntDistribution):
        return distribution.low + min(int(u * (distribution.high - distribution.low + 1)), distribution.high)
    low, high = distribution.low, distribution.high
    if distribution.log:
        return min(max(math.exp(math.log(low) * (1 - u) + math.log(high) * u), low), high)
    return low * (1 - u) + high * u


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"optuna {optuna.__version__}")
    for name, function, space, count in CASES:
        stream = Stream(7)
        study = optuna.create_study()
        for _ in range(count):
            parameters = {key: value(distribution, stream.uniform()) for key, distribution in space.items()}
            study.add_trial(
                optuna.trial.create_trial(params=parameters, distributions=space, value=function(parameters))
            )
        shares = {key: 0.0 for key in space}
        for seed in range(2):
            for key, share in get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed)).items():
                shares[key] += share / 2
        print(name, count, "fANOVA   ", {key: round(float(shares[key]), 4) for key in space}, flush=True)
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
        print(name, "PED-ANOVA", {key: round(float(shares[key]), 4) for key in space})


if __name__ == "__main__":
    main()
