#!/usr/bin/env python3
"""make-optuna-studies FOLDER: writes optuna.journal and optuna.db, one pair of studies in both storages of Optuna.

The recorded files beside this script were made with Optuna 5.0.0 (its schema v3.2.0.a). Each has the studies `digits`, of
every kind of distribution and state of a trial, and `other`, which maximizes.
"""
import pathlib
import sqlite3
import sys

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.storages.journal import JournalFileBackend

# The learning rate, what is returned or raised, and what is reported by epochs.
TRIALS = [
    (0.01, 0.5, [0.9, 0.8, 0.7]),  # complete, came to epoch 3
    (0.02, 0.25, []),  # complete, reported nothing
    (0.03, optuna.TrialPruned(), [0.95, 0.9, 0.85]),
    (0.04, ValueError("lost"), [0.9, float("nan")]),  # lost its numbers on the way to epoch 3
    (0.05, ValueError("ended"), []),  # failed before it reported
    (0.06, float("inf"), []),
    (0.5, 0.1, []),  # outside of the ranges of the tests' sweep
]


def fill(storage):
    for name, direction in (("digits", "minimize"), ("other", "maximize")):
        study = optuna.create_study(storage=storage, study_name=name, direction=direction)
        for rate, end, reports in TRIALS if name == "digits" else TRIALS[:1]:
            trial = study.ask(
                fixed_distributions={
                    "learning_rate": FloatDistribution(rate, rate, log=True),
                    "width": IntDistribution(32, 32),
                }
            )
            trial.suggest_categorical("optimizer", ["adam"])
            for step, value in enumerate(reports, 1):
                trial.report(value, step)
            if isinstance(end, optuna.TrialPruned):
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            elif isinstance(end, Exception):
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, end)
        if name == "digits":
            study.ask()
            study.enqueue_trial({"width": 64})


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder = pathlib.Path(sys.argv[1])
    fill(optuna.storages.JournalStorage(JournalFileBackend(str(folder / "optuna.journal"))))
    fill(f"sqlite:///{folder}/optuna.db")
    # Small pages: a file of many tables with few rows each.
    with sqlite3.connect(folder / "optuna.db") as database:
        database.execute("PRAGMA page_size = 512")
        database.execute("VACUUM")


if __name__ == "__main__":
    main()
