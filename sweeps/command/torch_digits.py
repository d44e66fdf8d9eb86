"""A PyTorch network on scikit-learn's digits; run by sweepd, or by hand: python3 torch_digits.py"""
import sweepd
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# What is done here is done once a process, for all the trials that it serves.
digits = load_digits()
parts = train_test_split(digits.data / 16, digits.target, test_size=0.25, random_state=0, stratify=digits.target)
x, x_validation = (torch.tensor(part, dtype=torch.float32) for part in parts[:2])
y, y_validation = (torch.tensor(part) for part in parts[2:])
torch.set_num_threads(sweepd.threads)
kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
measure = torch.nn.CrossEntropyLoss()


def train():
    values = sweepd.defaults({"optimizer": "adam", "learning_rate": 1e-3, "width": 64, "dropout": 0.0}, epochs=9)
    torch.manual_seed(sweepd.seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, values["width"]),
        torch.nn.ReLU(),
        torch.nn.Dropout(values["dropout"]),
        torch.nn.Linear(values["width"], 10),
    )
    optimizer = kinds[values["optimizer"]](model.parameters(), lr=values["learning_rate"])

    if sweepd.start_epoch:
        state = torch.load(sweepd.checkpoint / "state.pt", weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])

    def save(folder):
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, folder / "state.pt")

    for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
        # What is drawn in an epoch is its own, whether the run was paused before it or not.
        torch.manual_seed(hash((sweepd.seed, epoch)) % 2**63)
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = measure(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        model.eval()
        with torch.no_grad():
            scores = model(x_validation)
        sweepd.report(
            epoch,
            {
                "training.loss": total / len(x),
                "validation.loss": measure(scores, y_validation),
                "validation.accuracy": (scores.argmax(1) == y_validation).float().mean(),
            },
            save=save,
        )


sweepd.run(train)
