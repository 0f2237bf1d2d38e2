"""JSON files that a user hands over: read, or refused with a reason that names the file."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import orjson

from chakra_api.errors import SettingsError


def json_file(path: str, what: str) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        SettingsError: The file can't be read, or holds something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"The {what} file '{path}' can't be read: {reason}", "Check the path"
        ) from None
    return json_object(text, f"The {what} file '{path}'")


def json_opened(file: IO[str], subject: str) -> dict[str, Any]:
    """The JSON object in a file that is open.

    Raises:
        SettingsError: As for `json_object`, or the file holds no text.
    """
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise SettingsError(
            f"{subject} is not UTF-8 text", "Check that it is the right file"
        ) from None
    return json_object(text, subject)


def json_object(text: str, subject: str) -> dict[str, Any]:
    """The JSON object that a text holds.

    Args:
        text: What should be JSON.
        subject: What a message names: `The state file 'state.json'`.

    Raises:
        SettingsError: It is not JSON, or not an object.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(
            f"{subject} is not JSON: line {error.lineno}, column {error.colno}", "Mend it"
        ) from None
    if not isinstance(value, dict):
        raise SettingsError(f"{subject} holds no JSON object", "Check that it is the right file")
    return value
