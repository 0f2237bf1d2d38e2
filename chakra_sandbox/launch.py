"""Starts a sandbox as a child and talks to its control endpoints; for tests and the demo."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import sysconfig
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_READY_SECONDS = 120.0
_STOP_SECONDS = 5.0
# Loopback must never go through a proxy that the environment names.
_OPENER = build_opener(ProxyHandler({}))
_SECRET = ("TAP_CHAKRA_", "TARGET_CHAKRA_", "SOURCES__", "DESTINATION__")
"""How variables begin that hold settings of the other packages: no affair of a sandbox."""
_BOOT = """
import os, runpy, sys
from importlib.machinery import PathFinder
root, path, *sys.argv[1:] = sys.argv[1:]
class Own:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [root]) if name == "chakra_sandbox" else None
sys.meta_path.insert(0, Own)
sys.path[:] = path.split(os.pathsep)
runpy.run_module("chakra_sandbox", run_name="__main__", alter_sys=True)
"""
"""Runs this package from where it lies, and finds nothing else there: not what a stranger put into
the current folder, which `python -m` would search first."""


class SandboxError(RuntimeError):
    """The sandbox did not start; the message holds what it printed."""


@dataclass(frozen=True, slots=True)
class OracleRow:
    """A row with its times, in epoch milliseconds.

    Attributes:
        id: Process id.
        born_ms: When it was created.
        died_ms: When it was deleted, None while it lives.
        updated_ms: Its last `updatedAt`.
        changes: When it was changed.
        row: The process as it is or was.
    """

    id: str
    born_ms: int
    died_ms: int | None
    updated_ms: int
    changes: tuple[int, ...]
    row: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """Its attributes."""
        data: dict[str, Any] = self.row["data"]
        return data

    def lived_through(self, start_ms: int, end_ms: int) -> bool:
        """Say whether it was there from `start_ms` to `end_ms`."""
        return self.born_ms < start_ms and (self.died_ms is None or self.died_ms > end_ms)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        url: Base URL of the API, without a slash at the end.
        api_key: The key that may do everything.
        control: Base URL of the control endpoints.
        pid: Of the child.
    """

    url: str
    api_key: str
    control: str
    pid: int

    def get_json(self, path: str) -> Any:  # noqa: ANN401 - JSON of the wire
        """GET a path of the API (`/v1/ext/config`) with the key; returns the parsed answer."""
        return json.loads(_call("GET", self.url + path, key=self.api_key))

    def post_json(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON of the wire
        """POST JSON to a path of the API with the key; returns the parsed answer."""
        return json.loads(_call("POST", self.url + path, body, self.api_key))

    def knobs(self, **changes: object) -> dict[str, Any]:
        """Turn knobs, none to only look; returns them all."""
        made: dict[str, Any] = json.loads(_call("PATCH", f"{self.control}/knobs", changes))
        return made

    def mutate(self, procedure: str = "lead", **counts: int) -> dict[str, list[str]]:
        """Insert, update and delete rows behind the API.

        Args:
            procedure: Its shortId.
            counts: insert=, update=, delete= (how many) and seed=.

        Returns:
            The ids under `inserted`, `updated` and `deleted`.
        """
        body = {"procedure": procedure, **counts}
        made: dict[str, list[str]] = json.loads(_call("POST", f"{self.control}/mutate", body))
        return made

    def call(self, url: str, secret: str = "", **more: object) -> dict[str, int]:
        """Have webhook calls sent; how many were answered how.

        Args:
            url: Where to.
            secret: What they are signed with; empty for no signature.
            more: `form` (chakra, meta, change), `count`, `first`, `procedure`.
        """
        body = {"url": url, "secret": secret, **more}
        sent = json.loads(_call("POST", f"{self.control}/call", body))
        answers: dict[str, int] = sent["answers"]
        return answers

    def oracle(self, procedure: str = "lead") -> list[OracleRow]:
        """Return every row that ever was, oldest first."""
        lines = _call("GET", f"{self.control}/oracle?procedure={procedure}").splitlines()
        return [_oracle_row(json.loads(line)) for line in lines]

    def arrived(self, kind: str = "messages") -> list[dict[str, Any]]:
        """Return what arrived beside processes, in its order.

        Args:
            kind: `messages`, `tasks`, `photos`, `media`, or `templates` as they are now.
        """
        return [json.loads(line) for line in _lines(f"{self.control}/arrived?kind={kind}")]

    def review(self, template: str, status: str) -> None:
        """Have Meta decide on a message template: `APPROVED`, `REJECTED`, `PAUSED` and so on."""
        _call("POST", f"{self.control}/review", {"template": template, "status": status})

    def requests(self) -> list[dict[str, Any]]:
        """Return the log: a request each, with its query, user agent, status, fault and body."""
        return [json.loads(line) for line in _call("GET", f"{self.control}/requests").splitlines()]

    def forget_requests(self) -> None:
        """Empty the log."""
        _call("DELETE", f"{self.control}/requests")

    def stats(self) -> dict[str, Any]:
        """Return requests so far, living rows by procedure, CPU seconds and the server's time."""
        made: dict[str, Any] = json.loads(_call("GET", f"{self.control}/stats"))
        return made


def _oracle_row(line: dict[str, Any]) -> OracleRow:
    return OracleRow(
        id=line["id"],
        born_ms=line["born_ms"],
        died_ms=line["died_ms"],
        updated_ms=line["updatedAt"],
        changes=tuple(line["changes"]),
        row=line["row"],
    )


def _lines(url: str) -> list[bytes]:
    return _call("GET", url).splitlines()


def _call(method: str, url: str, body: object = None, key: str | None = None) -> bytes:
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - our own http URL
    with _OPENER.open(request, timeout=_READY_SECONDS) as answer:
        content: bytes = answer.read()
        return content


@contextmanager
def start_sandbox(
    args: Sequence[str] = (), *, ready_seconds: float = _READY_SECONDS
) -> Iterator[Sandbox]:
    """Run a sandbox while the block lasts; it is ended however the block ends.

    Args:
        args: Of `python -m chakra_sandbox`, for example `["--rows", "1000"]`.
        ready_seconds: How long it may take to begin; a million rows are made in half a minute.

    Raises:
        SandboxError: It ended or said nothing before it was ready.
    """
    child = subprocess.Popen(  # noqa: S603 - our own module
        # Its end of our pipe closes even if we are killed, and then it ends too.
        [sys.executable, "-I", "-c", _BOOT, *_places(), "--stop-on-eof", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={k: v for k, v in os.environ.items() if not k.startswith(_SECRET)},
        text=True,
    )
    try:
        ready = json.loads(_first_line(child, ready_seconds))
        yield Sandbox(ready["url"], ready["api_key"], ready["control"], child.pid)
    finally:
        _end(child)


def _places() -> tuple[str, str]:
    """Where this package lies, and the path of this process without the current folder.

    But with the folders of installed packages, though somebody stands in one.
    """
    here = Path.cwd()
    installed = {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    kept = [Path(each) for each in sys.path if Path(each).is_absolute()]
    path = [str(each) for each in kept if each != here or each in installed]
    return str(Path(__file__).absolute().parents[1]), os.pathsep.join(path)


def _first_line(child: subprocess.Popen[str], ready_seconds: float) -> str:
    lines: queue.Queue[str] = queue.Queue()
    stdout = child.stdout
    if stdout is None:
        raise SandboxError("the sandbox has no output")
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=ready_seconds)
    except queue.Empty:
        raise SandboxError(f"the sandbox was not ready in {ready_seconds:.0f} s") from None
    if not line:
        child.wait(_STOP_SECONDS)
        said = child.stderr.read() if child.stderr else ""
        raise SandboxError(f"the sandbox ended with {child.returncode}: {said.strip()}")
    return line


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
