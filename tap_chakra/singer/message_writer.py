"""Writes Singer messages as whole lines, here or in a second process; no signal cuts one."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter

from chakra_api.errors import OutputFault
from tap_chakra.lines.second_process_client import SecondProcess
from tap_chakra.second.python_process import NotStarted
from tap_chakra.whole_files import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.singerlib import Message

_log = logging.getLogger("tap-chakra")


@contextmanager
def _output() -> Iterator[None]:
    """Tells of an output that can't be written; of one that nobody reads others do."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFault.of(error.errno) from None


class WholeLineWriter(MsgSpecWriter):
    """Writes messages to standard output, and knows when it is in the middle of a line.

    Attributes:
        writing: Whether a line is being written, which no signal may cut.
        second: The second process that writes in this one's place, once there is one.
    """

    writing = False
    second: SecondProcess | None = None
    _is_alone = False

    def write_message(self, message: Message) -> None:
        """Write a message as one line."""
        self.writing = True
        if self.second is not None:
            self.second.lines(bytes(self.format_message(message)))
        else:
            with _output():
                super().write_message(message)
        self.writing = False

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines.

        Not through Python's buffer: of a large write that a signal interrupts, it loses the rest.
        """
        self.writing = True
        with _output():
            sys.stdout.flush()
            write_all(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer).write, lines)
        self.writing = False

    def hand_over(self) -> SecondProcess | None:
        """Let a second process write all lines from now on; None where there can be none."""
        if self.second is None and not self._is_alone:
            try:
                self.second = SecondProcess()
            except NotStarted as why:
                self._is_alone = True
                _log.warning("No second process could be started (%s): this one goes on alone", why)
        return self.second

    def close(self, patience: float | None = None) -> None:
        """Wait until all lines are written.

        Args:
            patience: Seconds to wait at most; None for as long as it takes.

        Raises:
            BrokenPipeError: The reader of the output has ended.
            OutputFault: The output can't be written.
            MachineFault: The second process was killed.
        """
        if self.second is not None:
            self.second.close(patience)
