"""The name of a run's owner, told to another run that wants the same journal."""

from __future__ import annotations

import os
import socket


def run_owner() -> str:
    """The command that runs, by its pid and its machine: `pid 12 on mill`."""
    return f"pid {os.getpid()} on {socket.gethostname()}"
