"""A client of a sweepd coordinator; standard library only.

    from sweepd.client import Client

    client = Client(directory="coordinator.sweepd")        # or Client("http://127.0.0.1:7780", token=...)
    client.submit("branin.yaml")
    for trial in client.trials("branin"):                  # of a sweep whose file has `train.ask`
        trial.tell({"loss": branin(**trial.parameters)})
    print(client.rank("branin", top=5))

A trial of several epochs reports each of them and does what it is told:

    for trial in client.trials("curve"):
        state = load(trial.number) if trial.epoch else begin(trial.parameters)
        verdict = "continue"
        while verdict == "continue":
            verdict = trial.report({"loss": state.step()})  # "continue", "pause" or "stop"
        if verdict == "pause":
            save(state, trial.number)                       # the trial may be given again, to anybody
"""

from __future__ import annotations

import http.client
import json
import math
import pathlib
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

__all__ = ["BadSweepFile", "Client", "LeaseLost", "SweepdError", "Trial"]

#: The longest reason of a failure that a coordinator takes, in bytes.
_REASON = 4096
#: States in which nothing of a sweep is trained any more but experiments on it.
OVER = ("finished", "cancelled")


class SweepdError(Exception):
    """A refusal: `status` of HTTP, `code` for programs, and the sentence as its text."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class BadSweepFile(SweepdError):
    """A sweep file that was not taken; `mistakes` has each with its line, as `sweepd validate` prints them."""

    def __init__(self, status: int, code: str, message: str, mistakes: List[str]) -> None:
        super().__init__(status, code, "\n".join(mistakes) or message)
        self.mistakes = mistakes


class LeaseLost(SweepdError):
    """The trial is not this asker's any more: it was silent for too long, or the trial ended."""


def _number(value: Any) -> Optional[float]:
    """A number as JSON has it, also of NumPy and PyTorch; None where it is not finite."""
    number = float(value)
    return number if math.isfinite(number) else None


class Trial:
    """A trial that was asked for. It is to be told of before `lease_seconds` pass without a word."""

    def __init__(self, client: Client, answer: Mapping[str, Any]) -> None:
        self._client = client
        self.sweep: str = answer["sweep"]
        #: From 1; the same whenever it is given again.
        self.number: int = answer["trial"]
        self.attempt: int = answer["attempt"]
        #: The values of `train.parameters`, by name.
        self.parameters: Dict[str, Any] = answer["parameters"]
        #: The same by path, as the ranked table has them.
        self.configuration: Dict[str, Any] = answer["configuration"]
        self.seed: int = answer["seed"]
        #: Epochs that were reported already.
        self.epoch: int = answer["epoch"]
        #: The epoch after which it is decided whether the trial goes on.
        self.to: Optional[int] = answer["to"]
        #: Epochs of a whole run.
        self.epochs: int = answer["epochs"]
        self.lease_seconds: float = answer["lease_seconds"]

    def report(self, values: Mapping[str, Any], *, seconds: Optional[float] = None) -> str:
        """Reports the next epoch; "continue", "pause" or "stop"."""
        return self._say("report", {**self._measured(values), "seconds": seconds})

    def beat(self) -> str:
        """Says that it is still evaluated, so that the lease begins anew."""
        return self._say("report", {})

    def tell(self, values: Optional[Mapping[str, Any]] = None, *, seconds: Optional[float] = None) -> None:
        """Ends the trial with these values, or with those of its last report."""
        self._say("tell", {**(self._measured(values) if values is not None else {}), "seconds": seconds})

    def fail(self, reason: str) -> None:
        """Ends the trial as failed. Of a reason of more than 4096 bytes, as tracebacks may have, the end is told."""
        # Cut between characters; the mark takes three bytes.
        text = reason.encode("utf-8", "replace")
        told = reason if len(text) <= _REASON else "…" + text[3 - _REASON :].decode("utf-8", "ignore")
        self._say("tell", {"failed": told or "no reason was told"})

    def hand_back(self) -> None:
        """Gives the trial back; it is offered to others at once."""
        self._say("tell", {"hand_back": True})

    def _measured(self, values: Mapping[str, Any]) -> Dict[str, Any]:
        # With its number a report that is sent twice counts once.
        return {"epoch": self.epoch + 1, "values": {name: _number(value) for name, value in values.items()}}

    def _say(self, word: str, body: Mapping[str, Any]) -> str:
        said = {name: value for name, value in body.items() if value is not None}
        answer = self._client._post(f"/sweeps/{_quoted(self.sweep)}/{word}", {"trial": self.number, "attempt": self.attempt, **said})
        self.attempt, self.epoch, self.to = answer["attempt"], answer["epoch"], answer["to"]
        return str(answer["verdict"])


class Client:
    """A coordinator, by its URL or by its directory on this machine (`endpoint.json`, and the token where it has one).

    While the coordinator cannot be reached, as during its restart, requests are made again for `patience` seconds; then what went
    wrong last is raised (an OSError or an http.client.HTTPException).
    """

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        directory: Union[str, pathlib.Path, None] = None,
        token: Optional[str] = None,
        patience: float = 60.0,
    ) -> None:
        if (url is None) == (directory is None):
            raise ValueError("give either url or directory")
        if url is not None and not url.lower().startswith(("http://", "https://")):
            raise ValueError(f"url: found {url!r}, allowed http://HOST:PORT, the address that the coordinator prints for its page")
        self._url = url.rstrip("/") if url else None
        self._directory = pathlib.Path(directory) if directory is not None else None
        self._token = token
        self.patience = patience

    def submit(self, file: Union[str, pathlib.Path], *, is_text: bool = False) -> Dict[str, Any]:
        """Hands in a sweep file, or with `is_text` its text; BadSweepFile with every mistake of it."""
        text = str(file) if is_text else pathlib.Path(file).read_text("utf-8")
        return self._ask("/sweeps", text.encode(), "application/yaml")

    def sweeps(self) -> List[Dict[str, Any]]:
        """Every sweep, in the order of submission."""
        return list(self._ask("/sweeps")["sweeps"])

    def status(self, sweep: str, *, patience: Optional[float] = None) -> Dict[str, Any]:
        """Where a sweep stands: the document of `sweepd status --format json`. With `patience` it is asked for no longer than that."""
        return self._ask(f"/sweeps/{_quoted(sweep)}/status", patience=patience)

    def wait(self, sweep: str, timeout: Optional[float] = None, *, every: float = 1.0) -> Dict[str, Any]:
        """Waits until a sweep and the experiments on it are over, or halted, and returns its status; TimeoutError after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                status = self.status(sweep, patience=_left(deadline))
            except (OSError, http.client.HTTPException) as failure:
                if deadline is None or time.monotonic() < deadline:
                    raise
                raise TimeoutError(f"nobody tells how {sweep} is after {timeout} s: {failure}") from failure
            # A halted one goes on only when somebody has mended what its `reason` says.
            experiments = status["state"] == "finished" and (status.get("experiments") or {}).get("state") == "under_way"
            if status["state"] in (*OVER, "halted") and not experiments:
                return status
            left = _left(deadline)
            if left is not None and left <= 0:
                words = ", experiments on it are under way" if experiments else ""
                raise TimeoutError(f"{sweep} is {status['state']}{words} after {timeout} s")
            time.sleep(every if left is None else min(every, left))

    def rank(self, sweep: str, top: Optional[int] = None, *, metric: Optional[str] = None) -> List[Dict[str, Any]]:
        """The rows of the ranked summary, the best first."""
        query = urllib.parse.urlencode({k: v for k, v in (("top", top), ("metric", metric)) if v is not None})
        return list(self._ask(f"/sweeps/{_quoted(sweep)}/rank" + (f"?{query}" if query else ""))["rows"])

    def rank_frame(self, sweep: str, top: Optional[int] = None, *, metric: Optional[str] = None) -> Any:
        """The same as a pandas frame, one column a parameter; ImportError where pandas is not installed."""
        import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]

        rows = self.rank(sweep, top, metric=metric)
        flat = [{**{k: v for k, v in row.items() if k != "configuration"}, **row["configuration"]} for row in rows]
        return pandas.DataFrame(flat)

    def curves(self, sweep: str, trial: Optional[int] = None) -> Dict[int, List[Dict[str, Any]]]:
        """The points of each trial's curve, by trial."""
        query = f"?trial={trial}" if trial is not None else ""
        document = self._ask(f"/sweeps/{_quoted(sweep)}/curves{query}")
        return {entry["trial"]: entry["points"] for entry in document["trials"]}

    def pause(self, sweep: str) -> Dict[str, Any]:
        """Hands out no more work of a sweep."""
        return self._post(f"/sweeps/{_quoted(sweep)}/pause", {})

    def resume(self, sweep: str) -> Dict[str, Any]:
        """Lets a sweep go on."""
        return self._post(f"/sweeps/{_quoted(sweep)}/resume", {})

    def cancel(self, sweep: str) -> Dict[str, Any]:
        """Ends a sweep; its trials that have not ended are pruned."""
        return self._post(f"/sweeps/{_quoted(sweep)}/cancel", {})

    def delete(self, sweep: str) -> Dict[str, Any]:
        """Removes a sweep that is over, for good, and returns what `list` said of it; nothing where that answer was lost on its way."""
        return self._ask(f"/sweeps/{_quoted(sweep)}", method="DELETE")

    def set(
        self, sweep: str, *, trials: Optional[int] = None, priority: Optional[int] = None, max_parallel: Optional[int] = None
    ) -> Dict[str, Any]:
        """Changes a sweep's number of trials, its priority, or how many trials may be out at once."""
        changes = {"trials": trials, "priority": priority, "max_parallel": max_parallel}
        return self._post(f"/sweeps/{_quoted(sweep)}/set", {k: v for k, v in changes.items() if v is not None})

    def enqueue(self, sweep: str, *configurations: Mapping[str, Any], more: bool = False) -> Dict[str, Any]:
        """Tries configurations before what the search proposes next, all of them or none; parameters that are left out are drawn.

        With `more` the sweep gets as many trials more as they take. Asked again after a lost answer they are not taken twice."""
        body = {"configurations": [dict(one) for one in configurations], "more": more, "key": uuid.uuid4().hex}
        return self._post(f"/sweeps/{_quoted(sweep)}/enqueue", body)

    def ask(self, sweep: str, *, asker: Optional[str] = None, wait: bool = True) -> Optional[Trial]:
        """A trial to evaluate; None when the sweep is over, and without `wait` also when there is none now."""
        while True:
            answer = self._post(f"/sweeps/{_quoted(sweep)}/ask", {} if asker is None else {"asker": asker})
            if answer["trial"] is not None:
                return Trial(self, answer)
            if not wait or "retry_seconds" not in answer:
                return None
            time.sleep(answer["retry_seconds"])

    def trials(self, sweep: str, *, asker: Optional[str] = None) -> Iterator[Trial]:
        """Asks for trials until the sweep is over."""
        while (trial := self.ask(sweep, asker=asker)) is not None:
            yield trial

    def _post(self, path: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        return self._ask(path, json.dumps(body).encode(), "application/json")

    def _where(self) -> str:
        """The URL now: a coordinator that was started again may listen elsewhere."""
        if self._directory is None:
            return self._url or ""
        try:
            url = json.loads((self._directory / "endpoint.json").read_text("utf-8")).get("http")
        except FileNotFoundError:
            way = f"`sweepd coordinator --directory {self._directory}` starts it"
            raise FileNotFoundError(f"{self._directory}: its coordinator is not running; {way}") from None
        if not url:
            raise FileNotFoundError(f"the coordinator of {self._directory} serves no HTTP")
        return str(url)

    def _bearer(self) -> Optional[str]:
        if self._token is None and self._directory is not None:
            file = self._directory / "http-token"
            return file.read_text("utf-8").strip() if file.exists() else None
        return self._token

    def _ask(
        self,
        path: str,
        body: Optional[bytes] = None,
        kind: str = "application/json",
        *,
        method: Optional[str] = None,
        patience: Optional[float] = None,
    ) -> Dict[str, Any]:
        deadline = time.monotonic() + (self.patience if patience is None else min(self.patience, patience))
        pause = 0.1
        may_have_come = False
        while True:
            try:
                # An answer may take a minute, but hardly longer than the asker waits.
                longest = 60.0 if patience is None else min(60.0, max(1.0, deadline - time.monotonic()))
                return self._once(path, body, kind, method, longest)
            except urllib.error.HTTPError as refusal:
                error = _error(refusal)
                # The same request came before, and its answer was lost: what was to go is gone.
                if method == "DELETE" and may_have_come and error.code == "not_found":
                    return {}
                raise error from None
            except (OSError, http.client.HTTPException) as failure:
                if time.monotonic() >= deadline:
                    raise
                may_have_come = may_have_come or _may_have_come(failure)
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(2 * pause, 2.0)

    def _once(self, path: str, body: Optional[bytes], kind: str, method: Optional[str], timeout: float) -> Dict[str, Any]:
        headers = {"Accept": "application/json", "Sweepd-Request": "1"}
        if body is not None:
            headers["Content-Type"] = kind
        token = self._bearer()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self._where() + "/api/v1" + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return dict(json.load(answer))


def _left(deadline: Optional[float]) -> Optional[float]:
    """Seconds until then, not below 0; None where there is no end."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _quoted(sweep: str) -> str:
    return urllib.parse.quote(sweep, safe="")


def _may_have_come(failure: Exception) -> bool:
    """Whether somebody may have read the request: urllib wraps what goes wrong until it is sent, and files say where to and as whom."""
    return not isinstance(failure, (urllib.error.URLError, FileNotFoundError, PermissionError))


def _error(refusal: urllib.error.HTTPError) -> SweepdError:
    try:
        error = json.load(refusal)["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return SweepdError(refusal.code, "internal", f"the coordinator answered {refusal.code}")
    if "mistakes" in error:
        return BadSweepFile(refusal.code, code, message, list(error["mistakes"]))
    # A coordinator of before `lease_lost` says it as a conflict.
    is_lease = code == "lease_lost" or (code == "conflict" and message.startswith("attempt "))
    return (LeaseLost if is_lease else SweepdError)(refusal.code, code, message)
