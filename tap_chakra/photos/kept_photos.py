"""The files of photos that were fetched, by id: each with a note that says what it is.

The note is written behind the file, and says how large it is: a file without one, or of another
size, counts as not there, whatever cut a run off.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from tap_chakra.photos.photo_records import KeptPhoto

if TYPE_CHECKING:
    from chakra_api.endpoints.photos import FetchedPhoto
    from tap_chakra.photos.places import Place

NOTES: Final = "notes"
"""The folder of notes."""
_PLAIN: Final = re.compile(r"[0-9a-z][0-9a-z_-]{0,99}")
"""Ids that name a file on every system, each another one: all uuids."""


def file_name(photo_id: str) -> str:
    """The name of a photo's file: its id, or a hash of one that could be no name."""
    if _PLAIN.fullmatch(photo_id) and photo_id != NOTES:
        return photo_id
    return f"sha256-{hashlib.sha256(photo_id.encode(errors='surrogatepass')).hexdigest()}"


class KeptPhotos:
    """Keeps photos, each once.

    Args:
        place: Where.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def held(self, photo_id: str) -> KeptPhoto | None:
        """A photo that is there as a whole; None if it is not.

        Raises:
            ChakraError: It can't be known.
        """
        name = file_name(photo_id)
        note = self._place.read(_note_of(name))
        if note is None:
            return None
        kept = _read(note, self._place.path(name))
        if kept is None or self._place.size(name) != kept.size:
            return None
        return kept

    def keep(self, photo_id: str, photo: FetchedPhoto, at: str) -> KeptPhoto:
        """Keep a photo's file.

        Args:
            photo_id: The photo.
            photo: What was fetched.
            at: When, as an ISO text.

        Raises:
            ChakraError: It can't be written.
        """
        name = file_name(photo_id)
        sha256 = hashlib.sha256(photo.body).hexdigest()
        kind = photo.content_type
        kept = KeptPhoto(self._place.path(name), len(photo.body), sha256, kind, at)
        self._place.write(name, photo.body)
        self._place.write(_note_of(name), _written(photo_id, kept))
        return kept


def _note_of(name: str) -> str:
    return f"{NOTES}/{name}.json"


def _written(photo_id: str, kept: KeptPhoto) -> bytes:
    """The note of a photo; its place is not in it: a folder may be moved."""
    said = {"id": photo_id, **asdict(kept)}
    del said["path"]
    return json.dumps(said).encode()


def _read(note: bytes, path: str) -> KeptPhoto | None:
    """What a note says; None if it is none of ours."""
    try:
        said = json.loads(note)
        found = (said["size"], said["sha256"], said["content_type"], said["fetched_at"])
    except (ValueError, TypeError, KeyError):
        return None
    size, *texts = found
    if type(size) is not int or not all(isinstance(each, str) for each in texts):
        return None
    return KeptPhoto(path, size, *texts)
