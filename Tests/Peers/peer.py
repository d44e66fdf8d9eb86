#!/usr/bin/env python3
"""A second worker, written from docs/protocol.md alone: it takes trials and reports made-up epochs.
Needs pyzmq, protobuf 4 and protoc. Prints what it did as JSON lines; exit code 1 if told of a problem or left waiting.
"""
import argparse, hashlib, importlib, json, os, secrets, subprocess, sys, tempfile, time
import zmq

KINDS = {first + i: name for first, names in (
    (0x01, "Problem Goodbye ObjectOffer ObjectRequest ObjectChunk ObjectStored ObjectMissing"),
    (0x10, "Register Heartbeat Reports SegmentEnded Draining"),
    (0x20, "Welcome HeartbeatAnswer Assignments Acknowledged Verdicts Drain UnknownSession"),
) for i, name in enumerate(names.split())}
PROBLEM, HANDSHAKE, WINDOW = b"SWPD\x01", 2, 1 << 20

class Peer:
    def __init__(self, options):
        proto = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
        with tempfile.TemporaryDirectory() as out:
            subprocess.run(["protoc", "-I" + proto, "--python_out=" + out, "wire.proto"], check=True)
            sys.path.insert(0, out)
            self.pb = importlib.import_module("wire_pb2")
        self.options, self.sequence, self.leases, self.beat = options, 0, [], 0
        self.version = HANDSHAKE
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 2000
        self.socket.connect(options.connect)

    def did(self, what, wrong=False, **fields):
        print(json.dumps({"did": what, **fields}), flush=True)
        if wrong: sys.exit(1)

    def header(self, kind):
        """What a header of this kind begins with: its version is the handshake's or what was settled."""
        handshake = kind in ("Register", "Welcome", "UnknownSession")
        return PROBLEM if kind == "Problem" else b"SWPD" + bytes([HANDSHAKE if handshake else self.version])

    def send(self, kind, **fields):
        if kind in ("Reports", "SegmentEnded"):
            self.sequence += 1
            fields["sequence"] = self.sequence
        number = next(k for k, name in KINDS.items() if name == kind)
        header = b"SWPD" + bytes([self.options.header]) if kind == "Register" else self.header(kind)
        self.socket.send_multipart([header + bytes([number]), getattr(self.pb, kind)(**fields).SerializeToString()])

    def receive(self, wanted):
        """The next message of the kind `wanted`; heartbeats go out meanwhile, assignments are put by."""
        deadline = time.monotonic() + self.options.patience
        while time.monotonic() < deadline:
            if time.monotonic() >= self.beat and wanted != "Welcome":
                self.beat = time.monotonic() + self.beat_every
                self.send("Heartbeat", running=[dict(lease=a.lease) for a in self.leases[:1]])
            if not self.socket.poll(50): continue
            header, body = self.socket.recv_multipart()
            assert len(header) == 6 and header[5] in KINDS, header
            kind = KINDS[header[5]]
            assert header[:5] == self.header(kind), header
            message = getattr(self.pb, kind).FromString(body)
            if kind == "Problem" and message.code == 4 and self.options.unknown:
                self.did("was told of an unknown kind", kind=message.kind)
            elif kind == "Problem":
                self.did("was told of a problem", wrong=True, code=message.code, sentence=message.sentence)
            if kind == "Assignments": self.leases += message.leases
            if kind == wanted: return message
        self.did("gave up", wrong=True, waiting_for=wanted)

    def fetch(self, wanted):
        data = b""
        while len(data) < wanted.size:
            if len(data) % WINDOW == 0:
                self.send("ObjectRequest", hash=wanted.hash, offset=len(data), length=WINDOW)
            data += self.receive("ObjectChunk").bytes
        self.did("fetched", wrong=hashlib.sha256(data).digest() != wanted.hash, hash=wanted.hash.hex(), bytes=len(data))

    def train(self, a):
        name = f"{a.lease.sweep}/{a.lease.trial}#{a.lease.attempt}"
        self.did("took", lease=name, sweep=a.sweep_name, from_epoch=a.from_epoch, to_epoch=a.to_epoch)
        self.fetch(a.data_set)
        for epoch in range(a.from_epoch + 1, a.to_epoch + 1):
            item = dict(lease=a.lease, first_epoch=epoch, seconds=[0.001], values=[1 / (1 + epoch)] * len(a.metrics))
            self.send("Reports", items=[item])
        made = dict(hash=hashlib.sha256(name.encode()).digest(), size=len(name)) if a.keeps_checkpoint else None
        if made:
            self.send("ObjectOffer", head=name.encode(), **made)
            self.receive("ObjectStored")
        self.send("SegmentEnded", lease=a.lease, epoch=a.to_epoch, checkpoint=made, reached=self.pb.Empty())
        while self.receive("Acknowledged").sequence < self.sequence:
            pass
        self.did("ended", lease=name, epoch=a.to_epoch, acknowledged=self.sequence)

    def run(self):
        self.send("Register", name=self.options.name, incarnation=secrets.randbits(64), host="peer", pid=os.getpid(),
                  slots=1, kernels="python", core_version=self.options.core_version, software_version="peer 1",
                  oldest_version=self.options.oldest, newest_version=self.options.newest)
        welcome = self.receive("Welcome")
        self.beat_every = welcome.heartbeat_ms / 1000
        self.version = welcome.version or HANDSHAKE
        self.did("registered", session=welcome.session, coordinator=welcome.coordinator, version=self.version)
        for _ in range(self.options.unknown):
            self.socket.send_multipart([b"SWPD" + bytes([self.version, 0x7F]), b"from the future"])
        for _ in range(self.options.trials):
            if not self.leases:
                self.receive("Assignments")
            self.train(self.leases[0])
            self.leases.pop(0)
        self.send("Draining", handed_back=[a.lease for a in self.leases])
        self.send("Goodbye", reason="done")
        self.did("said goodbye", handed_back=len(self.leases))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="a worker of made-up numbers")
    parser.add_argument("--connect", required=True)
    for flag, default in {"--name": "peer", "--core-version": "3", "--trials": 1, "--patience": 20.0,
                          # The version in the header of the registration, what it says that it speaks (0 and 0: nothing), and how
                          # many messages of a kind that does not exist it sends.
                          "--header": HANDSHAKE, "--oldest": 0, "--newest": 0, "--unknown": 0}.items():
        parser.add_argument(flag, type=type(default), default=default)
    Peer(parser.parse_args()).run()
