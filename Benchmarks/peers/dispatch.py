#!/usr/bin/env python3
"""How fast other orchestrators put trials through that train nothing: a line of JSON for each.

    .build/peers/venv/bin/python Benchmarks/peers/dispatch.py LIBRARY [--trials N] [--epochs E]

LIBRARY: optuna-memory, optuna-sqlite, optuna-journal (its file storage), ray (Ray Tune, two processes). Every trial
proposes a learning rate, reports E values and returns the last. Optuna's search is random and its pruner off; what it
keeps is on disk but in memory's case. A time is from the first proposal to the end of the last trial.
"""

import argparse
import json
import logging
import os
import tempfile
import time

CHOICES = ["optuna-memory", "optuna-sqlite", "optuna-journal", "ray"]


def optuna_seconds(kind, trials, epochs, folder):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if kind == "optuna-sqlite":
        storage = f"sqlite:///{folder}/study.db"
    elif kind == "optuna-journal":
        backend = optuna.storages.journal.JournalFileBackend(f"{folder}/journal.log")
        storage = optuna.storages.JournalStorage(backend)
    else:
        storage = None
    study = optuna.create_study(
        storage=storage, sampler=optuna.samplers.RandomSampler(seed=1), pruner=optuna.pruners.NopPruner())

    def objective(trial):
        rate = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
        for epoch in range(epochs):
            trial.report(1 / (epoch + 1), epoch)
        return rate

    begin = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    seconds = time.perf_counter() - begin
    assert len(study.trials) == trials
    return seconds, f"optuna {optuna.__version__}"


def ray_seconds(trials, epochs, folder):
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune

    # On loopback alone.
    ray.init(_node_ip_address="127.0.0.1", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)

    def trainable(configuration):
        for epoch in range(epochs):
            tune.report({"loss": 1 / (epoch + 1)})

    tuner = tune.Tuner(
        trainable, param_space={"learning_rate": tune.loguniform(1e-4, 1)},
        tune_config=tune.TuneConfig(num_samples=trials, max_concurrent_trials=2),
        run_config=tune.RunConfig(storage_path=folder, verbose=0))
    begin = time.perf_counter()
    results = tuner.fit()
    seconds = time.perf_counter() - begin
    assert len(results) == trials and not results.errors
    version = f"ray {ray.__version__}"
    ray.shutdown()
    return seconds, version


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=CHOICES)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.library == "ray":
            seconds, version = ray_seconds(options.trials, options.epochs, folder)
        else:
            seconds, version = optuna_seconds(options.library, options.trials, options.epochs, folder)
    print(json.dumps({
        "library": version, "storage": options.library, "trials": options.trials, "epochs": options.epochs,
        "seconds": seconds, "trials_per_second": options.trials / seconds}))


if __name__ == "__main__":
    main()
