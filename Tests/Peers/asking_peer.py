#!/usr/bin/env python3
"""A program that asks at the coordinator's port, written from docs/protocol.md alone: it evaluates Branin's function until the
sweep is over, then tells again of the first trial. Needs pyzmq. Prints what it did as lines of JSON.
"""
import argparse
import itertools
import json
import math
import sys
import time

import zmq

HEADER = b"SWPD\x02"
REQUEST, RESPONSE = b"\x30", b"\x31"


def varint(value):
    low = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([byte | 0x80 for byte in low[:-1]] + low[-1:])


def fields(message):
    """The fields of a protobuf message with numbers and bytes alone, by their numbers."""
    found, place = {}, 0

    def number():
        nonlocal place
        value = 0
        for shift in itertools.count(0, 7):
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value

    while place < len(message):
        tag = number()
        value = number()
        if tag & 7 == 2:
            value, place = message[place:place + value], place + value
        found[tag >> 3] = value
    return found


class Asker:
    def __init__(self, options):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 2000
        self.socket.connect(options.connect)
        self.sweep, self.patience, self.id = options.sweep, options.patience, 0

    def request(self, verb, **arguments):
        """The status of the answer and what it says."""
        self.id += 1
        body = json.dumps({"sweep": self.sweep, **arguments}).encode()
        parts = b"\x08" + varint(self.id)
        for tag, value in (b"\x12", verb.encode()), (b"\x1a", body):
            parts += tag + varint(len(value)) + value
        self.socket.send_multipart([HEADER + REQUEST, parts])
        answer = b""
        while True:
            if not self.socket.poll(1000 * self.patience):
                sys.exit(f"no answer to {verb}")
            header, message = self.socket.recv_multipart()
            assert header == HEADER + RESPONSE, header
            response = fields(message)
            assert response[1] == self.id, response
            answer += response.get(4, b"")
            if not response.get(3):
                return response.get(2, 0), json.loads(answer)


def branin(x, y):
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


parser = argparse.ArgumentParser()
parser.add_argument("--connect", required=True)
parser.add_argument("--patience", type=float, default=20)
parser.add_argument("sweep")
asker = Asker(parser.parse_args())
told, first = 0, None
while True:
    status, asked = asker.request("ask", asker="portside")
    assert status == 0, asked
    if asked["trial"] is None:
        if "retry_seconds" not in asked:
            break
        time.sleep(asked["retry_seconds"])
        continue
    whose = {"trial": asked["trial"], "attempt": asked["attempt"]}
    first = first or whose
    status, alive = asker.request("report", **whose)
    assert status == 0 and alive["verdict"] == "continue", alive
    status, verdict = asker.request("tell", **whose, values={"loss": branin(**asked["parameters"])})
    assert status == 0 and verdict["verdict"] == "stop", verdict
    told += 1
print(json.dumps({"told": told}))
for verb, arguments in ("tell", {**first, "values": {"loss": -1}}), ("tell", {"trial": 1}), ("ask", {"trial": 1}):
    status, refusal = asker.request(verb, **arguments)
    print(json.dumps({"status": status, "code": refusal["code"]}))
