"""Stands in for an MLflow tracking server: the requests that an export makes, with the server's own limits.

    mlflow_stand_in.py [--refuse-after N] [--hold N]

Prints its URL, then serves until it is ended. Requests that MLflow 3 refuses are refused here in the same way (checked against the
real server by `make test-mlflow`). With --refuse-after, the Nth log-batch and all after it fail; with --hold, the Nth is
never answered. GET /runs shows what was kept, and whether a batch is held.
"""
import argparse
import http.server
import json
import re
import threading
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("--refuse-after", type=int)
parser.add_argument("--hold", type=int)
arguments = parser.parse_args()
experiments = {}
runs = {}
batches = 0
held = False
KEY = re.compile(r"^[\w\-. /]+$", re.ASCII)


class Refused(Exception):
    def __init__(self, status, code, message):
        self.status, self.body = status, {"error_code": code, "message": message}


def wrong(message):
    return Refused(400, "INVALID_PARAMETER_VALUE", message)


def create_experiment(body):
    if body["name"] in experiments:
        raise Refused(400, "RESOURCE_ALREADY_EXISTS", "experiment exists")
    experiments[body["name"]] = str(len(experiments) + 1)
    return {"experiment_id": experiments[body["name"]]}


def search(body):
    wanted = {}
    for part in body["filter"].split(" and "):
        match = re.fullmatch(r"tags\.`([^`]+)` = '(.*)'", part)
        if not match:
            raise wrong("filter")
        wanted[match.group(1)] = match.group(2)
    found = [
        {
            "info": {"run_id": run["id"]},
            "data": {"tags": [{"key": key, "value": value} for key, value in run["tags"].items()]},
        }
        for run in runs.values()
        if run["experiment"] in body["experiment_ids"] and wanted.items() <= run["tags"].items()
    ]
    return {"runs": found[: body["max_results"]]} if found else {}


def create_run(body):
    if not isinstance(body["start_time"], int):
        raise wrong("start_time")
    identity = f"{len(runs) + 1:032x}"
    runs[identity] = {
        "id": identity,
        "experiment": body["experiment_id"],
        "name": body["run_name"],
        "status": "RUNNING",
        "tags": {tag["key"]: tag["value"] for tag in body["tags"]},
        "params": {},
        "metrics": {},
    }
    return {"run": {"info": {"run_id": identity}}}


def log_batch(body):
    global batches, held
    batches += 1
    if batches == arguments.hold:
        held = True
        threading.Event().wait()
    if arguments.refuse_after and batches >= arguments.refuse_after:
        raise Refused(500, "INTERNAL_ERROR", "database is locked")
    run = runs[body["run_id"]]
    params, metrics = body.get("params", []), body.get("metrics", [])
    if len(params) > 100 or len(metrics) > 1000 or len(params) + len(metrics) > 1000:
        raise wrong("too many in one batch")
    for item in params + metrics:
        if not KEY.match(item["key"]):
            raise wrong(f"Invalid name: '{item['key']}'")
    for item in params:
        if run["params"].setdefault(item["key"], item["value"]) != item["value"]:
            raise wrong("param changed")
    for item in metrics:
        if not isinstance(item["timestamp"], int) or not isinstance(item["step"], int):
            raise wrong("timestamp or step")
        float(item["value"])
        run["metrics"].setdefault(item["key"], []).append([item["step"], item["value"]])
    return {}


def update(body):
    if body["status"] not in {"RUNNING", "FINISHED", "FAILED", "KILLED"}:
        raise wrong("status")
    runs[body["run_id"]]["status"] = body["status"]
    return {}


def set_tag(body):
    runs[body["run_id"]]["tags"][body["key"]] = body["value"]
    return {}


def delete(body):
    del runs[body["run_id"]]
    return {}


POST = {
    "experiments/create": create_experiment,
    "runs/search": search,
    "runs/create": create_run,
    "runs/log-batch": log_batch,
    "runs/update": update,
    "runs/set-tag": set_tag,
    "runs/delete": delete,
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/runs":
            return self.answer(200, {"experiments": experiments, "runs": list(runs.values()), "held": held})
        name = urllib.parse.parse_qs(url.query).get("experiment_name", [""])[0]
        if name not in experiments:
            return self.answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"})
        self.answer(200, {"experiment": {"experiment_id": experiments[name], "lifecycle_stage": "active"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.answer(200, POST[self.path.removeprefix("/api/2.0/mlflow/")](body))
        except Refused as refused:
            self.answer(refused.status, refused.body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
