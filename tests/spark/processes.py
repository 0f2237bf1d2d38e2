"""Processes, and those that they have started."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def children(parent: int) -> list[int]:
    """The processes that a process has started, the youngest last."""
    found = []
    for status in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if parent_of(int(status.name)) == parent:
                found.append(int(status.name))
    return sorted(found)


def parent_of(process: int) -> int:
    """The process that has started another one."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
