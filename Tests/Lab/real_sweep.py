"""What the checks of whole clusters share: processes in a folder of their own, questions to a coordinator, and the table to compare.

A check is `with Check(...) as check:`; every process that it starts is its own child, and is ended by its number, whatever happens, also on
SIGTERM and Ctrl-C.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    """What a check found to be otherwise than it must be."""


def skip(reason):
    """Says why nothing is tried here, and ends."""
    print(f"SKIPPED: {reason}")
    print("0 passed, 0 failed, 1 skipped")
    raise SystemExit(0)


def absent(*programs):
    """Those of the programs that are not here; /usr/sbin is looked into too, which is not on every user's path."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [program for program in programs if not shutil.which(program, path=path)]


def arguments(description, trials, more=None):
    """What every check of this kind takes; `more` adds to its parser."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/sweepd", help="sweepd")
    parser.add_argument("--trials", type=int, default=trials, help=f"of the digits sweep; {trials} unless told")
    if more:
        more(parser)
    given = parser.parse_args()
    if not given.program.exists():
        raise SystemExit(f"{given.program} is not there: run `make build`")
    given.program = given.program.resolve()
    return given


class Check:
    """A folder, the processes started there, and what was found so far."""

    def __init__(self, name, sweepd, trials):
        self.name = name
        self.sweepd = str(sweepd)
        self.sweep = [str(ROOT / "sweeps/digits.yaml"), "--set", f"search.trials={trials}"]
        self.passed = 0
        self.children = []
        #: What is to be undone, the newest first: what was started last may need what was started before to end.
        self.endings = contextlib.ExitStack()

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.endings.callback(shutil.rmtree, self.folder)
        self.coordinator = str(self.folder / "lab.sweepd")
        signal.signal(signal.SIGTERM, self.stopped)
        return self

    @staticmethod
    def stopped(number, _):
        """SIGTERM leaves the check as an error does, so that all is undone; another one meanwhile does not disturb that."""
        # Not SIG_IGN, which whatever is started from here would have too.
        signal.signal(number, lambda *_: None)
        raise SystemExit(128 + number)

    def __exit__(self, kind, error, trace):
        self.endings.close()
        if kind is Failure:
            print(f"{self.name}: FAILED: {error}", file=sys.stderr)
            print(f"{self.passed} passed, 1 failed")
            raise SystemExit(1)
        if kind is None:
            print(f"{self.passed} passed, 0 failed")

    def passes(self, holds, text, otherwise=None):
        if not holds:
            raise Failure(otherwise or text)
        self.passed += 1
        print(f"ok  {text}", flush=True)

    def tell(self, text):
        print(f"    {text}", flush=True)

    # Processes

    def run(self, *words, exits=0, within=600):
        """Runs a command to its end and answers with its output."""
        done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=within, cwd=self.folder)
        if done.returncode != exits:
            raise Failure(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, name, *words):
        """Starts a process; what it says goes to NAME.log."""
        with open(self.folder / f"{name}.log", "w", encoding="utf-8") as log:
            child = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=subprocess.STDOUT, cwd=self.folder)
        self.endings.callback(self.end, child)
        child.name = name
        self.children.append(child)
        return child

    def end(self, child, within=30):
        # How it ends is no longer anybody's concern.
        if child in self.children:
            self.children.remove(child)
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(within)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def until(self, what, look, within=120):
        """Looks until there is an answer, which it returns; a child that ended with a failure meanwhile is told of."""
        end = time.monotonic() + within
        while True:
            if answer := look():
                return answer
            for child in self.children:
                if child.poll() not in (None, 0, -15):
                    raise Failure(f"{child.name} ended with {child.returncode}:\n{self.log(child.name)[-2000:]}")
            if time.monotonic() > end:
                raise Failure(f"not in {within} s: {what}")
            time.sleep(0.1)

    # The sweep

    def undisturbed(self):
        """The table of the sweep on this machine alone, its bytes."""
        directory = self.folder / "alone.sweepd"
        self.run(self.sweepd, "run", *self.sweep, "--directory", directory, "--http", "none")
        return self.run(self.sweepd, "rank", "digits", "--directory", directory, "--stable")

    def serve(self, listen, *before):
        """Starts a coordinator with a key of its own; `before` is what stands before the command. The address of its port."""
        self.run(self.sweepd, "keys", "new", f"{self.coordinator}/coordinator.key")
        self.start("coordinator", *before, self.sweepd, "coordinator", *self.sweep, "--listen", listen, "--http", "none",
                   "--directory", self.coordinator, "--log-level", "debug")
        endpoint = pathlib.Path(self.coordinator, "endpoint.json")
        self.until("the coordinator listens", endpoint.exists)
        return json.loads(endpoint.read_text())["worker"]

    def status(self, *before):
        return json.loads(self.run(*before, self.sweepd, "status", "digits", "--directory", self.coordinator, "--format", "json"))

    def said(self, message, **values):
        """How many lines of the coordinator's log have this message and these values."""
        marks = [f" {key.replace('_', '.')}={value} " for key, value in values.items()]
        return sum(line.endswith(f"] {message}") and all(mark in line for mark in marks)
                   for line in self.log("coordinator").splitlines())

    def same_table(self, expected, *before):
        """The last check: the table is the undisturbed one, byte for byte."""
        self.run(*before, self.sweepd, "wait", "digits", "--directory", self.coordinator, "--within", 900, within=1000)
        found = self.run(*before, self.sweepd, "rank", "digits", "--directory", self.coordinator, "--stable")
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in (expected, found)]
        self.passes(found == expected and len(found) > 1000,
                    f"rank --stable, sha256: {digests[0][:16]} alone, {digests[1][:16]} here ({len(json.loads(found)['rows'])} rows)")
