"""Trains a multilayer perceptron with scikit-learn on one thread; `peer.py` says how it is measured.

One mode, partial: partial_fit over all rows at a time with the same batch size, without shuffling.
"""

import warnings

import peer

import numpy
import sklearn
import sklearn.exceptions
from sklearn.neural_network import MLPClassifier, MLPRegressor


def prepare(model, batch, x, y, mode):
    if model.image:
        raise SystemExit("scikit-learn has no convolutions")
    kind = MLPRegressor if model.regression else MLPClassifier
    net = kind(
        hidden_layer_sizes=tuple(layer[1] for layer in model.layers[:-1]), batch_size=batch, solver="adam",
        alpha=0, shuffle=False,
        learning_rate_init=peer.LEARNING_RATE, beta_1=peer.BETA1, beta_2=peer.BETA2, epsilon=peer.EPSILON,
        random_state=1,
    )
    warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
    settings = {} if model.regression else {"classes": numpy.arange(model.outputs)}
    if not model.regression:
        # It insists on the same classes in every call.
        net.partial_fit(x[:batch], y[:batch], **settings)

    def fit(rows):
        net.partial_fit(x[:rows], y[:rows])
        return rows // batch

    return lambda: fit(batch), lambda: fit(len(x))


if __name__ == "__main__":
    peer.main(["partial"], prepare, lambda: f"scikit-learn {sklearn.__version__}")
