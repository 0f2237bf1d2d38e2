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


def cpu_seconds() -> float:
    """CPU that this process and all that it started have used so far, in seconds.

    Of a process that ended, once its parent has noticed.
    """
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(stat.parent.name)] = int(fields[1])
        used[int(stat.parent.name)] = sum(map(int, fields[11:15]))
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
