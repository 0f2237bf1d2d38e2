"""`make fuzz` tries twenty times as much as `make test`, and leaves its figures."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.campaigns.results import REAL
from tests.fuzz.endings import STEPS

settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=2_000,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
BEGAN = time.monotonic()
FIGURES = REAL / "fuzz.jsonl"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what one of several processes tried to the one that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["fuzz_steps"] = dict(STEPS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what one of several processes tried."""
    STEPS.update(getattr(node, "workeroutput", {}).get("fuzz_steps", {}))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how much was tried."""
    if not STEPS:
        return
    said = ", ".join(f"{kind} {count:,}" for kind, count in sorted(STEPS.items()))
    terminalreporter.write_line(f"bad input: {STEPS.total():,} steps ({said})")
    if config.getoption("--hypothesis-profile") != "fuzz":
        return
    failed = len(terminalreporter.stats.get("failed", ()))
    row = {
        "campaign": "bad input",
        "cases": STEPS.total(),
        "faults": STEPS.total(),
        "rows": 0,
        "lost": 0,
        "doubled": 0,
        "wrong": failed,
        "unknown": 0,
        "seconds": round(time.monotonic() - BEGAN),
    }
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(row) + "\n")
