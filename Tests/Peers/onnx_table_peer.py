"""Reads a table by what an ONNX model of sweepd says of its columns, and lets onnxruntime answer for its rows.

    onnx_table_peer.py MODEL TABLE

Prints the JSON document that onnx_peer.py prints. Nothing here knows more of sweepd than docs/export.md says.
"""
import csv
import datetime
import json
import sys

import numpy
import onnxruntime

MISSING = {"", "?"}
EPOCH = datetime.date(1970, 1, 1)


def date(text):
    """Days since 1970-01-01 and seconds since midnight, both NaN where there is none."""
    if text in MISSING:
        return float("nan"), float("nan")
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace(".5+", ".500+"))
    if moment.tzinfo:
        moment = moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    midnight = datetime.datetime.combine(moment.date(), datetime.time())
    return (moment.date() - EPOCH).days, (moment - midnight).total_seconds()


def value(row, columns, index):
    column = columns[index]
    if column["kind"] == "day":
        return date(row[column["name"]])[0]
    if column["kind"] == "second_of_day":
        return date(row[columns[index - 1]["name"]])[1]
    text = row[column["name"]]
    if "categories" in column:
        categories = column["categories"]
        return categories.index(text) if text in categories else -1
    return float("nan") if text in MISSING else float(text)


model, table = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
metadata = session.get_modelmeta().custom_metadata_map
columns = json.loads(metadata["sweepd.features"])
with open(table, newline="") as file:
    rows = list(csv.DictReader(file))
features = numpy.array([[value(row, columns, index) for index in range(len(columns))] for row in rows], dtype="f4")
names = [output.name for output in session.get_outputs()]
answers = session.run(names, {session.get_inputs()[0].name: features})
json.dump(
    {
        "outputs": {name: answer.astype(float).ravel().tolist() for name, answer in zip(names, answers)},
        "metadata": metadata,
    },
    sys.stdout,
)
