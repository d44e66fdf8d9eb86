"""Asks a coordinator for trials of the sweep `branin` until there are none left: branin.py http://127.0.0.1:7780"""
import json
import math
import os
import sys
import time
import urllib.request

SWEEP = sys.argv[1] + "/api/v1/sweeps/branin/"
HEADERS = {"Sweepd-Request": "1"}
if "SWEEPD_TOKEN" in os.environ:
    HEADERS["Authorization"] = "Bearer " + os.environ["SWEEPD_TOKEN"]


def post(word, **body):
    with urllib.request.urlopen(urllib.request.Request(SWEEP + word, json.dumps(body).encode(), HEADERS)) as answer:
        return json.load(answer)


def branin(x, y):
    curve = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


while (trial := post("ask", asker="branin.py"))["trial"] or "retry_seconds" in trial:
    if trial["trial"]:
        loss = branin(**trial["parameters"])
        post("tell", trial=trial["trial"], attempt=trial["attempt"], values={"loss": loss})
    else:  # the results of others decide what comes next
        time.sleep(trial["retry_seconds"])
