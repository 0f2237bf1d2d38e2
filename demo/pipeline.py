"""Runs `meltano run` with the demo's own state, and gives back what it logged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.launch import Sandbox

ROOT = Path(__file__).parent.parent
MELTANO = ROOT / ".venv-meltano" / "bin" / "meltano"
OUTPUT = ROOT / "output" / "demo"
WAREHOUSE = OUTPUT / "warehouse.duckdb"
SCORES = OUTPUT / "lead_scores.jsonl"
REPORT = OUTPUT / "tap-report.json"
TAP_RECEIPT = OUTPUT / "tap-receipt.json"
DASHBOARD = OUTPUT / "dashboard.html"


class DemoError(RuntimeError):
    """A step failed; the message says which and where its log is."""


def check(holds: object, what: str) -> None:
    """Fail the demo unless something holds."""
    if not holds:
        raise DemoError(what)


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Where the demo's plugins find everything."""
    return {
        **os.environ,
        "TAP_CHAKRA_API_KEY": sandbox.api_key,
        "TAP_CHAKRA_API_URL": sandbox.url,
        "TARGET_DUCKDB_PATH": str(WAREHOUSE),
        "TAP_JSONL_PATH": str(SCORES),
        "TARGET_CHAKRA_API_KEY": sandbox.api_key,
        "TARGET_CHAKRA_API_URL": sandbox.url,
        "TARGET_CHAKRA_JOURNAL": f"sqlite:///{OUTPUT / 'journal.db'}",
        "TARGET_CHAKRA_REJECTS_PATH": str(OUTPUT / "rejects.jsonl"),
        "TAP_CHAKRA_REPORT_PATH": str(REPORT),
        "TAP_CHAKRA_RECEIPT_PATH": str(TAP_RECEIPT),
        "MELTANO_DATABASE_URI": f"sqlite:///{OUTPUT / 'meltano.db'}",
        "NO_COLOR": "1",
    }


def meltano(sandbox: Sandbox, name: str, *args: str, more: Mapping[str, str] | None = None) -> str:
    """One call of Meltano; what it logged.

    Raises:
        DemoError: It did not end well.
    """
    log = OUTPUT / f"{name}.log"
    with log.open("w") as file:
        child = subprocess.Popen(  # noqa: S603 - our own command
            [str(MELTANO), *args],
            cwd=ROOT,
            env={**environment(sandbox), **(more or {})},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            code = child.wait()
        finally:
            _end(child)
    if code:
        raise DemoError(f"meltano ended with {code}; see {shown(log)}")
    return log.read_text()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End Meltano and the plugins that it started: they share its session."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def receipt(log: str) -> dict[str, Any]:
    """The receipt in what a run of the target logged.

    Raises:
        DemoError: There is none.
    """
    found = [line[line.index('{"run":') :] for line in log.splitlines() if '{"run":' in line]
    check(found, "the run's log holds no receipt")
    made: dict[str, Any] = json.JSONDecoder().raw_decode(found[-1])[0]
    return made


def emitted() -> dict[str, int]:
    """How many rows the last run of the tap emitted, by stream."""
    streams: dict[str, dict[str, int]] = json.loads(TAP_RECEIPT.read_text())["streams"]
    return {name: told["emitted"] for name, told in streams.items()}


def shown(path: Path) -> str:
    """A path as a reader of the demo would type it."""
    return str(path.relative_to(ROOT))
