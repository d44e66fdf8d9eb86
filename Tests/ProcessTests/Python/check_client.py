"""Does with a live coordinator whatever the client for Python can do: check_client.py DIRECTORY"""
import json
import pathlib
import sys

from sweepd.client import BadSweepFile, Client, LeaseLost, SweepdError

client = Client(directory=sys.argv[1], patience=20)

CURVE = """
name: curve
train:
  ask: {lease: 60s}
  parameters: {rate: {uniform: [0, 1]}}
  epochs: 9
  metrics: [accuracy]
objective: {minimize: loss}
search: {method: random, trials: 9, seed: 1, parallelism: 3}
prune: {method: asha}
"""

entry = client.submit(CURVE, is_text=True)
assert entry["sweep"] == "curve" and entry["state"] == "running", entry
assert client.submit(CURVE, is_text=True)["sweep"] == "curve"
assert [sweep["sweep"] for sweep in client.sweeps()] == ["curve"]

try:
    client.submit("name: wrong\ntrain:\n  ask: {lease: never}\n  epochs: 0\n", is_text=True)
    raise AssertionError("a wrong file was taken")
except BadSweepFile as error:
    assert error.status == 422 and len(error.mistakes) >= 2, error.mistakes
    assert any(line.startswith("sweep.yaml:3:") for line in error.mistakes), error.mistakes
    assert any(line.startswith("sweep.yaml:4:") for line in error.mistakes), error.mistakes
for data in ["{source: /etc/passwd, target: x}", "{source: ../x.csv, target: x}", "{source: a.csv, validation: {source: /etc/passwd}, target: x}"]:
    outside = "name: outside\ndata: " + data + "\ntrain: {model: {mlp: {layers: 1, width: 8}}, optimizer: {sgd: {learning_rate: 0.1}}, batch_size: 8, epochs: 1}\n"
    try:
        client.submit(outside, is_text=True)
        raise AssertionError("a file outside was read")
    except BadSweepFile as error:
        assert "not within the folder" in str(error), error

# Paused it gives nothing, resumed it goes on.
assert client.pause("curve")["state"] == "paused"
assert client.ask("curve", wait=False) is None
assert client.resume("curve")["state"] == "running"
assert client.set("curve", trials=12)["state"] == "running"

given = client.ask("curve", asker="first")
assert given is not None and given.epoch == 0 and given.epochs == 9
assert given.beat() == "continue"
given.hand_back()
try:
    given.report({"loss": 1, "accuracy": 0})
    raise AssertionError("a report under an ended lease was taken")
except LeaseLost as error:
    assert error.status == 409, error
try:
    client.ask("other")
    raise AssertionError("a sweep that is not there")
except SweepdError as error:
    assert error.status == 404 and error.code == "not_found", error

verdicts = set()
failed = False
for trial in client.trials("curve", asker="check"):
    if not failed:
        trial.fail("the first one fails")
        failed = True
        continue
    verdict = "continue"
    while verdict == "continue":
        loss = trial.parameters["rate"] / (trial.epoch + 1)
        verdict = trial.report({"loss": loss, "accuracy": 1 - loss}, seconds=0.5)
    verdicts.add(verdict)
assert verdicts == {"pause", "stop"} or verdicts == {"stop"}, verdicts

status = client.wait("curve", timeout=20, every=0.05)
assert status["state"] == "finished" and status["trials"]["failed"] == 1, status
rows = client.rank("curve")
assert len(rows) == 12 and rows[0]["state"] == "completed", rows[0]
assert len(client.rank("curve", 2)) == 2
best = client.curves("curve", rows[0]["trial"])[rows[0]["trial"]]
assert len(best) == 9 and best[-1]["loss"] == rows[0]["objective"], best
assert set(client.curves("curve")) <= set(range(1, 13))
try:
    frame = client.rank_frame("curve")
    assert len(frame) == 12
except ImportError:
    pass

# A single value at the end of a run, and a sweep that is cancelled while a trial is out.
client.submit(CURVE.replace("name: curve", "name: other"), is_text=True)
trial = client.ask("other")
assert trial is not None
trial.tell({"loss": float("inf"), "accuracy": 0})
out = client.ask("other")
assert out is not None and client.cancel("other")["state"] == "cancelled"
assert out.report({"loss": 1, "accuracy": 0}) == "stop"
assert client.ask("other") is None

# With the other token one only reads.
reader = Client(
    json.loads((pathlib.Path(sys.argv[1]) / "endpoint.json").read_text())["http"],
    token=(pathlib.Path(sys.argv[1]) / "http-token-read").read_text().strip(),
)
assert len(reader.rank("curve")) == 12
try:
    reader.ask("curve")
    raise AssertionError("a reader was given a trial")
except SweepdError as error:
    assert error.status == 403, error
print("all is well")
