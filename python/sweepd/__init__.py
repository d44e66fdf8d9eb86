"""What a program says to sweepd when it is a trial; standard library only.

    import sweepd

    width = sweepd.parameters["width"]
    start = load(sweepd.checkpoint) if sweepd.start_epoch else ...
    for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
        ...
        sweepd.report(epoch, {"training.loss": a, "validation.loss": b}, save=lambda folder: ...)

`report` ends the program when sweepd has no more work for it. With `train: {reuse: true}` in the sweep file a process can serve
one trial after another, so that imports and data are paid once:

    def train():
        ...  # all of the above, with what is in `sweepd` now

    sweepd.run(train)

Run by hand, outside of sweepd, the program goes on to its end
and each report is printed; parameters are then those of the file named by SWEEPD_PARAMETERS_FILE, or what
`sweepd.defaults(...)` was given.
"""

from __future__ import annotations

import json
import math
import os
import pathlib
import stat
import sys
from typing import Any, Callable, Mapping, Optional

__all__ = [
    "TrialOver", "checkpoint", "defaults", "epochs", "is_trial", "parameters", "report", "run", "seed", "start_epoch",
    "threads", "trial",
]


class TrialOver(SystemExit):
    """What `report` raises when nothing more is wanted of the trial: within `run` its end, elsewhere the program's."""


def _descriptor(name: str) -> Optional[int]:
    text = os.environ.get(name, "")
    return int(text) if text.isdigit() else None


_reports = _descriptor("SWEEPD_REPORT_FD")
_verdicts = _descriptor("SWEEPD_VERDICT_FD")
_file = os.environ.get("SWEEPD_PARAMETERS_FILE")

#: Whether sweepd runs this program.
is_trial: bool = _reports is not None
#: The values of this trial, by name.
parameters: dict[str, Any] = json.loads(pathlib.Path(_file).read_text("utf-8")) if _file else {}
#: The trial's number in its sweep.
trial: int = int(os.environ.get("SWEEPD_TRIAL", "0"))
#: The last epoch that a whole run reports.
epochs: int = int(os.environ.get("SWEEPD_EPOCHS", "1"))
#: Epochs that were done when the state in `checkpoint` was saved; 0: begin anew.
start_epoch: int = int(os.environ.get("SWEEPD_START_EPOCH", "0"))
#: The folder for the program's state; it holds that of `start_epoch`.
checkpoint: pathlib.Path = pathlib.Path(os.environ.get("SWEEPD_CHECKPOINT", "checkpoint"))
#: A seed from 0 to 2**63 - 1, the same each time this trial runs.
seed: int = int(os.environ.get("SWEEPD_SEED", "0"))
#: Threads that the program may keep busy.
threads: int = int(os.environ.get("SWEEPD_THREADS", "1"))
_defaults: dict[str, Any] = {}


def defaults(values: Mapping[str, Any], *, epochs: Optional[int] = None) -> dict[str, Any]:
    """Values for what sweepd does not set, so that the program also runs by hand; returns `parameters`."""
    _defaults.update(values)
    for name, value in values.items():
        parameters.setdefault(name, value)
    if epochs is not None and "SWEEPD_EPOCHS" not in os.environ:
        globals()["epochs"] = epochs
    return parameters


def _number(value: Any) -> Any:
    """A number as JSON has it: also of NumPy and PyTorch, and in words where JSON has none."""
    number = float(value)
    return number if math.isfinite(number) else "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _is_given(descriptor: Optional[int]) -> bool:
    """Whether it is the pipe that sweepd opened: whoever starts another process closes it there, and the number may be a file's."""
    try:
        return descriptor is not None and stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _write(line: dict[str, Any]) -> None:
    if not (_is_given(_reports) and _is_given(_verdicts)):
        raise RuntimeError(
            f"the descriptors {_reports} and {_verdicts} are not sweepd's in this process: report from the program that sweepd "
            f"started, or let what starts this one pass them on (subprocess: pass_fds=({_reports}, {_verdicts}))"
        )
    data = (json.dumps(line) + "\n").encode()
    while data:
        data = data[os.write(_reports, data):]


def _read() -> dict[str, Any]:
    """The next line for the program; empty when no more comes."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(_verdicts, 1)
        if not byte:
            return {}
        line += byte
    return dict(json.loads(line))


def report(epoch: int, metrics: Mapping[str, Any], save: Optional[Callable[[pathlib.Path], None]] = None) -> None:
    """Tells what was measured after `epoch` (1, 2, 3, …) and waits for what to do; returns if the program is to go on.

    When the trial is to rest, `save(folder)` writes the state after this epoch, and the program ends; it may go on from there
    later, on another machine. Without `save` it would begin anew.
    """
    line: dict[str, Any] = {"epoch": int(epoch)}
    line.update((name, _number(value)) for name, value in metrics.items())
    if _reports is None or _verdicts is None:
        print(json.dumps(line), flush=True)
        return
    _write({**line, "wait": True})
    verdict = _read().get("verdict")
    if verdict == "continue":
        return
    if verdict == "pause" and save is not None:
        checkpoint.mkdir(parents=True, exist_ok=True)
        save(checkpoint)
        _write({"checkpoint": int(epoch)})
    sys.stdout.flush()
    raise TrialOver(0)


def _next() -> bool:
    """Waits for another trial and puts it where the first one was; False when there is none."""
    if _reports is None or _verdicts is None or "SWEEPD_REUSE" not in os.environ:
        return False
    # What is written from here on is the next trial's.
    sys.stdout.flush()
    sys.stderr.flush()
    _write({"next": True})
    told = _read()
    if "trial" not in told:
        return False
    parameters.clear()
    parameters.update(told["parameters"])
    for name, value in _defaults.items():
        parameters.setdefault(name, value)
    names = ("trial", "start_epoch", "epochs", "seed")
    globals().update({name: told[name] for name in names}, checkpoint=pathlib.Path(told["checkpoint"]))
    return True


def run(train: Callable[[], None]) -> None:
    """Calls `train` for this trial, and where the sweep file says `train: {reuse: true}` for others after it.

    Read `sweepd.parameters`, `sweepd.seed` and so on within `train`: they are another trial's at each call. What `train` leaves
    behind (global state, threads, random generators) is there for the next. An error that it raises ends the process; the next
    trial begins in a fresh one.
    """
    while True:
        try:
            train()
        except TrialOver:
            pass
        if not _next():
            return
