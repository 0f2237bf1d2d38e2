"""The file in which a look is kept, so that a later one can say what has changed.

Nothing depends on it: a file that is damaged, of another version or of another account is passed
over with a word, and where none can be written that is a word, too.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from chakra_plugin.findings.finding import Finding  # noqa: TC001 - msgspec looks it up

VERSION: Final = 1
MOST_BYTES: Final = 8 << 20
"""Bytes of such a file, at most: one that is larger is none."""


@dataclass(frozen=True, slots=True)
class KeptLook:
    """A look as it is kept.

    Attributes:
        version: Of this form.
        account: What names the account that was looked at; it says nothing of the key.
        looked_at: When, epoch milliseconds.
        findings: What was found.
    """

    version: int
    account: str
    looked_at: int
    findings: tuple[Finding, ...]


def kept_look(path: Path, account: str) -> tuple[KeptLook | None, str]:
    """The look that is kept in a file, and why there is none to compare with, where that is odd.

    Args:
        path: The file.
        account: The account that is looked at now.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        look = msgspec.json.decode(content, type=KeptLook)
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"The earlier look in {path} can't be read ({error.strerror})"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None, f"{path} holds no look that this version knows; it is passed over"
    if look.version != VERSION:
        return None, f"{path} is of another version of this command; it is passed over"
    if look.account != account:
        return None, f"The earlier look in {path} was at another account; nothing is compared"
    return look, ""


def keep_look(path: Path, look: KeptLook) -> str:
    """Keep a look, in the place of an earlier one; why it could not be kept, empty if it was.

    The file is its owner's alone, and whole or not there.
    """
    made = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # 0600
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(look) + b"\n")
        Path(made).replace(path)
    except OSError as error:
        if made is not None:
            with contextlib.suppress(OSError):
                Path(made).unlink()
        return f"What was found could not be kept in {path} ({error.strerror})"
    return ""
