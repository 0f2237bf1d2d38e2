"""Writes Singer messages as whole lines, here or in a second process; no signal cuts one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter

from tap_chakra.lines.second_process import write_all
from tap_chakra.lines.second_process_client import SecondProcess

if TYPE_CHECKING:
    from singer_sdk.singerlib import Message


class WholeLineWriter(MsgSpecWriter):
    """Knows when it is in the middle of a line, so that a signal never cuts one.

    Attributes:
        writing: Whether it is.
        second: The process that writes in its place, once there is one.
    """

    writing = False
    second: SecondProcess | None = None

    def write_message(self, message: Message) -> None:
        """Write one line."""
        self.writing = True
        if self.second is not None:
            self.second.lines(bytes(self.format_message(message)))
        else:
            super().write_message(message)
        self.writing = False

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines.

        Not through Python's buffer: of a large write that a signal interrupts, it loses the rest.
        """
        self.writing = True
        sys.stdout.flush()
        write_all(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer).write, lines)
        self.writing = False

    def hand_over(self) -> SecondProcess:
        """Let a second process write everything from now on."""
        if self.second is None:
            self.second = SecondProcess()
        return self.second

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            BrokenPipeError: Nobody reads the output any more.
        """
        if self.second is not None:
            self.second.close()
