"""Hands rows and lines over to a second process, which writes them in that order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from functools import partial
from select import poll
from typing import TYPE_CHECKING, Final

import orjson

from chakra_api.errors import MachineFault, OutputFault
from tap_chakra.lines.isolated import command_of, environment_of
from tap_chakra.lines.second_process import (
    BEGIN,
    COUNTS,
    HEAD,
    LINES,
    NO_MEMORY,
    OUTPUT_FAULT,
    READER_GONE,
    READY,
    ROWS,
    rows_frame,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.lines.second_process import Beginning

_PIPE_BYTES: Final = 1 << 20
"""Bytes that may be on their way: a few answers, so that neither side waits for the other."""
_SET_PIPE_SIZE: Final = 1031  # F_SETPIPE_SZ
"""Of Linux; another system refuses it, and the pipe stays as it is."""
END_SECONDS: Final = 30.0
READY_SECONDS: Final = 60.0
"""Seconds in which it is ready, however busy the machine is; a third of one is usual."""
_OURS: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that a terminal, or who ends a group of processes, sends to both; this one heeds them."""
_CRASHES: Final = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"})
_WITHOUT: Final = "second_process_from: 0 has this process alone read, type and write"


class NotStarted(Exception):
    """The second process can't be started; nothing was handed over."""


class SecondProcess:
    """The process that types and writes. All that this one prints from now on goes through it.

    Every method may raise `BrokenPipeError`: nobody reads the output any more; `OutputFault`: it
    can't be written; and `MachineFault`: the second process was killed, or had no memory left.

    Raises:
        NotStarted: There can be none: no further process, no memory, no such module.
    """

    def __init__(self) -> None:
        self._begun: Beginning | None = None
        sys.stdout.flush()
        try:
            self._answers, told = os.pipe()
        except OSError as error:
            raise NotStarted(error.strerror) from None
        try:
            try:
                self._child = _started(told)
            finally:
                os.close(told)
            self._await_ready()
        except (OSError, MemoryError, NotStarted) as error:
            self._give_up()
            raise NotStarted(getattr(error, "strerror", None) or str(error)) from None
        self._pipe = self._child.stdin.fileno() if self._child.stdin else -1
        import fcntl  # noqa: PLC0415 - Windows has none, and never comes here

        with suppress(OSError):
            fcntl.fcntl(self._pipe, _SET_PIPE_SIZE, _PIPE_BYTES)

    def begin(self, beginning: Beginning) -> None:
        """Rows of another stream come from now on."""
        self._send(BEGIN, beginning.encoded(self._begun))
        self._begun = beginning

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

    def close(self, patience: float | None = None) -> None:
        """Wait until everything is written.

        Args:
            patience: Seconds after which a loader that takes its time is waited for no longer:
                the process goes on writing. None to wait as long as it takes.

        Raises:
            RuntimeError: It ended otherwise than it should: a fault of ours.
        """
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()
            os.close(self._answers)
        try:
            code = self._child.wait(patience)
        except subprocess.TimeoutExpired:
            return
        if code:
            self._fail()

    def _await_ready(self) -> None:
        """Wait until it can work.

        Raises:
            NotStarted: It ended before, or was not ready in time.
        """
        waiting, said = poll(), b""
        waiting.register(self._answers)
        while not said.endswith(READY):
            if not waiting.poll(READY_SECONDS * 1000):
                raise NotStarted(f"it was not ready in {READY_SECONDS:.0f} s")
            more = os.read(self._answers, 65_536)
            if not more:
                raise NotStarted(said.decode(errors="replace") or self._end_of_it())
            said += more

    def _end_of_it(self) -> str:
        try:
            code = self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "it does not answer"
        return _killed_by(code) if code < 0 else f"it ended with {code}"

    def _give_up(self) -> None:
        os.close(self._answers)
        child: subprocess.Popen[bytes] | None = getattr(self, "_child", None)
        if child is not None:
            child.kill()
            child.wait()
            if child.stdin is not None:
                child.stdin.close()

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
        if code < 0:
            raise MachineFault(
                f"The second process, which writes the lines, was ended: {_killed_by(code)}",
                f"Run it again to go on; {_WITHOUT}",
            )
        if code == NO_MEMORY:
            raise MachineFault(
                "The second process, which types the rows, found no memory for them",
                f"Give it more, or lower concurrency, and run it again to go on; {_WITHOUT}",
            )
        raise RuntimeError(f"the process that writes the lines ended with {code}")


def _started(told: int) -> subprocess.Popen[bytes]:
    """The process, started with signals blocked that are for this one alone.

    Raises:
        OSError: There can be none.
    """
    with _blocked():
        return subprocess.Popen(  # noqa: S603 - our own module
            command_of("tap_chakra.lines.second_process", told),
            stdin=subprocess.PIPE,
            pass_fds=[told],
            env=environment_of(os.environ),
        )


@contextmanager
def _blocked() -> Iterator[None]:
    """A block in which signals wait; what is started in it never gets them."""
    numbers = {getattr(signal, name) for name in _OURS if hasattr(signal, name)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _killed_by(code: int) -> str:
    """What a negative exit code says, and what it likely means."""
    number = -code
    name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
    if name == "SIGKILL":
        return "killed (SIGKILL), as Linux does when the memory is used up"
    return f"it crashed ({name})" if name in _CRASHES else f"by {name}"


def can_hand_over() -> bool:
    """Whether there is a second core, and a standard output that can be shared."""
    if os.name != "posix" or sys.stdout is not sys.__stdout__:
        return False
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) > 1
