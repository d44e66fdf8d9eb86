"""Validates the API's document, and what a live coordinator answers against it: an answer has no key that the document does not tell of.

    check_api.py --url URL --sweep NAME [--more NAME...]

--more: other sweeps, which show what one alone does not; only what they answer to GET is compared.
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
options.add_argument("--more", nargs="*", default=[])
options = options.parse_args()


def ask(path, method="GET"):
    """(status, content type, text) of an answer."""
    request = urllib.request.Request(options.url + path, method=method, headers={"Sweepd-Request": "1"})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            kind = reply.headers.get_content_type()
            # Of a stream the first message; an archive is no text.
            return reply.status, kind, (b"".join(iter(reply.readline, b"\n")) if kind == "text/event-stream" else reply.read()).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read().decode()


document = json.loads(ask("/api/v1/openapi.json")[2])
validate(document)
failures, seen = [], 0


def strict(schema):
    """The schema, in which an object that names its keys has no others."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {key: strict(value) for key, value in schema.items()}
    if isinstance(copy.get("properties"), dict) and "object" in copy.get("type", "") and "additionalProperties" not in copy:
        copy["additionalProperties"] = False
    return copy


components = strict(document["components"])


def compare(said, value, place):
    schema = {**strict(said), "components": components}
    for error in list(jsonschema.Draft202012Validator(schema).iter_errors(value))[:3]:
        failures.append(f"{place}: {error.json_path}: {error.message[:300]}")


def told_by(text):
    """The document in the first message of a stream of events; None without one."""
    return next((json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")), None)


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
        compare(said["content"][kind]["schema"], json.loads(text), f"{method} {path}")
    elif kind == "text/event-stream" and status == 200:
        message = told_by(text) or {}
        parts = {"status": "Status", "sweeps": "Sweeps", "workers": "Workers"}
        found = [key for key in parts if key in message]
        if not found:
            failures.append(f"{method} {path}: no document in {text[:300]}")
        for key in found:
            value = message[key] if key == "status" else {key: message[key]}
            compare({"$ref": f"#/components/schemas/{parts[key]}"}, value, f"{method} {path}: {key}")


queries = {"rank": ["top=2", "metric=validation.accuracy"], "curves": ["trial=1"], "importance": ["metric=validation.accuracy"], "trials": ["metrics=validation.loss", "limit=3&after=2", "since=nothing-1"], "report": ["format=html", "format=markdown"], "export": ["format=csv", "format=jsonl", "format=optuna", "format=tensorboard"]}
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
# What only other sweeps show: of each what it answers, also for its last trial.
for sweep in options.more:
    name = urllib.parse.quote(sweep)
    trials = [row["trial"] for row in json.loads(ask(f"/api/v1/sweeps/{name}/trials?metrics=")[2])["trials"]]
    for template, item in document["paths"].items():
        if "{sweep}" in template and "get" in item:
            for trial in sorted({1, len(trials)}) if "{trial}" in template and trials else [None]:
                path = template.replace("{sweep}", name).replace("{trial}", str(trial or 1))
                # Too little may be known of its parameters, and it may have no arms.
                check(path, "GET", item["get"], 200, 404, 409)
# Every path that the coordinator tells of stands in the document, and the other way round.
told = {path.split("?")[0] for path in json.loads(ask("/api/v1")[2])["paths"]} - {"/", "/api/v1/openapi.json"}
said = {path.replace("{sweep}", "NAME").replace("{trial}", "N") for path in document["paths"]}
if told != said:
    failures.append(f"told and not in the document, or the other way round: {sorted(told ^ said)}")

for failure in failures:
    print(failure)
print(f"{seen} answers are as the document says" if not failures else f"{len(failures)} failures of {seen} answers")
sys.exit(bool(failures))
