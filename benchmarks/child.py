"""Runs a command as a child and measures it from outside: time, CPU, memory, lines."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECORD = (b'{"type":"RECORD"', b'{"type": "RECORD"')
STATE = (b'{"type":"STATE"', b'{"type": "STATE"')
COUNT = b"records: "
"""What a reader that writes files instead of lines prints at its end, before their number."""

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
_SAID = 1500


class ChildFailed(RuntimeError):
    """The command ended with another code than 0; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command did, seen from outside.

    Attributes:
        records: Singer or Airbyte RECORD lines, or as many as the command said.
        seconds: From its start to its end.
        cpu: Seconds of CPU, user and system.
        peak_mb: Largest resident set, in MB of 10^6 bytes.
        first_record: Seconds from its start to the first RECORD line; None without one.
        largest_state: Bytes of the longest STATE line.
    """

    records: int
    seconds: float
    cpu: float
    peak_mb: float
    first_record: float | None
    largest_state: int

    @property
    def rate(self) -> float:
        """Records a second, from the start of the command to its end."""
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a record."""
        return self.cpu / max(1, self.records) * 1e6


@dataclass(frozen=True, slots=True)
class _Lines:
    records: int
    first_record: float | None
    largest_state: int


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end, in a folder of its own; its lines are counted and thrown away.

    Raises:
        ChildFailed: It did not end with 0.
    """
    with tempfile.TemporaryDirectory() as folder, Path(folder, "stderr").open("w+b") as said:
        began = time.monotonic()
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=folder,
            env={**os.environ, **(env or {})},
        ) as child:
            lines = _read(child.stdout, began)
            # wait4 tells the CPU and the peak of this child alone.
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-_SAID:]
            raise ChildFailed(f"{' '.join(command[:4])} … ended with {child.returncode}:\n{tail}")
    return Measured(
        lines.records,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * _PEAK_UNIT / 1e6,
        lines.first_record,
        lines.largest_state,
    )


def _read(stdout: IO[bytes] | None, began: float) -> _Lines:
    records = largest_state = 0
    first: float | None = None
    for line in stdout or ():
        if line.startswith(RECORD):
            if first is None:
                first = time.monotonic() - began
            records += 1
        elif line.startswith(STATE):
            largest_state = max(largest_state, len(line))
        elif line.startswith(COUNT):
            records = int(line.removeprefix(COUNT))
    return _Lines(records, first, largest_state)
