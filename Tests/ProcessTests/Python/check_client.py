"""Does with a live coordinator whatever the client for Python can do: check_client.py DIRECTORY"""
import http.server
import io
import json
import pathlib
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

from sweepd.client import BadSweepFile, Client, LeaseLost, SweepdError, _error

client = Client(directory=sys.argv[1], patience=20)



class Told(Client):
    """Tells these states, one a time it is asked, and the last ever after."""

    def __init__(self, *told):
        super().__init__("http://127.0.0.1")
        self.told = list(told)

    def status(self, sweep, *, patience=None):
        state, experiments = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        return {"state": state, **({"experiments": {"state": experiments}} if experiments else {})}


# A finished sweep is waited for until the experiments on it are over, or wait for a person.
for last in ["over", "halted"]:
    ended = Told(("running", "waiting"), ("finished", "under_way"), ("finished", "under_way"), ("finished", last))
    assert ended.wait("curve", 20, every=0) == {"state": "finished", "experiments": {"state": last}} and len(ended.told) == 1
for state, experiments in [("finished", None), ("cancelled", "over"), ("halted", "waiting")]:
    assert Told(("running", experiments), (state, experiments), ("running", None)).wait("curve", 20, every=0)["state"] == state
try:
    Told(("finished", "under_way")).wait("curve", 0, every=0)
    raise AssertionError("it did not wait for experiments")
except TimeoutError as error:
    assert "curve is finished, experiments on it are under way" in str(error), error

# A directory that nobody serves.
try:
    Client(directory=sys.argv[1] + "-none", patience=0).sweeps()
    raise AssertionError("nobody answered")
except FileNotFoundError as error:
    assert str(error).endswith("-none` starts it") and "its coordinator is not running" in str(error), error

# Nobody is waited for longer than was said: not by a long pause, not where the coordinator is away, not where it says nothing.
def waits(waiter, **more):
    began = time.monotonic()
    try:
        waiter.wait("curve", 0.1, **more)
        raise AssertionError("it told how a sweep is that nobody told of")
    except TimeoutError as error:
        assert time.monotonic() - began < 15, "it waited for longer"
        return str(error)


assert "curve is running after 0.1 s" in waits(Told(("running", None)), every=30)
with socket.socket() as away:
    away.bind(("127.0.0.1", 0))
    words = waits(Client(f"http://127.0.0.1:{away.getsockname()[1]}", patience=30))
    assert words.startswith("nobody tells how curve is after 0.1 s: "), words
    # From here on it is connected to, and never answers.
    away.listen()
    waits(Client(f"http://127.0.0.1:{away.getsockname()[1]}", patience=30))
assert waits(Client(directory="absent", patience=30)).startswith("nobody tells how curve is after 0.1 s: ")

# What can be no address is told at once, before anything is asked.
for address in ["127.0.0.1:7780", "localhost:7780", "tcp://127.0.0.1:7700", ""]:
    try:
        Client(address)
        raise AssertionError("an address that is none was taken")
    except ValueError as error:
        assert f"found {address!r}, allowed http://HOST:PORT" in str(error), error

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
for start in ["/etc/passwd", "sqlite:////etc/passwd", "../study.db#digits", "sqlite:///../study.db"]:
    outside = "name: outside\ndata: {source: a.csv, target: x}\ntrain: {model: {mlp: {layers: 1, width: 8}}, optimizer: {sgd: {learning_rate: {log: [0.01, 0.1]}}}, batch_size: 8, epochs: 1}\nsearch: {method: tpe, trials: 3, warm_start: '" + start + "'}\n"
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

# What is enqueued comes before what is proposed next, all of a request or none.
assert client.enqueue("curve", {"rate": 0.125}, {"train.parameters.rate": 0.25})["enqueued"] == 2
try:
    client.enqueue("curve", {"rate": 0.5}, {"rate": 2})
    raise AssertionError("a value outside its range was taken")
except SweepdError as error:
    assert error.status == 400 and "not an allowed value: configurations[1].rate, found 2" in str(error), error
assert client.status("curve")["enqueued"] == 2

given = client.ask("curve", asker="first")
assert given is not None and given.epoch == 0 and given.epochs == 9
assert given.beat() == "continue"
given.hand_back()
try:
    given.report({"loss": 1, "accuracy": 0})
    raise AssertionError("a report under an ended lease was taken")
except LeaseLost as error:
    assert error.status == 409 and error.code == "lease_lost", error
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
tried = [row["configuration"]["train.parameters.rate"] for row in rows]
assert tried.count(0.125) == 1 and tried.count(0.25) == 1 and status["enqueued"] == 0, tried
best = client.curves("curve", rows[0]["trial"])[rows[0]["trial"]]
assert len(best) == 9 and best[-1]["loss"] == rows[0]["objective"], best
assert set(client.curves("curve")) <= set(range(1, 13))
try:
    frame = client.rank_frame("curve")
    assert len(frame) == 12
except ImportError:
    pass

# A failure is taken whatever its reason: none, as of an error without words, or a traceback of which the end counts.
client.submit(CURVE.replace("name: curve", "name: failing").replace("method: asha", "method: none"), is_text=True)
told = {}
for reason, kept in [
    ("", "no reason was told"),
    ("at line 1", "at line 1"),
    ("é" * 2048, "é" * 2048),
    ("x" * 100000 + "é" * 2000 + " boom", "…" + "x" * 88 + "é" * 2000 + " boom"),
    ("é" * 3000 + "!", "…" + "é" * 2046 + "!"),
]:
    failing = client.ask("failing")
    assert failing is not None
    failing.fail(reason)
    told[failing.number] = kept
# A ranked table may be a moment old.
deadline = time.monotonic() + 20
while True:
    found = {row["trial"]: row["reason"] for row in client.rank("failing") if row["state"] == "failed"}
    if len(found) == len(told) or time.monotonic() > deadline:
        break
    time.sleep(0.05)
assert found == told, {number: (text[:20], text[-8:]) for number, text in found.items()}
assert client.cancel("failing")["state"] == "cancelled" and client.delete("failing")["sweep"] == "failing"

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


class Relay(http.server.BaseHTTPRequestHandler):
    """Passes removals on to the coordinator; the next answer is lost when `loses` says so."""

    loses = False
    answers = []  # type: list[int]

    def do_DELETE(self):
        headers = {name: self.headers[name] for name in ("Accept", "Authorization", "Sweepd-Request")}
        request = urllib.request.Request(client._where() + self.path, None, headers, method="DELETE")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            status, body = refusal.code, refusal.read()
        Relay.answers.append(status)
        if Relay.loses:
            Relay.loses = False
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# Bound and not listening yet: a request that nobody can have read is no removal.
server = http.server.HTTPServer(("127.0.0.1", 0), Relay, bind_and_activate=False)
server.server_bind()
relayed = Client(f"http://127.0.0.1:{server.server_port}", token=client._bearer(), patience=20)


def listen():
    server.server_activate()
    server.serve_forever(poll_interval=0.05)


threading.Timer(0.5, listen).start()
try:
    relayed.delete("absent")
    raise AssertionError("a sweep that is not there was removed")
except SweepdError as error:
    assert error.status == 404 and Relay.answers == [404], (error, Relay.answers)
# A removal whose answer is lost is asked for again, and is done.
Relay.loses = True
assert relayed.delete("other") == {} and Relay.answers == [404, 200, 404], Relay.answers
assert [sweep["sweep"] for sweep in client.sweeps()] == ["curve"]
assert relayed.delete("curve")["sweep"] == "curve" and Relay.answers[3:] == [200], Relay.answers
try:
    relayed.delete("curve")
    raise AssertionError("a sweep that is not there was removed")
except SweepdError as error:
    assert error.status == 404 and Relay.answers[4:] == [404], (error, Relay.answers)
server.shutdown()
server.server_close()


def refused(code, message):
    """What the client makes of a refusal."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return _error(urllib.error.HTTPError("http://127.0.0.1/", 409, "Conflict", None, io.BytesIO(body)))


# Coordinators of before the code of its own say it so.
assert type(refused("conflict", "attempt 1 of trial 2 is over and nothing of it is taken")) is LeaseLost
assert type(refused("conflict", "other is running; sweepd cancel other ends it, then it can be deleted")) is SweepdError
print("all is well")
