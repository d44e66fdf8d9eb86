"""Gradient boosting by scikit-learn on its digits; an epoch is a stage of trees. Run by sweepd, or by hand."""
import pickle
import warnings

import sweepd
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

# What is done here is done once a process, for all the trials that it serves.
warnings.filterwarnings("ignore")
digits = load_digits()
x, x_validation, y, y_validation = train_test_split(
    digits.data, digits.target, test_size=0.25, random_state=0, stratify=digits.target
)


def train():
    values = sweepd.defaults({"learning_rate": 0.1, "leaves": 15, "l2": 0.0}, epochs=9)
    model = HistGradientBoostingClassifier(
        learning_rate=values["learning_rate"],
        max_leaf_nodes=values["leaves"],
        l2_regularization=values["l2"],
        warm_start=True,
        early_stopping=False,
        random_state=sweepd.seed % 2**32,
    )
    if sweepd.start_epoch:
        model = pickle.loads((sweepd.checkpoint / "model.pickle").read_bytes())

    for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
        model.set_params(max_iter=4 * epoch)
        model.fit(x, y)
        scores = model.predict_proba(x_validation)
        sweepd.report(
            epoch,
            {"log_loss": log_loss(y_validation, scores), "accuracy": (scores.argmax(1) == y_validation).mean()},
            save=lambda folder: (folder / "model.pickle").write_bytes(pickle.dumps(model)),
        )


sweepd.run(train)
