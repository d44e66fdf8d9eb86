"""Trains a model with JAX on one thread; `peer.py` says how it is measured.

Modes: step (one jitted call a step), scan (one jitted call of 50 steps over batches that lie on the device), patches
(as scan, but each convolution is written as a product of its patches: the compiler's own convolution is slow on
processors).
"""

import peer

import jax
import jax.numpy as jnp


def forward(model, parameters, x, patches):
    if model.image:
        x = x.reshape(-1, *model.image)
    for place, (layer, shape, last) in enumerate(model.shapes()):
        if layer[0] == "pool":
            size = layer[1]
            rows, columns = x.shape[1] // size, x.shape[2] // size
            x = x[:, : rows * size, : columns * size]
            x = x.reshape(-1, rows, size, columns, size, x.shape[3]).max((2, 4))
            continue
        weights, bias = parameters[place]
        if layer[0] == "dense":
            x = x.reshape(len(x), -1) @ weights + bias
        elif patches:
            _, filters, kernel, stride, padded = layer
            if padded:
                edge = kernel // 2
                x = jnp.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
            rows, columns = ((side - kernel) // stride + 1 for side in x.shape[1:3])
            parts = [
                x[:, i : i + (rows - 1) * stride + 1 : stride, j : j + (columns - 1) * stride + 1 : stride]
                for i in range(kernel)
                for j in range(kernel)
            ]
            x = jnp.concatenate(parts, 3) @ weights.reshape(-1, filters) + bias
        else:
            _, filters, kernel, stride, padded = layer
            x = jax.lax.conv_general_dilated(
                x, weights, (stride, stride), "SAME" if padded else "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            ) + bias
        if not last:
            x = jax.nn.relu(x)
    return x


def prepare(model, batch, x, y, mode):
    def loss(parameters, inputs, targets):
        outputs = forward(model, parameters, inputs, mode == "patches")
        if model.regression:
            return jnp.mean((outputs[:, 0] - targets) ** 2)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], 1)
        return -jnp.mean(chosen)

    def step(state, inputs, targets):
        parameters, first, second, count = state
        gradient = jax.grad(loss)(parameters, inputs, targets)
        count = count + 1
        first = jax.tree.map(lambda m, g: peer.BETA1 * m + (1 - peer.BETA1) * g, first, gradient)
        second = jax.tree.map(lambda v, g: peer.BETA2 * v + (1 - peer.BETA2) * g * g, second, gradient)
        correction1 = 1 - peer.BETA1 ** count
        correction2 = 1 - peer.BETA2 ** count
        parameters = jax.tree.map(
            lambda w, m, v: w
            - peer.LEARNING_RATE * (m / correction1) / (jnp.sqrt(v / correction2) + peer.EPSILON),
            parameters, first, second,
        )
        return parameters, first, second, count

    parameters = [None if pair is None else tuple(map(jnp.asarray, pair)) for pair in peer.initial(model)]
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))
    one = jax.jit(step, donate_argnums=0)

    def scanned(state, inputs, targets):
        return jax.lax.scan(lambda state, batch: (step(state, *batch), None), state, (inputs, targets))[0]

    scanned = jax.jit(scanned, donate_argnums=0)
    count = len(x) // batch
    x, y = x.reshape(count, batch, -1), y.reshape(count, batch)
    if y.dtype == "int64":
        y = y.astype("int32")
    if mode == "step":
        pieces = [(jnp.asarray(x[i]), jnp.asarray(y[i])) for i in range(count)]
        steps = 10
    else:
        if count < peer.SCAN:
            raise SystemExit(f"a scan takes {peer.SCAN} batches, and there are {count}")
        pieces = [
            (jnp.asarray(x[i : i + peer.SCAN]), jnp.asarray(y[i : i + peer.SCAN]))
            for i in range(0, count - peer.SCAN + 1, peer.SCAN)
        ]
        steps = peer.SCAN
    place = 0

    def first():
        nonlocal state
        state = jax.block_until_ready(one(state, jnp.asarray(x[0]), jnp.asarray(y[0])))

    def block():
        nonlocal state, place
        for _ in range(10 if mode == "step" else 1):
            inputs, targets = pieces[place]
            place = (place + 1) % len(pieces)
            state = (one if mode == "step" else scanned)(state, inputs, targets)
        jax.block_until_ready(state)
        return steps

    return first, block


if __name__ == "__main__":
    peer.main(["scan", "step", "patches"], prepare, lambda: f"jax {jax.__version__}")
