"""Validates the API's document, and what a live coordinator answers against it.

    check_api.py --url URL --sweep NAME
"""
import argparse
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
from openapi_spec_validator import validate

options = argparse.ArgumentParser()
options.add_argument("--url", required=True)
options.add_argument("--sweep", required=True)
options = options.parse_args()


def ask(path, method="GET"):
    """(status, content type, text) of an answer."""
    request = urllib.request.Request(options.url + path, method=method, headers={"Sweepd-Request": "1"})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            kind = reply.headers.get_content_type()
            return reply.status, kind, (reply.readline() if kind == "text/event-stream" else reply.read()).decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read().decode()


document = json.loads(ask("/api/v1/openapi.json")[2])
validate(document)
failures, seen = [], 0


def check(path, method, operation, *expected):
    """Asks, and compares status (200 unless told), type and schema with what the document says."""
    global seen
    seen += 1
    status, kind, text = ask(path, method)
    responses = operation["responses"]
    said = responses.get(str(status), responses["default"] if status != 200 else None)
    if status not in (expected or (200,)) or said is None:
        failures.append(f"{method} {path}: status {status}, {text[:300]}")
        return
    if kind not in said["content"]:
        failures.append(f"{method} {path}: {kind}, the document says {list(said['content'])}")
    elif kind == "application/json":
        schema = {**said["content"][kind]["schema"], "components": document["components"]}
        for error in list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text)))[:3]:
            failures.append(f"{method} {path}: {error.json_path}: {error.message[:300]}")


queries = {"rank": ["top=2", "metric=validation.accuracy"], "curves": ["trial=1"], "importance": ["metric=validation.accuracy"], "trials": ["metrics=validation.loss", "limit=3&after=2", "since=nothing-1"], "report": ["format=html", "format=markdown"], "export": ["format=csv", "format=jsonl", "format=optuna"]}
wrong = {"rank": ["top=0", "x=1", "metric=loss"], "curves": ["trial=a"], "importance": ["metric=loss", "top=1"], "trials": ["metrics=7loss", "limit=-1"], "comparison": ["with=", "with=a,,b", "top=1"], "report": ["format=csv", "top=1"], "export": ["format=html", "trial=1"]}
conflicts = {"comparison": [f"with={urllib.parse.quote(options.sweep)}"]}
for template, item in document["paths"].items():
    for method, operation in item.items():
        path = template.replace("{sweep}", urllib.parse.quote(options.sweep)).replace("{trial}", "1")
        # Steering that ends the sweep is asked of one that is not there.
        if method == "delete" or (method == "post" and template.endswith("/cancel")):
            path = path.replace(urllib.parse.quote(options.sweep), "none")
            check(path, method.upper(), operation, 404)
            continue
        # What takes a body is asked without one, and of a sweep whose trials are not asked for.
        if method == "post" and (template == "/api/v1/sweeps" or template.rsplit("/", 1)[-1] in ("set", "enqueue", "ask", "report", "tell")):
            check(path, "POST", operation, 400, 409, 422)
            continue
        if method == "post" and "/sweeps/" in template:
            status, _, text = ask(path, "POST")
            if status not in (200, 409):
                failures.append(f"POST {path}: {status} {text[:200]}")
            seen += 1
            continue
        # What compares arms is a conflict of a sweep without any.
        check(path, method.upper(), operation, *((409,) if template.endswith("/comparison") else ()))
        name = template.rsplit("/", 1)[-1]
        for query in queries.get(name, []):
            check(f"{path}?{query}", "GET", operation)
        for query in wrong.get(name, []):
            check(f"{path}?{query}", "GET", operation, 400)
        for query in conflicts.get(name, []):
            check(f"{path}?{query}", "GET", operation, 409)
        if "{sweep}" in template:
            check(template.replace("{sweep}", "no%20such%20sweep").replace("{trial}", "1"), method.upper(), operation, 404)
# Every path that the coordinator tells of stands in the document, and the other way round.
told = {path.split("?")[0] for path in json.loads(ask("/api/v1")[2])["paths"]} - {"/", "/api/v1/openapi.json"}
said = {path.replace("{sweep}", "NAME").replace("{trial}", "N") for path in document["paths"]}
if told != said:
    failures.append(f"told and not in the document, or the other way round: {sorted(told ^ said)}")

for failure in failures:
    print(failure)
print(f"{seen} answers are as the document says" if not failures else f"{len(failures)} failures of {seen} answers")
sys.exit(bool(failures))
