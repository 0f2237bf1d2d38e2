"""Keeps Ctrl-C until it can be heeded: while modules are imported, Python may swallow it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """A block in which Ctrl-C waits for the end of the block.

    An import runs callbacks of which Python prints what they raise, and goes on.

    Raises:
        KeyboardInterrupt: At the end, if it came.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt
