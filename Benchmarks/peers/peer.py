"""What the peer programs share: the models' short form, the rows, the clock and the conversation with `bench-core`.

A peer program trains one model with one library on one thread, in float32, with Adam (1e-3, 0.9, 0.999, 1e-8):

    train_torch.py --model mlp:784-256-128-10 --batch 64 --mode eager [--images FILE --labels FILE]

prints one line of JSON: the mode, microseconds a step and samples a second. With `--serve` it answers each line of its
input, so many seconds, with such a line: `bench-core` starts every peer once and lets them take turns. With
`--first-step` it ends after one step.

A time is processor time of all threads of the process: what else runs on the machine disturbs neither side's count. A
measurement is the median over spans of 50 ms. The rows are cut into batches beforehand and handed out as contiguous
slices, always in the same order: a library's fastest feed, and no work that sweepd is spared (it shuffles and gathers).
"""

import argparse
import gzip
import json
import os
import re
import statistics
import struct
import sys
import time

# Before any library reads them. Two of them may hold a BLAS to the kernels of an older processor: a peer shall be as
# fast as it can be.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
             "TF_NUM_INTEROP_THREADS"):
    os.environ[name] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"

LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
# Steps that one call of a scan, or of Keras with steps_per_execution, takes.
SCAN = 50


class Model:
    """A model in its short form, for example `mlp:784-256-128-10` or `cnn:28x28x1-conv32k3v-pool2-10`.

    After the input's size come the layers: a number is a dense layer of so many units; `conv32k3v` a convolution of 32
    filters 3 × 3 with stride 1 (`s2`: stride 2), valid or, with `p`, padded to the same size; `pool2` a max pool of
    2 × 2. A relu follows every layer with weights but the last. One unit at the end means regression.
    """

    def __init__(self, text):
        kind, _, rest = text.partition(":")
        words = rest.split("-")
        if kind == "mlp":
            self.image = None
            self.inputs = int(words[0])
        elif kind == "cnn":
            self.image = tuple(int(word) for word in words[0].split("x"))
            self.inputs = self.image[0] * self.image[1] * self.image[2]
        else:
            raise SystemExit(f"--model: {text}: it begins with neither mlp: nor cnn:")
        self.text = text
        self.layers = []
        for word in words[1:]:
            conv = re.fullmatch(r"conv(\d+)k(\d+)(?:s(\d+))?([vp])", word)
            pool = re.fullmatch(r"pool(\d+)", word)
            if conv:
                filters, kernel, stride, padding = conv.groups()
                self.layers.append(("conv", int(filters), int(kernel), int(stride or 1), padding == "p"))
            elif pool:
                self.layers.append(("pool", int(pool.group(1))))
            elif word.isdigit():
                self.layers.append(("dense", int(word)))
            else:
                raise SystemExit(f"--model: {text}: what is {word}?")
        self.outputs = self.layers[-1][1]
        self.regression = self.outputs == 1

    def shapes(self):
        """Each layer with its input's shape, (height, width, channels) or (units,), and whether it is the last."""
        shape = self.image or (self.inputs,)
        for place, layer in enumerate(self.layers):
            if layer[0] == "dense" and len(shape) == 3:
                shape = (shape[0] * shape[1] * shape[2],)
            yield layer, shape, place == len(self.layers) - 1
            if layer[0] == "dense":
                shape = (layer[1],)
            elif layer[0] == "pool":
                shape = (shape[0] // layer[1], shape[1] // layer[1], shape[2])
            else:
                _, filters, kernel, stride, padded = layer
                sides = [-(-side // stride) if padded else (side - kernel) // stride + 1 for side in shape[:2]]
                shape = (*sides, filters)


def read_idx(path):
    """The array of an IDX file of unsigned bytes, gzipped or not."""
    import numpy

    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:3] != b"\0\0\x08":
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def rows(model, options):
    """Features (rows × inputs, float32) and targets (int64 classes or float32 numbers), whole batches only."""
    import numpy

    if options.images:
        # The last row is left out, as core-bench leaves it out for validation.
        x = (read_idx(options.images).reshape(-1, model.inputs)[:-1] / numpy.float32(255)).astype(numpy.float32)
        y = read_idx(options.labels)[:-1].astype(numpy.int64)
    else:
        random = numpy.random.default_rng(1)
        x = random.standard_normal((max(options.rows, options.batch), model.inputs), dtype=numpy.float32)
        y = random.integers(0, max(model.outputs, 1), len(x))
    if model.regression:
        y = numpy.random.default_rng(2).standard_normal(len(x), dtype=numpy.float32)
    whole = len(x) // options.batch * options.batch
    return numpy.ascontiguousarray(x[:whole]), numpy.ascontiguousarray(y[:whole])


def initial(model, seed=1):
    """He's uniform initial weights, float32: (weights, bias) of each layer that has them, None of the others.

    Dense weights are inputs × outputs, convolutions height × width × channels × filters.
    """
    import numpy

    random = numpy.random.default_rng(seed)
    result = []
    for layer, shape, _ in model.shapes():
        if layer[0] == "pool":
            result.append(None)
            continue
        size = (shape[0], layer[1]) if layer[0] == "dense" else (layer[2], layer[2], shape[2], layer[1])
        bound = (6 / (numpy.prod(size[:-1]))) ** 0.5
        weights = random.uniform(-bound, bound, size).astype(numpy.float32)
        result.append((weights, numpy.zeros(layer[1], numpy.float32)))
    return result


def span(block, seconds):
    """Core microseconds a step over a span of at least so many seconds; `block` trains some steps and counts them."""
    steps = 0
    core = time.process_time()
    start = time.perf_counter()
    while True:
        steps += block()
        if time.perf_counter() - start >= seconds:
            return (time.process_time() - core) / steps * 1e6


def measure(block, seconds):
    """The median over spans of 50 ms."""
    spans = []
    end = time.perf_counter() + seconds
    while not spans or time.perf_counter() < end:
        spans.append(span(block, 0.05))
    return statistics.median(spans)


def main(modes, prepare, version):
    """Reads the options and measures: `prepare(model, batch, x, y, mode)` returns (first, block).

    `first()` trains exactly one step by the mode's shortest way, `block()` trains some steps, waits until they are done
    and returns their number. `version()` names the library.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="mlp:784-256-128-10")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--images")
    parser.add_argument("--labels")
    parser.add_argument("--rows", type=int, default=8192, help="made up, without --images")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--first-step", action="store_true")
    options = parser.parse_args()
    model = Model(options.model)
    x, y = rows(model, options)
    first, block = prepare(model, options.batch, x, y, options.mode)

    if options.first_step:
        first()
        print(json.dumps({"first_step": True, "data_bytes": x.nbytes + y.nbytes, "library": version()}), flush=True)
        # Until the input ends the process stays, so that its memory can be asked for. What a library does when it is
        # torn down is not asked about.
        sys.stdin.read()
        os._exit(0)

    def report(seconds):
        step = measure(block, seconds)
        line = {
            "library": version(),
            "mode": options.mode,
            "us_per_step": step,
            "samples_per_second": options.batch / step * 1e6,
        }
        print(json.dumps(line), flush=True)

    block()
    measure(block, min(1.0, options.seconds / 3))
    if not options.serve:
        report(options.seconds)
        return
    print(json.dumps({"ready": True, "library": version()}), flush=True)
    for line in sys.stdin:
        report(float(line))
