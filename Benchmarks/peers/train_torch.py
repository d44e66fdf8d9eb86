"""Trains a model with PyTorch on one thread; `peer.py` says how it is measured.

Modes: eager (its default Adam), fused (the fused Adam), compile (torch.compile with the fused Adam; needs a C++
compiler), gather (fused Adam, every batch collected by index in a new order each epoch, as a data loader does),
channels_last (fused Adam, images and convolutions with channels innermost).
"""

import peer
import torch

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


def network(model):
    """The model's layers; images are channels first, as PyTorch is fastest with."""
    layers = []
    parameters = peer.initial(model)
    for place, (layer, shape, last) in enumerate(model.shapes()):
        if layer[0] == "pool":
            layers.append(torch.nn.MaxPool2d(layer[1]))
            continue
        weights, bias = (torch.from_numpy(array) for array in parameters[place])
        if layer[0] == "dense":
            if layers and isinstance(layers[-1], torch.nn.MaxPool2d | torch.nn.Conv2d):
                layers.append(torch.nn.Flatten())
            part = torch.nn.Linear(shape[0], layer[1])
            weights = weights.T
        else:
            _, filters, kernel, stride, padded = layer
            padding = kernel // 2 if padded else 0
            part = torch.nn.Conv2d(shape[2], filters, kernel, stride, padding)
            weights = weights.permute(3, 2, 0, 1)
        with torch.no_grad():
            part.weight.copy_(weights)
            part.bias.copy_(bias)
        layers.append(part)
        if not last:
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


def prepare(model, batch, x, y, mode):
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    if model.image:
        height, width, channels = model.image
        x = x.reshape(-1, height, width, channels).permute(0, 3, 1, 2).contiguous()
    if model.regression:
        y = y.unsqueeze(1)
    net = network(model)
    if mode == "channels_last":
        x, net = x.contiguous(memory_format=torch.channels_last), net.to(memory_format=torch.channels_last)
    loss_of = torch.nn.MSELoss() if model.regression else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(
        net.parameters(), peer.LEARNING_RATE, (peer.BETA1, peer.BETA2), peer.EPSILON,
        fused=True if mode != "eager" else None,
    )

    def loss(inputs, targets):
        return loss_of(net(inputs), targets)

    if mode == "compile":
        loss = torch.compile(loss)

    def gathered():
        while True:
            order = torch.randperm(len(x))
            for first in range(0, len(x), batch):
                chosen = order[first : first + batch]
                yield x[chosen], y[chosen]

    def sliced():
        batches = list(zip(x.split(batch), y.split(batch)))
        while True:
            yield from batches

    feed = gathered() if mode == "gather" else sliced()

    def step():
        inputs, targets = next(feed)
        optimizer.zero_grad(set_to_none=True)
        loss(inputs, targets).backward()
        optimizer.step()
        return 1

    return step, step


if __name__ == "__main__":
    peer.main(["eager", "fused", "compile", "gather", "channels_last"], prepare, lambda: f"torch {torch.__version__}")
