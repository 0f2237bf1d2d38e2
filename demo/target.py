"""Types commands of `target-chakra` with the demo's settings, and gives back what they said."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from demo.pipeline import OUTPUT, ROOT, check, environment, shown

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox


def target(sandbox: Sandbox, name: str, *args: str) -> str:
    """One command, its settings from the environment; what it said.

    Raises:
        DemoError: It did not end well.
    """
    log = OUTPUT / f"{name}.log"
    with log.open("w") as file:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "target_chakra", "--config", "ENV", *args],
            cwd=ROOT,
            env=environment(sandbox),
            stdout=file,
            stderr=file,
            check=False,
        )
    check(done.returncode == 0, f"target-chakra ended with {done.returncode}; see {shown(log)}")
    return log.read_text()
