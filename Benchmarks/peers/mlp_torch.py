"""Trains a multilayer perceptron with PyTorch on one thread and prints its speed as one line of JSON.

The same network, loss, optimizer and rows as `core-bench`: relu, softmax cross-entropy, Adam with its defaults, float32,
pixels scaled to [0, 1], a new order every epoch, the last short batch trained too.

--feed slices  the epoch's rows are permuted once, then handed out as contiguous views: the fastest way
--feed gather  every batch is collected by index, as a data loader does
"""

import argparse
import gzip
import json
import statistics
import struct
import time

import torch


def read_idx(path):
    """The array of an IDX file of unsigned bytes, gzipped or not."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    kind, rank = data[2], data[3]
    if data[:2] != b"\0\0" or kind != 8:
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return torch.frombuffer(bytearray(data[4 + 4 * rank :]), dtype=torch.uint8).reshape(shape)


def network(widths):
    """Dense layers with relu between them, He's uniform initial weights, zero biases."""
    layers = []
    for index in range(1, len(widths)):
        dense = torch.nn.Linear(widths[index - 1], widths[index])
        torch.nn.init.kaiming_uniform_(dense.weight, nonlinearity="relu")
        torch.nn.init.zeros_(dense.bias)
        layers.append(dense)
        if index < len(widths) - 1:
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


def batches(x, y, size, feed):
    """Endless epochs of shuffled batches."""
    while True:
        order = torch.randperm(len(x))
        if feed == "slices":
            shuffled_x, shuffled_y = x[order], y[order]
            for first in range(0, len(x), size):
                yield shuffled_x[first : first + size], shuffled_y[first : first + size]
        else:
            for first in range(0, len(x), size):
                rows = order[first : first + size]
                yield x[rows], y[rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--model", default="mlp:784-256-128-10")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--feed", choices=["slices", "gather"], default="slices")
    parser.add_argument("--adam", choices=["default", "fused"], default="default")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    images = read_idx(options.images)
    # The last row is left out, as core-bench leaves it out for validation.
    x = (images.reshape(len(images), -1).float() / 255)[:-1].contiguous()
    y = read_idx(options.labels).long()[:-1].contiguous()
    model = network([int(width) for width in options.model.removeprefix("mlp:").split("-")])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True if options.adam == "fused" else None)
    loss_function = torch.nn.CrossEntropyLoss()
    feed = batches(x, y, options.batch, options.feed)

    def span(seconds):
        """Rows a core second over a span of training: processor time of all threads, as core-bench counts its own."""
        rows = 0
        core = time.process_time()
        start = time.perf_counter()
        while True:
            inputs, labels = next(feed)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_function(model(inputs), labels)
            loss.backward()
            optimizer.step()
            rows += len(inputs)
            if time.perf_counter() - start >= seconds:
                return rows / (time.process_time() - core), loss.item()

    span(min(1.0, options.seconds / 3))
    rates = []
    end = time.perf_counter() + options.seconds
    while time.perf_counter() < end:
        rate, loss = span(0.05)
        rates.append(rate)
    print(
        json.dumps(
            {
                "samples_per_second": statistics.median(rates),
                "loss": loss,
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
            }
        )
    )


if __name__ == "__main__":
    main()
