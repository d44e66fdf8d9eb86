"""What a program says to sweepd when it is a trial; standard library only.

    import sweepd

    width = sweepd.parameters["width"]
    start = load(sweepd.checkpoint) if sweepd.start_epoch else ...
    for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
        ...
        sweepd.report(epoch, {"training.loss": a, "validation.loss": b}, save=lambda folder: ...)

`report` ends the program when sweepd has no more work for it. Run by hand, outside of sweepd, the program goes on to its end
and each report is printed; parameters are then those of the file named by SWEEPD_PARAMETERS_FILE, or what
`sweepd.defaults(...)` was given.
"""

from __future__ import annotations

import json
import math
import os
import pathlib
import sys
from typing import Any, Callable, Mapping, Optional

__all__ = ["checkpoint", "defaults", "epochs", "is_trial", "parameters", "report", "seed", "start_epoch", "threads"]


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


def defaults(values: Mapping[str, Any], *, epochs: Optional[int] = None) -> dict[str, Any]:
    """Values for what sweepd does not set, so that the program also runs by hand; returns `parameters`."""
    for name, value in values.items():
        parameters.setdefault(name, value)
    if epochs is not None and "SWEEPD_EPOCHS" not in os.environ:
        globals()["epochs"] = epochs
    return parameters


def _number(value: Any) -> Any:
    """A number as JSON has it: also of NumPy and PyTorch, and in words where JSON has none."""
    number = float(value)
    return number if math.isfinite(number) else "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _write(line: dict[str, Any]) -> None:
    data = (json.dumps(line) + "\n").encode()
    while data:
        data = data[os.write(_reports, data):]


def _read() -> str:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(_verdicts, 1)
        if not byte:
            return "stop"
        line += byte
    return str(json.loads(line).get("verdict", "stop"))


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
    verdict = _read()
    if verdict == "continue":
        return
    if verdict == "pause" and save is not None:
        checkpoint.mkdir(parents=True, exist_ok=True)
        save(checkpoint)
        _write({"checkpoint": int(epoch)})
    sys.stdout.flush()
    sys.exit(0)
