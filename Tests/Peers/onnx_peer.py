"""Checks an ONNX model and lets onnxruntime answer for rows.

    onnx_peer.py MODEL ROWS [VALUE]

ROWS holds rows of little-endian float32 as wide as the model's input. Prints one JSON document: the outputs by name,
and the model's metadata; with VALUE, a value inside the graph, that value too. The second implementation that the exports
of sweepd are compared with.
"""
import json
import sys

import numpy
import onnx
import onnxruntime

path, rows, *values = sys.argv[1:]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
for value in values:
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(value))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
(source,) = session.get_inputs()
features = numpy.fromfile(rows, dtype="<f4").reshape(-1, source.shape[1])
names = [output.name for output in session.get_outputs()]
answers = session.run(names, {source.name: features})
# A single row must be answered as it is among others: the number of rows is free.
for name, whole, alone in zip(names, answers, session.run(names, {source.name: features[:1]})):
    assert numpy.allclose(whole[:1], alone, rtol=1e-5, atol=1e-5, equal_nan=True), name
json.dump(
    {
        # JSON has no NaN.
        "outputs": {
            name: [None if number != number else number for number in answer.astype(float).ravel().tolist()]
            for name, answer in zip(names, answers)
        },
        "metadata": session.get_modelmeta().custom_metadata_map,
    },
    sys.stdout,
)
