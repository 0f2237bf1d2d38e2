"""Runs a command as somebody who looks at a terminal does, and reads what stands there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ABOUT_COLOUR = {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "LINES", "COLORTERM"}


@dataclass
class Seen:
    """What a command showed.

    Attributes:
        code: Its exit code.
        screen: What it wrote to the terminal, escapes of colour and all.
        stdout: What went to standard output where that was no terminal.
    """

    code: int
    screen: str
    stdout: str

    @property
    def text(self) -> str:
        """The screen without colour."""
        return ESCAPE.sub("", self.screen)


def seen(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    text: str = "",
    columns: int = 100,
    piped: bool = False,
) -> Seen:
    """Run a command in a terminal of its own.

    Args:
        command: What to run.
        folder: The current folder.
        environment: Variables beside those of the tests; none about colour are inherited.
        text: What comes on standard input, which is no terminal.
        columns: How wide the terminal is.
        piped: Whether standard output goes elsewhere, and standard error alone to the terminal.
    """
    inherited = {k: v for k, v in os.environ.items() if k not in _ABOUT_COLOUR}
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        given.write(text.encode())
        given.seek(0)
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**inherited, "TERM": "xterm-256color", **(environment or {})},
            stdin=given,
            stdout=taken if piped else theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        screen: list[bytes] = []
        reader = threading.Thread(target=_read, args=(mine, screen))
        reader.start()
        code = process.wait(timeout=120)
        reader.join()
        os.close(mine)
        return Seen(code, b"".join(screen).decode().replace("\r\n", "\n"), _all(taken))


def _read(terminal: int, into: list[bytes]) -> None:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: the last that had it open is gone
            return
        if not piece:
            return
        into.append(piece)


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def answered(folder: Path, command: Sequence[str], answer: str) -> tuple[int, str]:
    """Run a command whose input is the terminal, too, and answer its question.

    Args:
        folder: The current folder.
        command: What to run.
        answer: What is typed once it asks.

    Returns:
        The exit code, and what stood on the screen, its blanks and lines made one blank each.
    """
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "NO_COLOR": "1"},
        start_new_session=True,
    )
    os.close(theirs)
    screen: list[bytes] = []
    reader = threading.Thread(target=_read, args=(mine, screen))
    reader.start()
    ends = time.monotonic() + 120
    while b"[y/N]" not in b"".join(screen) and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.05)
    if process.poll() is None:
        os.write(mine, f"{answer}\n".encode())
    code = process.wait(timeout=120)
    reader.join()
    os.close(mine)
    return code, " ".join(b"".join(screen).decode().split())
