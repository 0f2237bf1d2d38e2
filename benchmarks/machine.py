"""The machine and the versions that the figures were measured with."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

SHOWN = ("requests", "orjson", "singer-sdk", "pyarrow")


def described() -> str:
    """A sentence or two."""
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    return (
        f"{os.cpu_count()} cores ({_processor()}), shared by the reader, the sandbox and what"
        f" counts the lines; {platform.system()}, Python {sys.version.split()[0]}, {versions}."
        " Only ratios within a run mean something elsewhere."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
