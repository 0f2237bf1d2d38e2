"""The folder of an environment, in which what a command keeps of it lies apart from others."""

from __future__ import annotations

import hashlib
import re
from typing import Final

NO_ENVIRONMENT: Final = "default"
"""The folder of what runs in no environment."""
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LETTERS_KEPT: Final = 40


def folder_name(environment: str) -> str:
    """The folder of an environment: its name, or what can be a folder's and is of no other.

    File systems that know no case, or forbid characters, must not make two environments one.
    """
    if not environment:
        return NO_ENVIRONMENT
    if _PLAIN.fullmatch(environment) and environment != NO_ENVIRONMENT:
        return environment
    letters = re.sub(r"[^a-z0-9_-]+", "-", environment.lower())[:_LETTERS_KEPT]
    digest = hashlib.sha256(environment.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{letters}~{digest}"
