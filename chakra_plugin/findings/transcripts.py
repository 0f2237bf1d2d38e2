"""The file of a transcript: its owner's alone, and never written over a file that is none."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.transcripts.transcript import Transcript
from chakra_plugin.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextlib.contextmanager
def written_transcript(
    path: Path, command: str, redact: Callable[[str], str]
) -> Iterator[Transcript]:
    """A transcript that is written to a file, and said to be once the block ends.

    Args:
        path: The file. One that is there is replaced if it is a transcript.
        command: What runs: `tap-chakra doctor`.
        redact: Masks the key.

    Raises:
        SettingsError: It can't be written, or is something else.
    """
    try:
        _refuse_other(path)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"The transcript '{path}' can't be written: {error.strerror}", "Name another file"
        ) from None
    with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
        transcript = Transcript(file, redact)
        transcript.begin(command)
        try:
            yield transcript
        finally:
            _tell(path, transcript)


def _tell(path: Path, transcript: Transcript) -> None:
    if transcript.fault:
        tell(f"The transcript in {path} is not whole: {transcript.fault}.", err=True)
    else:
        tell(f"The transcript is in {path}: shapes in the place of values.", err=True)


def _refuse_other(path: Path) -> None:
    """Leave a file alone that is no transcript.

    Raises:
        SettingsError: It is there, holds something, and is none.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(1000)
    except FileNotFoundError:
        return
    if not first:
        return
    with contextlib.suppress(ValueError):
        said = json.loads(first)
        if isinstance(said, dict) and "transcript" in said:
            return
    raise SettingsError(
        f"The file '{path}' is there, and is no transcript", "Name another file, or remove it"
    )
