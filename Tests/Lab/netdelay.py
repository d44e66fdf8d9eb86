#!/usr/bin/env python3
"""netdelay.py: joins two network interfaces and holds every frame for a time, its order kept.

It stands in for the kernel's netem queue, which many kernels are built without. The senders must compute checksums and
segments themselves (ethtool -K … tx off tso off gso off), because a frame is passed on as it is.
"""
import argparse
import collections
import os
import pathlib
import random
import select
import socket
import time

ETH_P_ALL = 3
BURST = 64  # frames taken from one side before the other is looked at
WAITING = 20_000  # frames held in one direction at most; a link's queue drops what comes beyond it, too


def attach(interface):
    """A socket that reads and writes the interface's frames."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind((interface, 0))
    link.setblocking(False)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    return link


class Direction:
    """Frames on their way from one interface to the other."""

    def __init__(self, source, target, seconds, jitter, rng):
        self.source, self.target = source, target
        self.seconds, self.jitter, self.rng = seconds, jitter, rng
        self.waiting = collections.deque()  # (time due, frame), earliest first

    def take(self):
        for _ in range(BURST):
            try:
                frame, address = self.source.recvfrom(65536)
            except BlockingIOError:
                return
            if address[2] == socket.PACKET_OUTGOING or len(self.waiting) >= WAITING:
                continue
            due = time.monotonic() + self.seconds + self.rng.uniform(-self.jitter, self.jitter)
            if self.waiting:
                due = max(due, self.waiting[-1][0])
            self.waiting.append((due, frame))

    def give(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            try:
                self.target.send(self.waiting.popleft()[1])
            except OSError:
                pass  # the target's queue is full: a frame is lost, as on a link


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("milliseconds", type=float)
    parser.add_argument("jitter", type=float, nargs="?", default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ready", type=pathlib.Path, help="a file to make when frames begin to pass")
    arguments = parser.parse_args()

    # Whoever started the lab may see the lab's end by a descriptor that closes with it; this process stays.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    first, second = attach(arguments.first), attach(arguments.second)
    rng = random.Random(arguments.seed)
    timing = (arguments.milliseconds / 1000, arguments.jitter / 1000, rng)
    directions = [Direction(first, second, *timing), Direction(second, first, *timing)]
    by_descriptor = {direction.source.fileno(): direction for direction in directions}
    poll = select.poll()
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    if arguments.ready:
        arguments.ready.touch()
    while True:
        due = [direction.waiting[0][0] for direction in directions if direction.waiting]
        wait = max(0.0, (min(due) - time.monotonic()) * 1000) if due else None
        for descriptor, _ in poll.poll(wait):
            by_descriptor[descriptor].take()
        for direction in directions:
            direction.give()


if __name__ == "__main__":
    main()
