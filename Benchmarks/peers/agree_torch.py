#!/usr/bin/env python3
"""Compares sweepd's training with PyTorch's, step by step: same weights, rows, loss and optimizer.

    Benchmarks/peers/agree_torch.py [--only TEXT] [--kernels v3] [--self-check | --numbers]  (in the environment of set-up)

For every case `core-bench trace` writes down a run: its initial weights, the rows of each step, the loss and the
weights after each step (the format stands in Sources/core-bench/Trace.swift). The run is then repeated in float64 with
PyTorch's layers, losses and optimizers, by formula where it has none (Lion, focal loss).

How far apart may they be? Rounding alone carries a float32 run away from the float64 one, each model and optimizer at
its own pace. That pace is measured: PyTorch repeats the run in float32 too, ORDERS times with the rows of each batch in
other orders, which changes nothing but the rounding. After every step, for every parameter, with r(x) the root mean
square of x, k the steps so far and u = 2^-24:

    r(sweepd - float64)  ≤  FACTOR · max over orders of r(float32 - float64)  +  k · u · r(float64)

The last term is the rounding of the k stored results. The same holds of the losses. A limit that is no small part of the
way travelled would show nothing, so a case also fails where it exceeds TELLING of r(float64 - initial).

--self-check needs no core-bench: PyTorch's own float32 runs are written as traces, right ones, which must agree, and
ones with a mistake (a wrong constant, a missing correction), each of which must be found.

--numbers prints the table of Tests/SweepTrainingTests/OptimizerNumberTests.swift: one weight that PyTorch moves in float64.
"""

import argparse
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("BIN", ROOT / ".build/release"))
ORDERS = 4
FACTOR = 8
TELLING = 0.02
UNIT = 2.0**-24
torch.set_num_threads(1)


class Trace:
    """A run as core-bench wrote it down."""

    def __init__(self, header, arrays):
        self.train, self.input, self.outputs = header["train"], header["input"], header["outputs"]
        self.steps = header["steps"]
        self.arrays = arrays

    @classmethod
    def read(cls, path):
        data = pathlib.Path(path).read_bytes()
        line = data[: data.index(b"\n") + 1]
        header = json.loads(line)
        if header["format"] != "sweepd-trace 1":
            raise SystemExit(f"{path}: {header['format']} is not sweepd-trace 1")
        arrays, place = {}, len(line)
        for entry in header["arrays"]:
            kind = numpy.dtype({"float32": "<f4", "int32": "<i4"}[entry["type"]])
            count = math.prod(entry["shape"])
            arrays[entry["name"]] = numpy.frombuffer(data, kind, count, place).reshape(entry["shape"])
            place += count * kind.itemsize
        if place != len(data):
            raise SystemExit(f"{path}: {len(data)} bytes, its header tells of {place}")
        return cls(header, arrays)

    def below(self, prefix):
        """The arrays whose names begin with prefix, in the file's order."""
        return [array for name, array in self.arrays.items() if name.startswith(prefix)]

    def initial(self):
        return self.below("initial/")

    def parameters(self, step):
        return self.below(f"step/{step}/parameters/")


def named(value):
    """A word, or a map of one key with its settings, as (kind, settings)."""
    if isinstance(value, str):
        return value, {}
    ((kind, settings),) = value.items()
    return kind, settings


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def activate(kind, settings, x):
    functional = torch.nn.functional
    return {
        "relu": torch.relu,
        "leaky_relu": lambda x: functional.leaky_relu(x, settings.get("slope", 0.01)),
        "elu": lambda x: functional.elu(x, settings.get("alpha", 1.0)),
        "selu": functional.selu,
        "gelu": functional.gelu,
        "silu": functional.silu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
        "linear": lambda x: x,
    }[kind](x)


class Network:
    """A model of a sweep file over parameters in sweepd's order and layout; images have their channels last."""

    def __init__(self, train, shape, outputs):
        kind, settings = named(train["model"])
        loss = named(train.get("loss", "none"))[0]
        self.heads = 1 if loss == "binary_cross_entropy" else outputs
        if kind == "linear":
            self.layers = []
        elif kind == "mlp":
            extra = [settings.get("activation", "relu")]
            if settings.get("norm", "none") != "none":
                extra.insert(0, f"{settings['norm']}_norm")
            if settings.get("dropout"):
                extra.append({"dropout": settings["dropout"]})
            self.layers = [layer for width in settings["widths"] for layer in [{"dense": width}, *extra]]
        elif kind == "layers":
            self.layers = settings
        else:
            raise SystemExit(f"agree_torch: no model {kind} here")
        # What each parameter is for, in order, as a run finds out.
        self.roles = None
        self.shape = tuple(shape)

    def forward(self, parameters, x, factors=()):
        self.given, self.factors, self.updated = iter(parameters), iter(factors), {}
        self.place, self.roles = 0, []
        x = x.reshape(len(x), *self.shape)
        return self.dense(self.stack(self.layers, x), True)

    def take(self, role):
        self.roles.append(role)
        self.place += 1
        return next(self.given)

    def stack(self, layers, x):
        for layer in layers:
            x = self.layer(*named(layer), x)
        return x

    def dense(self, x, bias):
        x = x.flatten(1)
        y = x @ self.take("weights")
        return y + self.take("bias") if bias else y

    def convolve(self, x, kernel, stride, padding, bias):
        weights = self.take("weights")
        weights = weights.reshape(*kernel, x.shape[3], -1).permute(3, 2, 0, 1)
        edges = []
        for side, size, step in reversed(list(zip(x.shape[1:3], kernel, stride))):
            if padding == "same":
                total = max((-(-side // step) - 1) * step + size - side, 0)
                edges += [total // 2, total - total // 2]
            else:
                edges += [0, 0] if padding == "valid" else [padding, padding]
        x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), edges)
        y = torch.nn.functional.conv2d(x, weights, stride=stride).permute(0, 2, 3, 1)
        return y + self.take("bias") if bias else y

    def layer(self, kind, settings, x):
        functional = torch.nn.functional
        if kind == "dense":
            return self.dense(x, True if isinstance(settings, int) else settings.get("bias", True))
        if kind == "conv":
            return self.convolve(
                x, pair(settings.get("kernel", 3)), pair(settings.get("stride", 1)), settings.get("padding", "same"),
                settings.get("bias", True))
        if kind in ("max_pool", "average_pool"):
            size = pair(settings.get("size", 2))
            pool = functional.max_pool2d if kind == "max_pool" else functional.avg_pool2d
            y = pool(x.permute(0, 3, 1, 2), size, pair(settings.get("stride", size)))
            return y.permute(0, 2, 3, 1)
        if kind == "global_average_pool":
            return x.mean((1, 2))
        if kind == "flatten":
            return x.flatten(1)
        if kind == "batch_norm":
            gain, shift = self.take("gain"), self.take("shift")
            place = self.place
            mean, variance = self.take("running").clone(), self.take("running").clone()
            flat = x.reshape(-1, x.shape[-1])
            y = functional.batch_norm(
                flat, mean, variance, gain, shift, True, settings.get("momentum", 0.1), settings.get("epsilon", 1e-5))
            self.updated[place], self.updated[place + 1] = mean, variance
            return y.reshape(x.shape)
        if kind == "layer_norm":
            # Over all numbers of a row, an image's too.
            shape = x.shape[1:]
            gain, shift = self.take("gain").reshape(shape), self.take("shift").reshape(shape)
            return functional.layer_norm(x, shape, gain, shift, settings.get("epsilon", 1e-5))
        if kind == "dropout":
            return x * next(self.factors).reshape(x.shape)
        if kind == "residual":
            y = self.stack(settings, x)
            if x.shape == y.shape:
                return x + y
            if x.dim() == 2:
                return self.dense(x, False) + y
            stride = [-(-a // b) for a, b in zip(x.shape[1:3], y.shape[1:3])]
            return self.convolve(x, (1, 1), stride, "valid", False) + y
        return activate(kind, settings, x)


def row_losses(loss, outputs, targets, classes):
    """What the mean over the batch's rows is taken of."""
    functional = torch.nn.functional
    kind, settings = named(loss)
    if kind in ("softmax_cross_entropy", "focal"):
        smoothing, gamma = settings.get("label_smoothing", 0.0), settings.get("gamma", 2.0 if kind == "focal" else 0.0)
        if gamma:
            chosen = functional.log_softmax(outputs, 1).gather(1, targets[:, None])[:, 0]
            values = -((1 - chosen.exp()) ** gamma) * chosen
        else:
            values = functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)
    elif kind == "binary_cross_entropy":
        smoothing, gamma = settings.get("label_smoothing", 0.0), settings.get("gamma", 0.0)
        aims = targets[:, None].to(outputs.dtype) * (1 - smoothing) + smoothing / 2
        values = functional.binary_cross_entropy_with_logits(outputs, aims, reduction="none")
        if gamma:
            values = values * (1 - torch.exp(-values)) ** gamma
        values = values.mean(1)
    else:
        if targets.dtype == torch.int64:
            targets = functional.one_hot(targets, classes).to(outputs.dtype)
        targets = targets.reshape(outputs.shape)
        if kind == "mean_squared_error":
            values = (outputs - targets) ** 2
        elif kind == "mean_absolute_error":
            values = (outputs - targets).abs()
        elif kind == "huber":
            values = functional.huber_loss(outputs, targets, reduction="none", delta=settings.get("delta", 1.0))
        else:
            raise SystemExit(f"agree_torch: no loss {kind} here")
        values = values.mean(1)
    weights = settings.get("class_weights", "none")
    if weights != "none":
        if weights == "balanced":
            raise SystemExit("agree_torch: balanced weights are of the whole data; list them")
        values = values * torch.tensor(weights, dtype=outputs.dtype)[targets]
    return values


class Lion(torch.optim.Optimizer):
    """Source: Chen et al., NeurIPS 2023, algorithm 2."""

    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), rate = group["betas"], group["lr"]
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                direction = torch.sign(beta1 * m + (1 - beta1) * w.grad)
                w.sub_(rate * (direction + group["weight_decay"] * w))
                m.mul_(beta2).add_((1 - beta2) * w.grad)


def optimizer(spec, weights, rest):
    """PyTorch's optimizer of a sweep file's words; decay is of weights only."""
    kind, settings = named(spec)
    rate, decay = settings["learning_rate"], settings.get("weight_decay", 0.01 if kind == "adamw" else 0.0)
    betas = (settings.get("beta1", 0.9), settings.get("beta2", 0.99 if kind == "lion" else 0.999))
    epsilon = settings.get("epsilon", 1e-10 if kind == "adagrad" else 1e-8)
    groups = [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if kind == "lion":
        return Lion(groups, rate, betas)
    if decay and kind not in ("adam", "adamw", "nadam"):
        raise SystemExit(f"agree_torch: {kind} with decoupled decay is not PyTorch's")
    if kind == "sgd":
        return torch.optim.SGD(
            groups, rate, settings.get("momentum", 0.0), settings.get("dampening", 0.0),
            nesterov=settings.get("nesterov", False))
    if kind in ("adam", "adamw"):
        # Adam with decoupled decay is AdamW.
        return torch.optim.AdamW(groups, rate, betas, epsilon, amsgrad=settings.get("amsgrad", False), foreach=False)
    if kind == "nadam":
        return torch.optim.NAdam(
            groups, rate, betas, epsilon, momentum_decay=settings.get("momentum_decay", 0.004), decoupled_weight_decay=True,
            foreach=False)
    if kind == "rmsprop":
        return torch.optim.RMSprop(
            groups, rate, settings.get("alpha", 0.99), epsilon, momentum=settings.get("momentum", 0.0),
            centered=settings.get("centered", False), foreach=False)
    if kind == "adagrad":
        return torch.optim.Adagrad(
            groups, rate, settings.get("learning_rate_decay", 0.0), eps=epsilon,
            initial_accumulator_value=settings.get("initial_accumulator", 0.0), foreach=False)
    raise SystemExit(f"agree_torch: no optimizer {kind} here")


def repeat(trace, precision, order=None, train=None):
    """The run of a trace by PyTorch: the loss of each step and the parameters after it.

    `order` seeds the order of each batch's rows; `train` replaces what is trained (for mistakes on purpose).
    """
    train = train or trace.train
    known = {"model", "optimizer", "loss", "batch_size", "epochs", "l1", "l2", "initializer"}
    if set(train) - known:
        raise SystemExit(f"agree_torch: {sorted(set(train) - known)} are not known here")
    net = Network(train, trace.input, trace.outputs)
    parameters = [torch.tensor(array, dtype=precision) for array in trace.initial()]
    classification = trace.arrays["step/0/targets"].dtype == numpy.int32
    loss = train.get("loss", "softmax_cross_entropy" if classification else "mean_squared_error")
    chooser = numpy.random.default_rng(order)
    rule, losses, after = None, [], []
    for step in range(trace.steps):
        features = trace.arrays[f"step/{step}/features"]
        rows = numpy.arange(len(features)) if order is None else chooser.permutation(len(features))
        x = torch.tensor(features[rows], dtype=precision)
        targets = torch.tensor(trace.arrays[f"step/{step}/targets"][rows])
        targets = targets.long() if classification else targets.to(precision)
        factors = [torch.tensor(array.reshape(len(rows), -1)[rows], dtype=precision)
                   for array in trace.below(f"step/{step}/factors/")]
        if rule is None:
            # Once without an optimizer, to learn what each parameter is for.
            with torch.no_grad():
                net.forward(parameters, x, factors)
            if len(net.roles) != len(parameters):
                raise SystemExit(f"agree_torch: {len(parameters)} parameters written, the model has {net.roles}")
            trained = [w.requires_grad_() for w, role in zip(parameters, net.roles) if role != "running"]
            weights = [w for w, role in zip(parameters, net.roles) if role == "weights"]
            rest = [w for w in trained if not any(w is other for other in weights)]
            rule = optimizer(train["optimizer"], weights, rest)
        rule.zero_grad()
        value = row_losses(loss, net.forward(parameters, x, factors), targets, trace.outputs).mean()
        value.backward()
        with torch.no_grad():
            for w in weights:
                w.grad += train.get("l2", 0.0) * w + train.get("l1", 0.0) * torch.sign(w)
            rule.step()
            for place, running in net.updated.items():
                parameters[place].copy_(running)
        losses.append(value.item())
        after.append([w.detach().to(torch.float64).numpy().copy() for w in parameters])
    return losses, after


def size(array):
    return float(numpy.sqrt(numpy.mean(numpy.square(numpy.asarray(array, numpy.float64)))))


def compare(trace):
    """How far a trace is from float64 (as parts of the way travelled) and of the limit: (ours, torch's, share, said)."""
    exact_losses, exact = repeat(trace, torch.float64)
    rounded = [repeat(trace, torch.float32, order) for order in range(ORDERS)]
    initial = [array.astype(numpy.float64) for array in trace.initial()]
    share, worst, loosest = 0.0, "", 0.0
    ours = theirs = 0.0
    names = [name.removeprefix("initial/") for name in trace.arrays if name.startswith("initial/")]
    for step in range(trace.steps):
        written = float(trace.arrays[f"step/{step}/loss"])
        spread = max(abs(losses[step] - exact_losses[step]) for losses, _ in rounded)
        limit = FACTOR * spread + (step + 1) * UNIT * max(abs(exact_losses[step]), 1)
        part = abs(written - exact_losses[step]) / limit if math.isfinite(written) else math.inf
        if part > share:
            share, worst = part, f"the loss of step {step}: {written:.7g}, float64 {exact_losses[step]:.7g}"
        for place, (name, array) in enumerate(zip(names, trace.parameters(step), strict=True)):
            reference = exact[step][place]
            distance = size(array.reshape(reference.shape) - reference)
            spread = max(size(after[step][place] - reference) for _, after in rounded)
            limit = FACTOR * spread + (step + 1) * UNIT * size(reference)
            travel = size(reference - initial[place].reshape(reference.shape))
            part = distance / limit if limit else math.inf if distance else 0.0
            part = part if math.isfinite(distance) else math.inf
            if part > share:
                share, worst = part, f"{name} after step {step}: {distance:.2g} away, the limit is {limit:.2g}"
            # A bias that nothing moves travels nowhere and shows nothing either way.
            if travel > 1e-9 and step == trace.steps - 1:
                loosest = max(loosest, limit / travel)
                ours, theirs = max(ours, distance / travel), max(theirs, spread / travel)
    said = worst if share > 1 else ""
    if loosest > TELLING:
        said = said or f"the limit is {loosest:.2g} of the way travelled: this case shows nothing"
    return ours, theirs, share, said


ADAM = {"adam": {"learning_rate": 0.003}}
PERCEPTRON = {"mlp": {"widths": [24, 16], "activation": "tanh"}}


def case(name, optimizer=None, model=None, loss=None, shape="20", outputs=5, steps=20, batch=16, **more):
    train = {"model": model or PERCEPTRON, "optimizer": optimizer or ADAM, "batch_size": batch, "epochs": 100, **more}
    if loss:
        train["loss"] = loss
    return name, train, shape, outputs, steps


def cases():
    """Every optimizer, loss, activation and layer."""
    rate = {"learning_rate": 0.01}
    for name, settings in {
        "sgd": {}, "sgd momentum": {"momentum": 0.9}, "sgd Nesterov": {"momentum": 0.9, "nesterov": True},
        "sgd dampening": {"momentum": 0.9, "dampening": 0.3}, "sgd dampening without momentum": {"dampening": 0.3},
        "adam": {}, "adam amsgrad": {"amsgrad": True}, "adam large epsilon": {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.01},
        "adamw": {"weight_decay": 0.1}, "rmsprop": {"alpha": 0.9}, "rmsprop momentum": {"momentum": 0.8},
        "rmsprop centered": {"centered": True}, "adagrad": {}, "adagrad falling rate": {"learning_rate_decay": 0.1},
        "adagrad initial accumulator": {"initial_accumulator": 0.01}, "nadam": {}, "nadam decay": {"weight_decay": 0.1},
        "nadam momentum decay": {"momentum_decay": 0.5},
        "lion": {}, "lion decay": {"weight_decay": 0.1},
    }.items():
        kind = name.split()[0]
        step = {"learning_rate": 0.001} if kind in ("lion", "rmsprop") else rate
        yield case(f"optimizer {name}", {kind: {**step, **settings}})
    yield case("penalty l2", l2=0.01)
    yield case("penalty l1", l1=0.001)
    yield case("penalty l2 with dampening", {"sgd": {"momentum": 0.9, "dampening": 0.5, **rate}}, l2=0.01)
    for name, loss, outputs in (
        ("cross-entropy", "softmax_cross_entropy", 5),
        ("cross-entropy smoothed", {"softmax_cross_entropy": {"label_smoothing": 0.1}}, 5),
        ("cross-entropy class weights", {"softmax_cross_entropy": {"class_weights": [0.5, 1, 2, 3, 0.25]}}, 5),
        ("focal", {"focal": {"gamma": 2}}, 5),
        ("binary cross-entropy", "binary_cross_entropy", 2),
        ("binary cross-entropy smoothed", {"binary_cross_entropy": {"label_smoothing": 0.1}}, 2),
        ("binary cross-entropy class weights", {"binary_cross_entropy": {"class_weights": [0.5, 2]}}, 2),
        ("squared error", "mean_squared_error", 1),
        ("absolute error", "mean_absolute_error", 1),
        ("Huber", {"huber": {"delta": 0.7}}, 1),
    ):
        yield case(f"loss {name}", loss=loss, outputs=outputs)
    for activation in (
        "relu", {"leaky_relu": {"slope": 0.1}}, {"elu": {"alpha": 0.8}}, "selu", "gelu", "silu", "tanh", "sigmoid",
        "softplus", "linear",
    ):
        yield case(f"activation {named(activation)[0]}", model={"mlp": {"widths": [24, 16], "activation": activation}})
    conv = {"conv": {"channels": 6, "kernel": 3, "padding": "valid"}}
    # A bias before a batch norm has no gradient but rounding, which Adam blows up to steps of its full rate: such a case
    # would show nothing.
    unbiased = {"conv": {"channels": 6, "kernel": 3, "padding": "valid", "bias": False}}
    for name, layers in {
        "linear": [],
        "dense without bias": ["flatten", {"dense": {"units": 12, "bias": False}}, "tanh"],
        "conv valid": [conv, "relu", "flatten"],
        "conv same": [{"conv": {"channels": 6, "kernel": 3}}, "tanh", "flatten"],
        "conv stride": [{"conv": {"channels": 6, "kernel": 3, "stride": 2}}, "tanh", "flatten"],
        "conv kernel 5 × 2": [{"conv": {"channels": 5, "kernel": [5, 2], "padding": 1}}, "tanh", "flatten"],
        "two convs": [conv, "relu", {"conv": {"channels": 17, "kernel": 3}}, "relu", "flatten"],
        "max pool": [conv, "relu", {"max_pool": {"size": 2}}, "flatten"],
        "max pool stride": [conv, "relu", {"max_pool": {"size": 3, "stride": 2}}, "flatten"],
        "average pool": [conv, "relu", {"average_pool": {"size": 2}}, "flatten"],
        "global average pool": [conv, "relu", "global_average_pool"],
        "conv batch norm": [unbiased, "batch_norm", "relu", "flatten"],
        "conv layer norm": [conv, "layer_norm", "relu", "flatten"],
        "residual conv": [conv, {"residual": [{"conv": {"channels": 6}}, "relu", {"conv": {"channels": 6}}]}, "relu",
                          "flatten"],
        "residual with shortcut": [conv, {"residual": [{"conv": {"channels": 8, "stride": 2, "bias": False}},
                                                        "batch_norm"]}, "relu", "flatten"],
        "documents' network": [{"conv": {"channels": 32, "padding": "valid"}}, "relu", "max_pool", "flatten"],
    }.items():
        yield case(f"layers {name}", model={"layers": layers} if layers else "linear", shape="10x9x1", steps=12)
    for name, layers in {
        "batch norm": [{"dense": {"units": 24, "bias": False}}, "batch_norm", "tanh"],
        "layer norm": [{"dense": 24}, "layer_norm", "tanh"],
        "dropout": [{"dense": 24}, "relu", {"dropout": 0.3}, {"dense": 16}, "relu", {"dropout": 0.2}],
        "residual dense": [{"dense": 24}, "tanh", {"residual": [{"dense": 24}, "tanh"]}],
        "residual dense with shortcut": [{"dense": 24}, "tanh", {"residual": [{"dense": 18}, "tanh"]}],
    }.items():
        yield case(f"layers {name}", model={"layers": layers})
    # By gradient descent the bias stays where it is.
    yield case("layers batch norm after a bias", {"sgd": {"learning_rate": 0.01, "momentum": 0.9}},
               {"mlp": {"widths": [24, 16], "activation": "relu", "norm": "batch"}})
    yield case("layers layer norm in a perceptron", None, {"mlp": {"widths": [24], "norm": "layer", "dropout": 0.2}})


def written(train, shape, outputs, steps, kernels, path):
    """Lets core-bench write a trace; what it says if it does not."""
    words = [BIN / "core-bench", "trace", "--train", json.dumps(train), "--input", shape, "--outputs", outputs, "--rows",
             64, "--steps", steps, "--seed", 7, "--out", path]
    words += ["--kernels", kernels] if kernels else []
    done = subprocess.run([str(word) for word in words], stderr=subprocess.PIPE, text=True)
    return None if done.returncode == 0 else (done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]


def made(train, shape, outputs, steps, mistake=None):
    """A trace of PyTorch's own float32 run, with a mistake if one is named."""
    sides = [int(side) for side in shape.split("x")]
    sides = sides if len(sides) == 3 else [math.prod(sides)]
    random = numpy.random.default_rng(5)
    net = Network(train, sides, outputs)
    batch, arrays = train["batch_size"], {}
    loss = named(train.get("loss", "softmax_cross_entropy"))[0]
    classes = loss in ("softmax_cross_entropy", "binary_cross_entropy", "focal")
    probe = Shapes(net, random)
    for step in range(steps):
        arrays[f"step/{step}/features"] = random.standard_normal((batch, math.prod(sides)), dtype=numpy.float32)
        arrays[f"step/{step}/targets"] = (
            random.integers(0, outputs, batch).astype(numpy.int32) if classes
            else random.standard_normal(batch, dtype=numpy.float32))
    probe.forward([], torch.zeros((2, math.prod(sides))), itertools.repeat(torch.tensor(1.0)))
    initial = {f"initial/{place}.{role}": array for place, (role, array) in enumerate(zip(probe.roles, probe.made))}
    for step, rates in itertools.product(range(steps), enumerate(probe.drops)):
        place, (units, rate) = rates
        kept = random.random((batch, units)) >= rate
        arrays[f"step/{step}/factors/{place}"] = (kept / (1 - rate)).astype(numpy.float32)
    trace = Trace({"train": train, "input": sides, "outputs": outputs, "steps": steps}, {**initial, **arrays})
    losses, after = repeat(trace, torch.float32, 99, mistake(json.loads(json.dumps(train))) if mistake else None)
    for step in range(steps):
        trace.arrays[f"step/{step}/loss"] = numpy.float32(losses[step])
        for name, array in zip(initial, after[step]):
            trace.arrays[f"step/{step}/parameters/{name.removeprefix('initial/')}"] = array.astype(numpy.float32)
    return trace


class Shapes(Network):
    """A network that makes its parameters up as they are asked for."""

    def __init__(self, net, random):
        self.__dict__.update(net.__dict__)
        self.random, self.made, self.drops = random, [], []

    def layer(self, kind, settings, x):
        self.width = x[0].numel() if kind == "layer_norm" else x.shape[-1]
        if kind == "dense":
            self.wanted = (x[0].numel(), settings if isinstance(settings, int) else settings["units"])
        elif kind == "conv":
            kernel = pair(settings.get("kernel", 3))
            self.wanted = (kernel[0] * kernel[1], x.shape[3], settings["channels"])
        elif kind == "dropout":
            self.drops.append((x[0].numel(), settings))
            return x
        elif kind == "residual":
            y = self.stack(settings, x)
            self.wanted = (x.shape[-1], y.shape[-1]) if x.dim() == 2 else (1, x.shape[-1], y.shape[-1])
            if x.shape == y.shape:
                return x + y
            if x.dim() == 2:
                return self.dense(x, False) + y
            stride = [-(-a // b) for a, b in zip(x.shape[1:3], y.shape[1:3])]
            return self.convolve(x, (1, 1), stride, "valid", False) + y
        return super().layer(kind, settings, x)

    def forward(self, parameters, x, factors=()):
        self.updated, self.place, self.roles = {}, 0, []
        x = self.stack(self.layers, x.reshape(len(x), *self.shape))
        self.wanted = (x[0].numel(), self.heads)
        return self.dense(x, True)

    def take(self, role):
        self.roles.append(role)
        self.place += 1
        if role == "weights":
            array = self.random.standard_normal(self.wanted) / math.sqrt(math.prod(self.wanted[:-1]))
            self.width = self.wanted[-1]
        elif role == "bias":
            array = numpy.zeros(self.wanted[-1])
        else:
            # Gains and running variances begin at 1, shifts and running means at 0.
            ones = role == "gain" or (role == "running" and self.roles[-2:] == ["running", "running"])
            array = (numpy.ones if ones else numpy.zeros)(self.width)
        self.made.append(array.astype(numpy.float32))
        return torch.tensor(self.made[-1])


def changed(*path, by):
    """A mistake: the value at a path of `train` is replaced."""
    def mistake(train):
        place = train
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = by
        return train
    return mistake


def self_check(only):
    """Right traces must agree, wrong ones must not."""
    good = True
    everything = {name: (train, shape, outputs, steps) for name, train, shape, outputs, steps in cases()}
    for name, arguments in everything.items():
        if only in name:
            _, _, share, said = compare(made(*arguments))
            good = good and not said
            print(f"{name}: {share:.2f} of the limit {said}".rstrip())
    for name, mistake, text in (
        ("optimizer sgd momentum", changed("optimizer", "sgd", "momentum", by=0.9001), "momentum 0.9001"),
        ("optimizer sgd Nesterov", changed("optimizer", "sgd", "nesterov", by=False), "no Nesterov"),
        ("optimizer sgd dampening", changed("optimizer", "sgd", "dampening", by=0.3001), "dampening 0.3001"),
        ("optimizer adagrad falling rate", changed("optimizer", "adagrad", "learning_rate_decay", by=0.1001),
         "learning_rate_decay 0.1001"),
        ("optimizer adagrad initial accumulator", changed("optimizer", "adagrad", "initial_accumulator", by=0.01001),
         "initial_accumulator 0.01001"),
        ("optimizer nadam momentum decay", changed("optimizer", "nadam", "momentum_decay", by=0.51), "momentum_decay 0.51"),
        ("optimizer adam", changed("optimizer", by={"adam": {"learning_rate": 0.010001}}), "a rate 1.0001 times as large"),
        ("optimizer adam", changed("optimizer", by={"nadam": {"learning_rate": 0.01}}), "NAdam instead"),
        ("optimizer adam large epsilon", changed("optimizer", "adam", "epsilon", by=0.010002), "epsilon 0.010002"),
        ("optimizer adamw", changed("optimizer", "adamw", "weight_decay", by=0.0999), "decay 0.0999"),
        ("optimizer rmsprop centered", changed("optimizer", "rmsprop", "centered", by=False), "not centered"),
        ("optimizer lion", changed("optimizer", "lion", "beta2", by=0.98), "beta2 0.98"),
        ("penalty l2", changed("l2", by=0.00999), "l2 0.00999"),
        ("loss cross-entropy smoothed", changed("loss", by="softmax_cross_entropy"), "no smoothing"),
        ("loss focal", changed("loss", "focal", "gamma", by=2.001), "gamma 2.001"),
        ("loss Huber", changed("loss", "huber", "delta", by=0.7001), "delta 0.7001"),
        ("activation gelu", changed("model", "mlp", "activation", by="silu"), "silu instead"),
        ("layers max pool", changed("model", "layers", 2, by={"average_pool": {"size": 2}}), "average pool instead"),
        ("layers batch norm", changed("model", "layers", 1, by={"batch_norm": {"epsilon": 2e-5}}), "epsilon 2e-5"),
        ("layers layer norm", changed("model", "layers", 1, by={"layer_norm": {"epsilon": 2e-5}}), "epsilon 2e-5"),
    ):
        if only in name:
            _, _, share, said = compare(made(*everything[name], mistake=mistake))
            good = good and bool(said)
            print(f"{name}, {text}: {'found' if said else 'NOT FOUND'}, {share:.3g} times the limit")
    return good


def numbers():
    """A weight that begins at 1/2 and its gradients, and where PyTorch has it after each of them."""
    gradients = [0.5, -1.25, 0.75, 2.0, -0.5, 0.125]
    # NAdam keeps the product of its momenta in this type, whatever the weight's.
    torch.set_default_dtype(torch.float64)
    print(f"gradients: {gradients}")
    for words in (
        {"sgd": {"momentum": 0.75}}, {"sgd": {"momentum": 0.75, "nesterov": True}},
        {"sgd": {"momentum": 0.75, "dampening": 0.25}}, {"sgd": {"dampening": 0.25}}, {"adam": {}},
        {"adam": {"beta2": 0.25, "amsgrad": True}},
        {"rmsprop": {"alpha": 0.75}}, {"rmsprop": {"alpha": 0.75, "momentum": 0.5, "centered": True}}, {"adagrad": {}},
        {"adagrad": {"learning_rate_decay": 0.25}}, {"adagrad": {"initial_accumulator": 0.5}}, {"nadam": {}},
        {"nadam": {"momentum_decay": 0.5}},
    ):
        kind, settings = named(words)
        weight = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
        rule = optimizer({kind: {"learning_rate": 0.125, **settings}}, [weight], [])
        places = []
        for gradient in gradients:
            weight.grad = torch.tensor([gradient], dtype=torch.float64)
            rule.step()
            places.append(weight.item())
        print(f"{json.dumps(words)}: {places}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--kernels", help="the kernel table")
    parser.add_argument("--self-check", action="store_true")
    parser.add_argument("--numbers", action="store_true")
    options = parser.parse_args()
    if options.numbers:
        return numbers()
    if options.self_check:
        sys.exit(0 if self_check(options.only) else 1)
    print(f"Against PyTorch {torch.__version__} in float64; distances as parts of the way travelled, worst parameter.\n")
    print("| case | steps | sweepd | PyTorch float32 | of the limit | |\n| --- | --- | --- | --- | --- | --- |")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        for name, train, shape, outputs, steps in cases():
            if options.only not in name:
                continue
            refusal = written(train, shape, outputs, steps, options.kernels, path)
            if refusal:
                print(f"| {name} | | | | | not run: {refusal} |")
                good = False
                continue
            ours, theirs, share, said = compare(Trace.read(path))
            print(f"| {name} | {steps} | {ours:.1e} | {theirs:.1e} | {share:.2f} | {said or 'agrees'} |", flush=True)
            good = good and not said
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
