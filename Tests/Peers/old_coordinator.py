#!/usr/bin/env python3
"""A coordinator of a build that speaks version 1 of the protocol alone: all that it does is to say so, in the words of that build.
Needs pyzmq. Prints JSON lines: where it listens, then the version and kind of each message that comes. It runs until it is ended.
"""
import json, zmq

def field(number, value):
    """A field of protobuf: a number below 128, or a text shorter than that."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value

if __name__ == "__main__":
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(json.dumps({"listens": f"tcp://127.0.0.1:{port}"}), flush=True)
    while True:
        peer, header, _ = socket.recv_multipart()
        version, kind = header[4], header[5]
        print(json.dumps({"version": version, "kind": kind}), flush=True)
        if version != 1:
            problem = field(1, kind) + field(2, 3) + field(3, f"protocol version {version}, version 1 is spoken here".encode())
            socket.send_multipart([peer, b"SWPD\x01\x01", problem])
