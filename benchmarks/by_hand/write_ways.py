"""The ways to write rows that are compared: how each is begun, and begun again after it died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.by_hand import write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_sandbox.launch import Sandbox

ROOT = Path(__file__).parent.parent.parent
PEERS = ROOT / "benchmarks" / "peers"
LIMIT = 900
"""Seconds after which a run is given up."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a way writes, and what.

    Attributes:
        sandbox: ChakraHQ.
        folder: Its own, and its working folder.
        rows: What it is to write.
        key: The attribute that names a process; None creates one of each row.
    """

    sandbox: Sandbox
    folder: Path
    rows: Sequence[dict[str, Any]]
    key: str | None

    def settings(self) -> dict[str, Any]:
        """Those of the target and of our dlt destination."""
        mapping: dict[str, Any] = {"stream": write_rows.STREAM, "procedure": "lead"}
        mapping |= {"key": self.key} if self.key else {"mode": "insert"}
        return {
            "api_key": self.sandbox.api_key,
            "api_url": self.sandbox.url,
            "streams": [mapping],
            "journal": f"sqlite:///{self.folder}/journal.db",
            "rejects_path": str(self.folder / "rejects.jsonl"),
            # The sandbox begins a job at once; by default it is waited for longer.
            "lost_answer_horizon": 10,
            "job_timeout": 60,
        }

    def write(self, name: str, value: object) -> str:
        """Write a JSON file; its path."""
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def lines(self) -> str:
        """The rows as JSON lines; the path."""
        path = self.folder / "rows.jsonl"
        write_rows.write_lines(self.rows, path)
        return str(path)

    def singer(self, start: int) -> str:
        """The rows as Singer messages, from one on; the path."""
        path = self.folder / "rows.singer"
        write_rows.write_singer(self.rows, path, self.key, start)
        return str(path)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to write.

    Attributes:
        name: As the tables have it.
        command: Its words, from a place and the row that its last STATE named.
        journalled: Whether it is ours, and has a word for rows that nobody knows of.
    """

    name: str
    command: Callable[[Place, int], list[str]]
    journalled: bool = False


def _loop(place: Place, _start: int) -> list[str]:
    key = [place.key] if place.key else []
    given = [place.sandbox.url, place.sandbox.api_key, place.lines(), *key]
    return [str(PEERS / "write_loop.py"), *given]


def _batch_sink(place: Place, start: int) -> list[str]:
    settings = {"api_url": place.sandbox.url, "auth_token": place.sandbox.api_key}
    config = place.write("plain.json", settings)
    script = str(PEERS / "write_batch_sink.py")
    return [script, "--config", config, "--input", place.singer(start)]


def _dlt(place: Place, start: int) -> list[str]:
    _, *given = _loop(place, start)
    return [str(PEERS / "write_dlt.py"), *given]


def _target(place: Place, start: int) -> list[str]:
    config = place.write("config.json", place.settings())
    return ["-m", "target_chakra", "--config", config, "--input", place.singer(start)]


def _chakra_destination(place: Place, _start: int) -> list[str]:
    key = [place.key] if place.key else []
    config = place.write("config.json", place.settings())
    return [str(PEERS / "write_dlt_chakra.py"), config, place.lines(), *key]


WAYS = (
    Way("a bare loop", _loop),
    Way("a BatchSink of singer-sdk", _batch_sink),
    Way("a custom destination of dlt", _dlt),
    Way("`target-chakra`", _target, journalled=True),
    Way("`chakra_destination` in dlt", _chakra_destination, journalled=True),
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        code: Exit code; less than 0 where a signal ended it.
        seconds: From its start.
        cpu: CPU seconds, the start among them.
        said: Standard error and output, and its rejects file.
        passed: The row that its last STATE named.
    """

    code: int
    seconds: float
    cpu: float
    said: str
    passed: int


class Run:
    """A run of a way, under way.

    Args:
        way: Which.
        place: Where.
        start: The row that the last STATE named.
    """

    def __init__(self, way: Way, place: Place, start: int = 0) -> None:
        self._folder, self._start = place.folder, start
        command = [sys.executable, *way.command(place, start)]
        self._out = (place.folder / "out").open("w+b")
        self._began = time.monotonic()
        self._child = subprocess.Popen(
            command, cwd=place.folder, env=_environment(), stdout=self._out, stderr=self._out
        )

    def alive(self) -> bool:
        """Whether it has not ended; leaves it to `end` to ask how."""
        done = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return done is None

    def kill(self) -> None:
        """Kill it."""
        os.kill(self._child.pid, signal.SIGKILL)

    def end(self) -> Ended:
        """Wait for its end."""
        while self.alive() and time.monotonic() < self._began + LIMIT:
            time.sleep(0.005)
        if self.alive():
            self.kill()
        # wait4 tells the CPU of this child alone.
        _, status, usage = os.wait4(self._child.pid, 0)
        seconds = time.monotonic() - self._began
        self._child.returncode = os.waitstatus_to_exitcode(status)
        self._out.seek(0)
        said = self._out.read().decode(errors="replace")
        self._out.close()
        rejects = self._folder / "rejects.jsonl"
        passed = max([self._start, *_states(said)])
        said += rejects.read_text() if rejects.exists() else ""
        cpu = usage.ru_utime + usage.ru_stime
        return Ended(self._child.returncode, seconds, cpu, said, passed)


def _states(said: str) -> list[int]:
    lines = [line for line in said.splitlines() if line.startswith('{"rows"')]
    return [json.loads(line)["rows"] for line in lines]


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TARGET_CHAKRA_")}
    return {**kept, "PYTHONPATH": str(ROOT), "RUNTIME__DLTHUB_TELEMETRY": "false"}


def submits(sandbox: Sandbox) -> int:
    """How many bulk requests it got."""
    return sum(
        each["method"] == "PATCH" or each["path"].endswith("bulk-create")
        for each in sandbox.requests()
    )
