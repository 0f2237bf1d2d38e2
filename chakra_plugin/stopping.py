"""Signals that end a subcommand in order: at once until its run has begun, then between rows."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from chakra_api.exit_codes import ExitCode
from chakra_plugin.interrupts import heed_hangup, is_within, send_again

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from types import FrameType


class Stop:
    """An end that a signal asked for.

    Args:
        log: Says that it ends.

    Attributes:
        begun: Whether the run has begun: from then on it looks here itself.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self.begun = False
        self._number: int | None = None

    def __call__(self) -> bool:
        """Whether the run is to end."""
        return self._number is not None

    def take(self, number: int, frame: FrameType | None) -> None:
        """A signal came."""
        self._number = number
        if self.begun:
            self._log.info("Stopped by signal %d: waits for what is in flight", number)
        elif is_within(frame, "sqlalchemy"):
            # The journal is being opened. What is raised in the midst of that, SQLAlchemy logs.
            send_again(number)
        else:
            self._log.info("Stopped by signal %d; run it again", number)
            sys.exit(ExitCode.STOPPED)


@contextlib.contextmanager
def stoppable(log: logging.Logger) -> Iterator[Stop]:
    """A block that signals end in order.

    Args:
        log: Says that it ends.
    """
    stop = Stop(log)
    before = {
        number: signal.signal(number, stop.take) for number in (signal.SIGINT, signal.SIGTERM)
    }
    heed_hangup(stop.take)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
