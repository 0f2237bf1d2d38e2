"""The stream of photos: a record for each attribute of a process that names one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tap_chakra.photos.named_photos import NamedPhoto

    Row = dict[str, object]

PHOTOS: Final = "photos"
"""The stream's name."""
PHOTO_KEYS: Final = ("procedure", "process", "attribute", "id")
_KEY: Final = {"type": ["string"]}
_TEXT: Final = {"type": ["string", "null"]}

PHOTO_SCHEMA: Final[Row] = {
    "type": "object",
    "properties": {
        "procedure": {**_KEY, "description": "ShortId of the procedure."},
        "process": {**_KEY, "description": "Id of the process that names the photo."},
        "attribute": {**_KEY, "description": "ShortId of the attribute that names it."},
        "id": {**_KEY, "description": "Id of the photo."},
        "path": {**_TEXT, "description": "Where its file lies; null if it could not be had."},
        "bytes": {"type": ["integer", "null"], "description": "Size of the file."},
        "sha256": {**_TEXT, "description": "SHA-256 of the file, hexadecimal."},
        "content_type": {**_TEXT, "description": "What ChakraHQ says that it is, image/png."},
        "fetched_at": {
            **_TEXT,
            "format": "date-time",
            "description": "When the file was fetched.",
        },
        "reason": {**_TEXT, "description": "Why it could not be had; null if it was."},
    },
}


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo's file that is kept.

    Attributes:
        path: Where.
        size: Bytes.
        sha256: Of its content, hexadecimal.
        content_type: As ChakraHQ tells it; empty if it does not.
        fetched_at: When it was fetched, as an ISO text.
    """

    path: str
    size: int
    sha256: str
    content_type: str
    fetched_at: str


def photo_record(named: NamedPhoto, kept: KeptPhoto | None, reason: str = "") -> Row:
    """The record of a photo.

    Args:
        named: Which one, and where.
        kept: Its file; None if it could not be had.
        reason: Why not.
    """
    record: Row = {
        "procedure": named.procedure,
        "process": named.process,
        "attribute": named.attribute,
        "id": named.photo_id,
        "path": None,
        "bytes": None,
        "sha256": None,
        "content_type": None,
        "fetched_at": None,
        "reason": reason or None,
    }
    if kept is None:
        return record
    return record | {
        "path": kept.path,
        "bytes": kept.size,
        "sha256": kept.sha256,
        "content_type": kept.content_type or None,
        "fetched_at": kept.fetched_at,
    }
