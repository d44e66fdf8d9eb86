"""Trains a model with TensorFlow and Keras on one thread; `peer.py` says how it is measured.

Modes: function (a tf.function step with Keras's Adam), raw (the same with TensorFlow's own fused Adam operation, which
Keras no longer uses), jit (function with jit_compile), fit (Keras's fit with its defaults), fit50 (fit with 50 steps an
execution and jit_compile).
"""

import peer

import tensorflow as tf
import keras

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def network(model):
    layers = [keras.Input(model.image or (model.inputs,))]
    for layer, shape, last in model.shapes():
        activation = None if last else "relu"
        if layer[0] == "pool":
            layers.append(keras.layers.MaxPooling2D(layer[1]))
        elif layer[0] == "conv":
            _, filters, kernel, stride, padded = layer
            padding = "same" if padded else "valid"
            layers.append(keras.layers.Conv2D(filters, kernel, stride, padding, activation=activation))
        else:
            if model.image and not any(isinstance(part, keras.layers.Flatten) for part in layers):
                layers.append(keras.layers.Flatten())
            layers.append(keras.layers.Dense(layer[1], activation=activation))
    net = keras.Sequential(layers)
    arrays = [array for pair in peer.initial(model) if pair is not None for array in pair]
    net.set_weights(arrays)
    return net


def prepare(model, batch, x, y, mode):
    if model.image:
        x = x.reshape(-1, *model.image)
    if model.regression:
        y = y[:, None]
    net = network(model)
    optimizer = keras.optimizers.Adam(peer.LEARNING_RATE, peer.BETA1, peer.BETA2, peer.EPSILON)
    loss_of = (
        keras.losses.MeanSquaredError()
        if model.regression
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    if mode in ("fit", "fit50"):
        settings = {"steps_per_execution": peer.SCAN, "jit_compile": True} if mode == "fit50" else {}
        net.compile(optimizer, loss_of, **settings)

        def fit(count):
            net.fit(x[: count * batch], y[: count * batch], batch, epochs=1, shuffle=False, verbose=0)
            return count

        return lambda: fit(1), lambda: fit(len(x) // batch // peer.SCAN * peer.SCAN)

    variables = net.trainable_variables
    if mode == "raw":
        weights = [tf.Variable(variable.value) for variable in variables]
        first = [tf.Variable(tf.zeros_like(w)) for w in weights]
        second = [tf.Variable(tf.zeros_like(w)) for w in weights]
        powers = tf.Variable(1.0), tf.Variable(1.0)

        def outputs_of(inputs):
            values, place = inputs, 0
            for layer, shape, last in model.shapes():
                if layer[0] == "pool":
                    values = tf.nn.max_pool2d(values, layer[1], layer[1], "VALID")
                    continue
                w, b = weights[place], weights[place + 1]
                place += 2
                if layer[0] == "conv":
                    values = tf.nn.conv2d(values, w, layer[3], "SAME" if layer[4] else "VALID")
                else:
                    values = tf.reshape(values, (batch, shape[0])) @ w
                values = tf.nn.bias_add(values, b)
                if not last:
                    values = tf.nn.relu(values)
            return values

        def step(inputs, targets):
            with tf.GradientTape() as tape:
                outputs = outputs_of(inputs)
                if model.regression:
                    loss = tf.reduce_mean((outputs - targets) ** 2)
                else:
                    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs))
            gradients = tape.gradient(loss, weights)
            powers[0].assign(powers[0] * peer.BETA1)
            powers[1].assign(powers[1] * peer.BETA2)
            for w, m, v, gradient in zip(weights, first, second, gradients):
                tf.raw_ops.ResourceApplyAdam(
                    var=w.handle, m=m.handle, v=v.handle, beta1_power=powers[0], beta2_power=powers[1],
                    lr=peer.LEARNING_RATE, beta1=peer.BETA1, beta2=peer.BETA2, epsilon=peer.EPSILON, grad=gradient,
                )
            return loss
    else:
        optimizer.build(variables)

        def step(inputs, targets):
            with tf.GradientTape() as tape:
                loss = loss_of(targets, net(inputs, training=True))
            optimizer.apply(tape.gradient(loss, variables), variables)
            return loss

    step = tf.function(step, jit_compile=mode == "jit")
    pieces = [
        (tf.constant(x[i : i + batch]), tf.constant(y[i : i + batch])) for i in range(0, len(x), batch)
    ]
    place = 0

    def block():
        nonlocal place
        loss = None
        for _ in range(10):
            loss = step(*pieces[place])
            place = (place + 1) % len(pieces)
        loss.numpy()
        return 10

    return lambda: step(*pieces[0]).numpy(), block


if __name__ == "__main__":
    peer.main(["function", "raw", "jit", "fit", "fit50"], prepare, lambda: f"tensorflow {tf.__version__}")
