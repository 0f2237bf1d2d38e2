"""Keeps signals until they can be heeded: what a handler raises may be swallowed, or logged."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

AGAIN_SECONDS: Final = 0.05


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


def heed_hangup(handler: Callable[[int, FrameType | None], None]) -> None:
    """Have a terminal that is closed handled as an end that was asked for.

    A command that ignores it was started so (`nohup`), and goes on ignoring it.
    """
    number = getattr(signal, "SIGHUP", None)  # Windows has none
    if number is None or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, handler)


def is_within(frame: FrameType | None, package: str) -> bool:
    """Whether code of a package runs in a frame, or in one of the frames that called it."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] == package:
            return True
        frame = frame.f_back
    return False


def send_again(number: int) -> None:
    """Raise a signal once more, in a moment."""
    threading.Timer(AGAIN_SECONDS, signal.raise_signal, [number]).start()
