"""Runs the real `target-chakra` as its user would, and reads what it said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import warm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chakra_sandbox.launch import Sandbox

COMMAND = [sys.executable, "-m", "target_chakra"]
FAST = {"lost_answer_horizon": 5, "job_timeout": 20}
"""What tests with real runs set; the defaults are tested on a simulated clock."""


@dataclass
class Told:
    """What a run said.

    Attributes:
        code: Exit code.
        states: The STATEs that it passed on.
        stderr: Everything it said to a person.
        stdout: What a subcommand printed.
        receipt: The JSON of its receipt; empty if there is none.
    """

    code: int
    states: list[Any]
    stderr: str
    stdout: str
    receipt: dict[str, Any] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcomes that are not zero."""
        return {name: count for name, count in self.receipt["outcomes"].items() if count}


def settings(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    """Settings of a target that writes to a sandbox."""
    return {"api_key": sandbox.api_key, "api_url": sandbox.url, **FAST, **more}


def write(
    folder: Path, config: dict[str, Any], lines: Iterable[dict[str, Any] | str], *args: str
) -> Told:
    """Run the target in a folder on Singer messages (or lines as they are)."""
    text = "".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines)
    return _run(folder, config, list(args), text)


def operate(folder: Path, config: dict[str, Any], *args: str) -> Told:
    """Run a subcommand in the same folder."""
    return _run(folder, config, list(args), "")


def start(folder: Path, config: dict[str, Any], *args: str) -> subprocess.Popen[str]:
    """Start the target and leave its input open."""
    return subprocess.Popen(
        [*COMMAND, "--config", _config(folder, config), *args],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def kill_once(
    is_time: Callable[[], bool], folder: Path, config: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    """Run the target on Singer messages, and kill it (SIGKILL) in the middle.

    Args:
        is_time: Whether it has come far enough.
        folder: Where it runs.
        config: Its settings.
        lines: The messages; all are there, and the input ends behind them.

    Raises:
        AssertionError: It did not come so far in a minute.
    """
    with start(folder, config) as process:
        assert process.stdin is not None
        process.stdin.write("".join(json.dumps(each) + "\n" for each in lines))
        process.stdin.close()
        process.stdin = None
        try:
            wait_until(is_time)
        finally:
            process.kill()
            process.communicate()


def wait_until(is_time: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: It is not in a minute.
    """
    until = time.monotonic() + 60
    while not is_time():
        assert time.monotonic() < until, "it did not come so far"
        time.sleep(0.02)


def told(code: int, stdout: str, stderr: str) -> Told:
    """What a finished run said."""
    states = [value for line in stdout.splitlines() if (value := _json(line)) is not None]
    receipts = [line for line in stderr.splitlines() if line.startswith('{"run"')]
    receipt = json.loads(receipts[-1]) if receipts else {}
    return Told(code, states, stderr, stdout, receipt)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _run(folder: Path, config: dict[str, Any], args: list[str], text: str) -> Told:
    words = [*COMMAND, "--config", _config(folder, config), *args]
    done = warm.run(words, cwd=folder, text=text, env=environment())
    return told(done.returncode, done.stdout, done.stderr)


def _config(folder: Path, config: dict[str, Any]) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return str(path)


def environment() -> dict[str, str]:
    """The environment without settings of the target, on which the packages are found."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TARGET_CHAKRA_")}
    return {**kept, "PYTHONPATH": str(Path.cwd())}


# Singer messages


def schema(stream: str, columns: Sequence[str]) -> dict[str, Any]:
    """A SCHEMA of columns that may hold anything."""
    properties: dict[str, Any] = {column: {} for column in columns}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}}


def record(stream: str, **row: Any) -> dict[str, Any]:
    """A RECORD."""
    return {"type": "RECORD", "stream": stream, "record": row}


def state(value: Any) -> dict[str, Any]:
    """A STATE."""
    return {"type": "STATE", "value": value}


def living(sandbox: Sandbox, procedure: str = "lead") -> dict[str, dict[str, Any]]:
    """The living processes by primary key.

    Raises:
        AssertionError: A key is there twice.
    """
    key = {"lead": "lead_id", "ticket": "ticket_id", "order": "order_id"}[procedure]
    found: dict[str, dict[str, Any]] = {}
    for row in sandbox.oracle(procedure):
        if row.died_ms is None and key in row.data:
            assert row.data[key] not in found, f"{row.data[key]} is there twice"
            found[row.data[key]] = row.row
    return found


def writes(sandbox: Sandbox) -> int:
    """Requests that the sandbox got and that may have changed something."""
    return sum(
        request["method"] in ("PATCH", "PUT", "DELETE") or request["path"].endswith("bulk-create")
        for request in sandbox.requests()
    )
