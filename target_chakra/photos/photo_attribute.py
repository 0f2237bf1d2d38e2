"""The attribute that is to hold photos, and the processes that have it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import folded
from chakra_api.values.coercion import list_of, to_string
from chakra_api.values.writing import Unfit
from target_chakra.changes import Key
from target_chakra.lookups.key_lookups import Way, not_believed
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.call_settings.photo import PhotoMapping
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot

_ONE: Final = "photo"
_SEVERAL: Final = "multiphotos"
_TEXTS: Final = list_of(to_string, str)
_IDS: Final = bytes.fromhex("5d0c4a556a3a4f4e9a570f6d3c1b7e21")
"""Within which ids of photos are made. It never changes: all photos would be uploaded anew."""


@dataclass(frozen=True, slots=True)
class PhotoAttribute:
    """An attribute that holds ids of photos.

    Attributes:
        short_id: Its shortId.
        holds_several: Whether it holds a list.
    """

    short_id: str
    holds_several: bool

    def photo_id(self, process_id: str, sha256: str) -> str:
        """The id of a photo, by what it is of and its content."""
        return _uuid_of(f"{process_id}/{self.short_id}/{sha256}")

    def value(self, ids: Sequence[str]) -> object:
        """What the attribute is to hold."""
        return list(ids) if self.holds_several else ids[0]

    def ids(self, held: object) -> tuple[str, ...]:
        """The ids in what it holds: one, an array, JSON text of one, or several behind commas."""
        texts = _TEXTS(held)
        several = texts if isinstance(texts, list) else ()
        parts = (each.split(",") for each in several if isinstance(each, str))
        return tuple(part.strip() for each in parts for part in each if part.strip())


def photo_attribute(opened: OpenProcedure, short_id: str, where: str) -> PhotoAttribute:
    """The attribute that a mapping names.

    Args:
        opened: Its procedure.
        short_id: Its shortId.
        where: The mapping, for messages.

    Raises:
        SettingsError: There is none, or it holds no photos.
    """
    procedure = opened.destinations.procedure
    types = {each.short_id: folded(each.type.name) for each in procedure.attributes}
    kind = types.get(short_id)
    if kind is None and not procedure.resolved:
        return PhotoAttribute(short_id, holds_several=False)
    if kind not in (_ONE, _SEVERAL):
        named = [name for name, each in types.items() if each in (_ONE, _SEVERAL)]
        said = "which it does not have" if kind is None else "which holds no photos"
        raise SettingsError(
            f"In {where} attribute is '{short_id}' of '{opened.name}', {said}",
            f"Its attributes that hold photos are: {', '.join(named) or 'none'}",
        )
    return PhotoAttribute(short_id, holds_several=kind == _SEVERAL)


class PhotoProcesses:
    """The processes that rows of a stream name.

    Args:
        mapping: What its user wants.
        opened: Their procedure.
        where: The mapping, for messages.

    Raises:
        SettingsError: Nothing says what names them.
        ChakraError: They can't be looked up in a way that can be believed.
    """

    def __init__(self, mapping: PhotoMapping, opened: OpenProcedure, where: str) -> None:
        attribute = mapping.key_attribute or opened.primary_key
        if attribute is None:
            raise SettingsError(
                f"In {where} key names no attribute, and '{opened.name}' has no primary key",
                'Write it as {"column": "ticket", "attribute": "id"}',
            )
        self._opened = opened
        self._attribute = attribute
        self._write = None
        if attribute != "id":
            self._write = opened.destinations.named(destination_of(attribute), where).write
        self._way = opened.lookups(attribute).prove()
        if self._way is Way.NONE:
            raise not_believed(opened.name, attribute)

    def key(self, text: str) -> Key | Unfit:
        """What a row names its process by; or why that is none."""
        value = text if self._write is None else self._write(text)
        if isinstance(value, Unfit):
            return value
        if not isinstance(value, (str, int)):
            return Unfit("names no process")
        return Key(self._opened.name, self._attribute, value)

    def called(self, key: Key) -> str:
        """What all rows of a process have in common."""
        return self._opened.key_text(self._attribute)(key.value)

    def held(self, key: Key) -> tuple[Snapshot, ...]:
        """The processes that a key names, on a worker's thread.

        Raises:
            ChakraError: They can't be looked up, or what comes can't be believed.
        """
        opened = self._opened
        lately = opened.recent.process_of(key)  # lists may not show it yet
        spelled = replace(opened.spellings_of(key, None), process_id=lately)
        found = opened.lookups(self._attribute).find_spelled(self._way, [spelled])
        text = opened.key_text(self._attribute)
        names = dict.fromkeys(text(each) for each in (spelled.own, *spelled.others))
        return tuple(each for name in names for each in found.snapshots.get(name, ()))


def _uuid_of(name: str) -> str:
    """The uuid of a name, by version 5 of RFC 9562."""
    digest = bytearray(hashlib.sha1(_IDS + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
