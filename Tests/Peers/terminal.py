#!/usr/bin/env python3
"""terminal.py WHAT COMMAND…: runs a command that asks for a secret on a terminal of its own, and ends it there.

WHAT: interrupt (Ctrl-C is typed), terminate (SIGTERM), stop (Ctrl-Z, then it goes on and is interrupted). Exit code 0 when the
terminal hides what is typed while it is asked, shows it afterwards, and the command ended by the signal; 1 and a line otherwise.
"""
import os
import pty
import signal
import sys
import termios
import time

LIMIT = 20  # seconds for each step


def wait(what, condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within {LIMIT} s: {what}")
        time.sleep(0.01)


def main():
    what, command = sys.argv[1], sys.argv[2:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    shown = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    state = lambda: open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
    if not shown():
        sys.exit("the terminal hides what is typed from the start")
    wait("it asks and hides the answer", lambda: not shown())
    expected = signal.SIGTERM if what == "terminate" else signal.SIGINT
    if what == "terminate":
        os.kill(pid, signal.SIGTERM)
    elif what == "interrupt":
        os.write(terminal, b"\x03")
    else:
        os.write(terminal, b"\x1a")
        wait("it stops", lambda: state() == "T")
        if not shown():
            sys.exit("stopped, the terminal still hides what is typed")
        os.kill(pid, signal.SIGCONT)
        wait("it asks again", lambda: not shown())
        os.write(terminal, b"\x03")
    wait("it ends", lambda: state() == "Z")
    if not shown():
        sys.exit("the terminal still hides what is typed")
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != expected:
        sys.exit(f"ended with {os.waitstatus_to_exitcode(status)}, expected signal {expected}")


if __name__ == "__main__":
    main()
