#!/usr/bin/env python3
"""screen.py [--resize COLUMNS] [--interrupt] COLUMNS ROWS COMMAND…: runs a command on a terminal and says what was seen there.

Once the screen shows a sweep that runs, the terminal gets another width (--resize) or Ctrl-C is typed (--interrupt). Prints JSON:
`screen` (the lines at the end), `frames` (how often it looked different), `repeated` (the most lines with "trials ended" at once),
`colour` and `ascii` (of all that was written), `escapes` (whether there was any), `code` (how the command ended) and `sane` (whether the
terminal's settings are those of before).
"""
import argparse
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte

LIMIT = 120  # seconds


def size(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("columns", type=int)
    parser.add_argument("rows", type=int)
    parser.add_argument("--resize", type=int)
    parser.add_argument("--interrupt", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    screen = pyte.Screen(options.columns, options.rows)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        # The size is there before the command looks.
        size(0, options.columns, options.rows)
        os.execvp(options.command[0], options.command)
    before = None
    written = b""
    frames, repeated, is_disturbed = set(), 0, False
    deadline = time.monotonic() + LIMIT
    while True:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            sys.exit(f"not over within {LIMIT} s:\n" + "\n".join(screen.display))
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        before = before or termios.tcgetattr(terminal)
        written += data
        stream.feed(data)
        lines = [line.rstrip() for line in screen.display]
        frames.add("\n".join(lines))
        repeated = max(repeated, sum("trials ended" in line for line in lines))
        if not is_disturbed and any("running" in line for line in lines) and any("busy" in line for line in lines):
            if options.resize:
                size(terminal, options.resize, options.rows)
                screen.resize(options.rows, options.resize)
                os.kill(pid, signal.SIGWINCH)
            if options.interrupt:
                os.write(terminal, b"\x03")
            is_disturbed = True
    sane = before is None or termios.tcgetattr(terminal) == before
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    json.dump(
        {
            "screen": [line.rstrip() for line in screen.display],
            "frames": len(frames),
            "repeated": repeated,
            "colour": any(b"\x1b[%dm" % number in written for number in (1, 2, 31, 32, 33)),
            "ascii": written.isascii(),
            "escapes": b"\x1b" in written,
            "code": code,
            "sane": sane,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
