"""Hands rows and lines over to a second process, which writes them in that order."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from chakra_api.errors import OutputFault
from tap_chakra.lines.second_process import (
    BEGIN,
    COUNTS,
    HEAD,
    LINES,
    OUTPUT_FAULT,
    READER_GONE,
    ROWS,
    rows_frame,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.lines.second_process import Beginning

_PIPE_BYTES: Final = 1 << 20
"""Bytes that may be on their way: a few answers, so that neither side waits for the other."""
_SET_PIPE_SIZE: Final = 1031  # F_SETPIPE_SZ
"""Of Linux; another system refuses it, and the pipe stays as it is."""
END_SECONDS: Final = 30.0


class SecondProcess:
    """The process that types and writes. All that this one prints from now on goes through it.

    Every method may raise `BrokenPipeError`: nobody reads the output any more; and `OutputFault`:
    it can't be written.
    """

    def __init__(self) -> None:
        self._answers, told = os.pipe()
        command = [sys.executable, "-m", "tap_chakra.lines.second_process", str(told)]
        sys.stdout.flush()
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, pass_fds=[told], env={**os.environ, **_path()}
        )
        os.close(told)
        self._pipe = self._child.stdin.fileno() if self._child.stdin else -1
        import fcntl  # noqa: PLC0415 - Windows has none, and never comes here

        with suppress(OSError):
            fcntl.fcntl(self._pipe, _SET_PIPE_SIZE, _PIPE_BYTES)

    def begin(self, beginning: Beginning) -> None:
        """Rows of another stream come from now on."""
        self._send(BEGIN, beginning.encoded())

    def rows(
        self, page: ProcessPage, positions: Sequence[int], version: int | None, extracted: str
    ) -> None:
        """Have rows of a page, as they came, typed and written as RECORD lines."""
        self._send(ROWS, *rows_frame(page, positions, version, extracted))

    def lines(self, lines: bytes) -> None:
        """Have whole lines written."""
        self._send(LINES, lines)

    def counts(self) -> dict[str, dict[str, int]]:
        """What was counted of this stream's values, once all before it is written."""
        self._send(COUNTS, b"")
        said = bytearray()
        while not said.endswith(b"\n"):
            more = os.read(self._answers, 65_536)
            if not more:
                self._fail()
            said += more
        counted: dict[str, dict[str, int]] = orjson.loads(said)
        return counted

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            RuntimeError: It ended otherwise than it should: a fault of ours.
        """
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()
            os.close(self._answers)
        try:
            code = self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return  # the loader takes its time: the process goes on writing
        if code:
            self._fail()

    def _send(self, kind: bytes, *parts: bytes) -> None:
        head, *others = parts
        begin = HEAD.pack(kind, sum(map(len, parts))) + head
        try:
            for part in (begin, *others):
                write_all(partial(os.write, self._pipe), part)
        except BrokenPipeError:
            self._fail()

    def _fail(self) -> None:
        code = self._child.wait()
        if code == READER_GONE:
            raise BrokenPipeError
        if code >= OUTPUT_FAULT:
            raise OutputFault.of(code - OUTPUT_FAULT)
        raise RuntimeError(f"the process that writes the lines ended with {code}")


def can_hand_over() -> bool:
    """Whether there is a second core, and a standard output that can be shared."""
    if os.name != "posix" or sys.stdout is not sys.__stdout__:
        return False
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) > 1


def _path() -> dict[str, str]:
    """Where the child finds this package, from wherever it is run."""
    root = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{before}" if before else root}
