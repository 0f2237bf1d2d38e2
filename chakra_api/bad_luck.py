"""What a machine refuses, in words: errors of the system become a cause, a next step and a code.

They come from anywhere, from libraries too, and are nobody's mistake: the run is stopped, and the
next one goes on. What concerns one file is told where the file is known; what is left, here.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from chakra_api.errors import NO_ROOM, ChakraError, MachineFault, OutputFault, SettingsError

_AGAIN: Final = "then run it again to go on"
_MEMORY: Final = f"Give the command more memory, or lower concurrency and batch sizes, {_AGAIN}"
_LIMITS: Final = {
    errno.EMFILE: (
        "This process may open no further file or connection",
        f"Raise the limit (ulimit -n), or lower concurrency, {_AGAIN}",
    ),
    errno.ENFILE: (
        "The machine may open no further file or connection",
        f"Raise its limit (fs.file-max), or end what holds many, {_AGAIN}",
    ),
    errno.EAGAIN: (
        "No further process or thread could be started",
        f"Raise the limits (ulimit -u, ulimit -v), or lower concurrency, {_AGAIN}",
    ),
    errno.ENOMEM: ("The memory does not suffice", _MEMORY),
}
_NOT_ALLOWED: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR}
)


def told_by_machine(error: BaseException) -> ChakraError | None:
    """What an error of the system says; None if it says nothing that its reader can mend."""
    if isinstance(error, MemoryError):
        return MachineFault(*_LIMITS[errno.ENOMEM])
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return MachineFault(*_LIMITS[errno.EAGAIN])
    if not isinstance(error, OSError) or error.errno is None:
        return None
    if error.errno in _LIMITS:
        return MachineFault(*_LIMITS[error.errno])
    return None if error.filename is None else _of_a_file(error, error.errno)


def _of_a_file(error: OSError, number: int) -> ChakraError | None:
    said = f"'{error.filename}' can't be used: {os.strerror(number)}"
    if number in NO_ROOM:
        return OutputFault(said, f"Make room there, {_AGAIN}")
    if number in _NOT_ALLOWED:
        return SettingsError(said, "Check the path, and what its owner allows")
    return None
