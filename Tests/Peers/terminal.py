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


def lead(command, tell):
    """Runs the command in the terminal's foreground as a shell does, so that Ctrl-Z stops it; ends like it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    os.write(tell, b"%d\n" % pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def main():
    what, command = sys.argv[1], sys.argv[2:]
    told, tell = os.pipe()
    leader, terminal = pty.fork()
    if leader == 0:
        lead(command, tell)
    pid = int(os.read(told, 32))
    shown = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    state = lambda of: open(f"/proc/{of}/stat").read().rpartition(")")[2].split()[0]
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
        wait("it stops", lambda: state(pid) == "T")
        if not shown():
            sys.exit("stopped, the terminal still hides what is typed")
        os.kill(pid, signal.SIGCONT)
        wait("it asks again", lambda: not shown())
        os.write(terminal, b"\x03")
    wait("it ends", lambda: state(leader) == "Z")
    if not shown():
        sys.exit("the terminal still hides what is typed")
    code = os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
    if code != 128 + expected:
        sys.exit(f"ended with {code}, expected signal {expected}")


if __name__ == "__main__":
    main()
