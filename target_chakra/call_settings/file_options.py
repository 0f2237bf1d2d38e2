"""Options of a mapping whose rows name files: below which root they lie, how large they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.photos import MOST_PHOTO_BYTES
from chakra_api.errors import SettingsError
from chakra_api.setting_values import number_of, shown
from target_chakra.mapping_options import text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES: Final = frozenset({"root", "max_bytes"})
"""The names of these options."""
_MOST: Final = 1 << 30
"""Bytes of a file that a mapping may allow."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the user allows of files that rows name.

    Attributes:
        root: The folder, or the URL, below which they lie; empty where rows name none.
        most_bytes: How large a file may be.
    """

    root: str = ""
    most_bytes: int = MOST_PHOTO_BYTES


def parse_files(given: Mapping[str, object], where: str) -> FileOptions:
    """Give the options their meaning.

    Raises:
        SettingsError: They mean nothing.
    """
    root = (text_option(given, "root") or "").strip()
    if "\0" in root:
        raise SettingsError(f"In {where} root is {shown(root)}", "Name a folder, or a URL")
    value = given.get("max_bytes")
    most = MOST_PHOTO_BYTES if value is None else number_of(value)
    if not isinstance(most, int) or not 1 <= most <= _MOST:
        raise SettingsError(
            f"In {where} max_bytes is {shown(value)}", f"Use a whole number from 1 to {_MOST}"
        )
    return FileOptions(root, most)
