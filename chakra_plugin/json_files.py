"""JSON files that a user hands over: read, or refused with a reason that names the file."""

from __future__ import annotations

import codecs
import errno
import os
import select
import stat
import sys
from typing import IO, Any, Final

import orjson

from chakra_api.errors import SettingsError
from chakra_api.redaction import mask_likely

STANDARD_INPUT: Final = "-"
_IN_CAPITALS: Final = "Check the path; for the environment's variables write ENV in capitals"
MOST_BYTES: Final = 256 << 20
"""Bytes of a file, at most: of a device there is no end."""
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
WRITER_SECONDS: Final = 30
"""Seconds in which somebody begins to write to a pipe."""
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WITHOUT: Final = {
    "settings": 'Write settings into it, {"api_key": "..."}, or leave --config out',
    "state": "Leave --state out to read everything, or pass the last STATE that was printed",
    "catalog": "Write it with --discover, or leave --catalog out to read everything",
}
"""What to do about an empty file, by what should be in it."""


def json_file(path: str, what: str) -> dict[str, Any]:
    """The JSON object in a file; a byte-order mark before it means nothing.

    Args:
        path: Its path; `-` for standard input.
        what: What it holds: `settings`, `state` or `catalog`.

    Raises:
        SettingsError: The file can't be read, or holds something else.
    """
    text, subject = _read(path, what)
    return json_object(text, subject, _WITHOUT.get(what, "Check the path"))


def last_json_object(path: str, what: str) -> dict[str, Any]:
    """The JSON object in a file; of several lines that each hold one, the last.

    Args:
        path: Its path; `-` for standard input.
        what: What it holds: `state`.

    Raises:
        SettingsError: The file can't be read, or holds something else.
    """
    text, subject = _read(path, what)
    lines = text.strip().splitlines()
    if len(lines) > 1 and _is_object(lines[0]):
        text, subject = lines[-1], f"The last line of {subject[0].lower()}{subject[1:]}"
    return json_object(text, subject, _WITHOUT.get(what, "Check the path"))


def _is_object(line: str) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _read(path: str, what: str) -> tuple[str, str]:
    """The text of a file, and how a message names the file."""
    _refuse_content(path, what)
    subject = f"The {what} file '{mask_likely(path)}'"
    try:
        content = _content(path)
    except OSError as error:
        step = _IN_CAPITALS if what == "settings" and path.upper() == "ENV" else "Check the path"
        raise SettingsError(f"{subject} can't be read: {error.strerror}", step) from None
    except ValueError:  # a path with U+0000
        raise SettingsError(f"{subject} can't be read: it has no such name", "Check it") from None
    return _text(content, subject), subject


def _refuse_content(path: str, what: str) -> None:
    """Refuse what a file should hold where its path should stand; it may be the key.

    Raises:
        SettingsError: The path begins as JSON does, or breaks into lines.
    """
    if path.lstrip().startswith(("{", "[", '"{')) or "\n" in path:
        option = "config" if what == "settings" else what
        raise SettingsError(
            f"--{option} takes the path of a file, and got what the file should hold",
            f"Write it into a file, and give --{option} its path",
        )


def _content(path: str) -> bytes:
    if path == STANDARD_INPUT:
        return _bounded(sys.stdin.buffer)
    with os.fdopen(_opened(path), "rb") as file:
        return _bounded(file)


def _opened(path: str) -> int:
    """Open a file; a pipe that nobody writes to is no reason to wait for ever.

    Raises:
        OSError: It can't be opened, or nobody writes to it.
    """
    number = os.open(path, _READ)
    if stat.S_ISFIFO(os.fstat(number).st_mode):
        _await_writer(number)
    if hasattr(os, "set_blocking"):
        os.set_blocking(number, True)
    return number


def _await_writer(number: int) -> None:
    """Wait until somebody writes to a pipe, or has written all and closed it.

    Raises:
        OSError: Nobody does.
    """
    waiting = select.poll()
    waiting.register(number, select.POLLIN)
    if not waiting.poll(WRITER_SECONDS * 1000):
        os.close(number)
        raise OSError(errno.ENODATA, "it is a pipe that nobody writes to")


def _bounded(file: IO[bytes]) -> bytes:
    """The content of a file.

    Raises:
        OSError: It is larger than any file of its kind is.
    """
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {MOST_BYTES >> 20} MB")
    return content


def _text(content: bytes, subject: str) -> str:
    if content.startswith(_UTF_16):
        raise SettingsError(f"{subject} is UTF-16 text", "Save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            f"{subject} is not UTF-8 text", "Save it as UTF-8, or check that it is the right file"
        ) from None


def json_object(text: str, subject: str, without: str) -> dict[str, Any]:
    """The JSON object that a text holds.

    Args:
        text: What should be JSON.
        subject: What a message names: `The state file 'state.json'`.
        without: The next step where the text is empty.

    Raises:
        SettingsError: It is empty, not JSON, or not an object.
    """
    if not text.strip():
        raise SettingsError(f"{subject} is empty", without)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(
            f"{subject} is not JSON: line {error.lineno}, column {error.colno}", "Correct it"
        ) from None
    if not isinstance(value, dict):
        raise SettingsError(f"{subject} holds no JSON object", "Check that it is the right file")
    return value
