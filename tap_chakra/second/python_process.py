"""Starts a second Python process and hands frames over to it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from select import poll
from typing import TYPE_CHECKING, Final, NoReturn

from chakra_api.errors import MachineFault, OutputFault
from tap_chakra.second.frames import (
    HEAD,
    NO_MEMORY,
    OUTPUT_FAULT,
    READER_GONE,
    READY,
)
from tap_chakra.second.isolated import command_of, environment_of
from tap_chakra.whole_files import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_READ_BYTES: Final = 1 << 16


class NotStarted(Exception):
    """The second process can't be started; nothing was handed over."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a second process is there for.

    Attributes:
        module: Whose `main` it runs.
        does: What it does, as an error names it: `writes the lines`.
        without: How a user does without it.
    """

    module: str
    does: str
    without: str


class PythonProcess:
    """A second process.

    Every method may raise `BrokenPipeError`: nobody reads its output any more; `OutputFault`: it
    can't be written; and `MachineFault`: the process was killed, or had no memory left.

    Args:
        purpose: What it is there for.

    Raises:
        NotStarted: There can be none: no further process, no memory, no such module.
    """

    def __init__(self, purpose: Purpose) -> None:
        self._purpose = purpose
        try:
            self._answers, told = os.pipe()
        except OSError as error:
            raise NotStarted(error.strerror) from None
        try:
            try:
                self._child = _started(purpose.module, told)
            finally:
                os.close(told)
            self._await_ready()
        except (OSError, MemoryError, NotStarted) as error:
            self._give_up()
            raise NotStarted(getattr(error, "strerror", None) or str(error)) from None
        self._pipe = self._child.stdin.fileno() if self._child.stdin else -1
        for pipe in (self._pipe, self._answers):
            _widen(pipe)

    def send(self, kind: bytes, *parts: bytes) -> None:
        """Hand a frame over, its body in parts."""
        head, *others = parts
        begin = HEAD.pack(kind, sum(map(len, parts))) + head
        try:
            for part in (begin, *others):
                write_all(partial(os.write, self._pipe), part)
        except BrokenPipeError:
            self._fail()

    def answered_line(self) -> bytes:
        """The line that it answers."""
        said = bytearray()
        while not said.endswith(b"\n"):
            said += self._more(_READ_BYTES)
        return bytes(said)

    def answered(self) -> bytes:
        """The frame that it answers: its body."""
        _, length = HEAD.unpack(self._exactly(HEAD.size))
        return self._exactly(length)

    def close(self, patience: float | None = None) -> None:
        """Wait until it has done all that it was handed.

        Args:
            patience: Seconds after which it is waited for no longer: it goes on. None to wait as
                long as it takes.

        Raises:
            RuntimeError: It ended otherwise than it should: a fault of ours.
        """
        self._close_pipes()
        try:
            code = self._child.wait(patience)
        except subprocess.TimeoutExpired:
            return
        if code:
            self._fail()

    def abandon(self) -> None:
        """End it: nobody wants what it still has."""
        self._close_pipes()
        self._child.kill()
        self._child.wait()

    def _close_pipes(self) -> None:
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()
            os.close(self._answers)

    def _exactly(self, size: int) -> bytes:
        said = bytearray(size)
        rest = memoryview(said)
        while rest:
            read = os.readv(self._answers, [rest])
            if not read:
                self._fail()
            rest = rest[read:]
        return bytes(said)

    def _more(self, size: int) -> bytes:
        more = os.read(self._answers, size)
        if not more:
            self._fail()
        return more

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
            more = os.read(self._answers, _READ_BYTES)
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

    def _fail(self) -> NoReturn:
        code, purpose = self._child.wait(), self._purpose
        if code == READER_GONE:
            raise BrokenPipeError
        if code >= OUTPUT_FAULT:
            raise OutputFault.of(code - OUTPUT_FAULT)
        if code < 0:
            raise MachineFault(
                f"The second process, which {purpose.does}, was ended: {_killed_by(code)}",
                f"Run it again to go on; {purpose.without}",
            )
        if code == NO_MEMORY:
            raise MachineFault(
                "The second process, which types the rows, found no memory for them",
                f"Give it more, or lower concurrency, and run it again to go on; {purpose.without}",
            )
        raise RuntimeError(f"the process that {purpose.does} ended with {code}")


def _started(module: str, told: int) -> subprocess.Popen[bytes]:
    """The process, started with signals blocked that are for this one alone.

    Raises:
        OSError: There can be none.
    """
    with _blocked():
        return subprocess.Popen(  # noqa: S603 - our own module
            command_of(module, told),
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


def _widen(pipe: int) -> None:
    import fcntl  # noqa: PLC0415 - Windows has none, and never comes here

    with suppress(OSError):
        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _PIPE_BYTES)


def _killed_by(code: int) -> str:
    """What a negative exit code says, and what it likely means."""
    number = -code
    name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
    if name == "SIGKILL":
        return "killed (SIGKILL), as Linux does when the memory is used up"
    return f"it crashed ({name})" if name in _CRASHES else f"by {name}"


def has_second_core() -> bool:
    """Whether a second process has a core of its own here."""
    if os.name != "posix":
        return False
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) > 1
