"""Runs in one Meltano project take turns: they write the same files, as its catalog."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def alone_in(project: Path) -> Iterator[None]:
    """A block in which no other process of ours runs Meltano in a project."""
    folder = project / ".meltano"
    folder.mkdir(exist_ok=True)
    with (folder / "one-at-a-time.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
