#!/usr/bin/env python3
"""An MLP of PyTorch on MNIST's 10,000 test images, swept by sweepd, Optuna or Ray Tune: the same trials for each.

    mnist_sweep.py trial DATA                      trials that sweepd runs (train.command), one or many (train.reuse)
    mnist_sweep.py ask DATA URL FOLDER             asks sweepd for trials until there are none (train.ask)
    mnist_sweep.py optuna DATA JOURNAL             works through the study `mnist` in that journal, until nothing waits
    mnist_sweep.py enqueue JOURNAL CONFIGURATIONS  makes that study
    mnist_sweep.py ray DATA CONFIGURATIONS FOLDER  all of it in Ray Tune, two trials at once

Every epoch that is trained is a line of JSON in the file EPOCHS: when (seconds of the clock), which trial, which epoch, its loss.
CONFIGURATIONS is a file with a list of {learning_rate, width, dropout, batch_size, seed}. One thread of PyTorch a process.
"""

import json
import os
import pathlib
import sys
import time

# Of a whole trial, and the pruner's factor: as the sweep files of bench-sweeps have them.
EPOCHS, FACTOR = 27, 3
TRAINING_ROWS = 8000
# The mark of a trial in Optuna's study that is one of the configurations.
LISTED = "listed"


def read(folder):
    """Images as rows of 784 numbers from 0 to 1, and their labels; the last 2,000 are for validation."""
    import gzip

    import numpy
    import torch

    def idx(name, offset):
        with gzip.open(pathlib.Path(folder, name)) as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=offset)
    x = torch.from_numpy(idx("mnist10k-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(numpy.float32) / 255)
    y = torch.from_numpy(idx("mnist10k-labels-idx1-ubyte.gz", 8).astype(numpy.int64))
    return x[:TRAINING_ROWS], y[:TRAINING_ROWS], x[TRAINING_ROWS:], y[TRAINING_ROWS:]


class Training:
    """A trial's model: two hidden layers of the same width, dropout behind each, Adam."""

    def __init__(self, values, data, seed):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.data, self.seed, self.batch = data, seed, values["batch_size"]
        width, dropout = values["width"], values["dropout"]
        layers = [torch.nn.Linear(784, width), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(width, width),
                  torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(width, 10)]
        self.model = torch.nn.Sequential(*layers)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=values["learning_rate"])
        self.measure = torch.nn.CrossEntropyLoss()

    def epoch(self, number, trial):
        """Trains the epoch of this number; the validation loss after it."""
        import torch

        x, y, x_validation, y_validation = self.data
        # What is drawn in an epoch is its own, whether the trial rested before it or not.
        torch.manual_seed(self.seed + number)
        self.model.train()
        for rows in torch.randperm(len(x)).split(self.batch):
            self.optimizer.zero_grad()
            self.measure(self.model(x[rows]), y[rows]).backward()
            self.optimizer.step()
        self.model.eval()
        with torch.no_grad():
            loss = self.measure(self.model(x_validation), y_validation).item()
        line = json.dumps({"at": time.time(), "trial": trial, "epoch": number, "loss": loss}) + "\n"
        with open(os.environ["EPOCHS"], "a", encoding="utf-8") as file:
            file.write(line)
        return loss

    def save(self, folder):
        import torch

        torch.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}, pathlib.Path(folder, "state.pt"))

    def load(self, folder):
        import torch

        state = torch.load(pathlib.Path(folder, "state.pt"), weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def trial(folder):
    import sweepd

    data = read(folder)

    def train():
        training = Training(sweepd.parameters, data, sweepd.seed % 2**31)
        if sweepd.start_epoch:
            training.load(sweepd.checkpoint)
        for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
            loss = training.epoch(epoch, str(sweepd.trial))
            sweepd.report(epoch, {"validation.loss": loss}, save=training.save)

    # One trial, or with train.reuse one after another.
    sweepd.run(train)


def ask(folder, url, states):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
    from sweepd.client import Client

    data = read(folder)
    for trial in Client(url).trials("mnist"):
        training = Training(trial.parameters, data, trial.seed % 2**31)
        state = pathlib.Path(states, str(trial.number))
        if trial.epoch:
            training.load(state)
        verdict = "continue"
        while verdict == "continue" and trial.epoch < trial.epochs:
            epoch = trial.epoch + 1
            verdict = trial.report({"validation.loss": training.epoch(epoch, trial.number)})
        if verdict == "pause":
            state.mkdir(exist_ok=True)
            training.save(state)


def storage(journal):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))


def enqueue(journal, configurations):
    import optuna

    study = optuna.create_study(study_name="mnist", storage=storage(journal))
    for values in json.loads(pathlib.Path(configurations).read_text()):
        study.enqueue_trial(values, user_attrs={LISTED: True})


def optuna_trials(folder, journal):
    import optuna
    from optuna.trial import TrialState

    data = read(folder)
    study = optuna.load_study(
        study_name="mnist", storage=storage(journal), sampler=optuna.samplers.RandomSampler(seed=1),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=FACTOR))

    def objective(trial):
        # Of two processes that see the last waiting trial one gets it, and the other a trial that Optuna draws: nobody asked for that.
        if LISTED not in trial.user_attrs:
            raise optuna.TrialPruned()
        values = {
            "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
            "width": trial.suggest_categorical("width", [64, 128, 256]), "dropout": trial.suggest_float("dropout", 0, 0.5),
            "batch_size": trial.suggest_categorical("batch_size", [32, 64, 128])}
        training = Training(values, data, trial.suggest_int("seed", 0, 2**31 - 1))
        for epoch in range(1, EPOCHS + 1):
            loss = training.epoch(epoch, trial.number)
            trial.report(loss, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned()
        return loss

    while study.get_trials(deepcopy=False, states=[TrialState.WAITING]):
        study.optimize(objective, n_trials=1)


def ray_trials(folder, configurations, results):
    import logging

    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    # On loopback alone.
    ray.init(_node_ip_address="127.0.0.1", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

    def trainable(given, data):
        values = given["values"]
        training = Training(values, data, values["seed"])
        for epoch in range(1, EPOCHS + 1):
            tune.report({"loss": training.epoch(epoch, values["seed"])})

    tuner = tune.Tuner(
        tune.with_parameters(trainable, data=read(folder)),
        param_space={"values": tune.grid_search(json.loads(pathlib.Path(configurations).read_text()))},
        tune_config=tune.TuneConfig(metric="loss", mode="min", max_concurrent_trials=2, scheduler=ASHAScheduler(
            time_attr="training_iteration", max_t=EPOCHS, grace_period=1, reduction_factor=FACTOR)),
        run_config=tune.RunConfig(storage_path=results, verbose=0))
    found = tuner.fit()
    if found.errors:
        raise SystemExit(f"{len(found.errors)} trials failed: {found.errors[0]}")
    ray.shutdown()


if __name__ == "__main__":
    modes = {"trial": trial, "ask": ask, "optuna": optuna_trials, "enqueue": enqueue, "ray": ray_trials}
    modes[sys.argv[1]](*sys.argv[2:])
