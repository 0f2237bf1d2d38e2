"""Where the values of a message come from: columns, constants, files below the root."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.mapping_options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MEDIA: Final = ("image", "video", "document")
"""What a header may show."""
_MEDIA_KEYS: Final = frozenset({*MEDIA, "filename"})
SPOT: Final = ("latitude", "longitude")
"""What a place on a map needs."""
_PLACE_KEYS: Final = frozenset({*SPOT, "name", "address"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value of a message comes from.

    Attributes:
        column: The column; empty for a constant.
        constant: What all messages say there; empty for a column.
        is_file: Whether it is the path of a file below the root, that is to be made public.
    """

    column: str = ""
    constant: str = ""
    is_file: bool = False


def parse_sources(given: Mapping[str, object], name: str, where: str) -> Mapping[str, Source]:
    """Give an option its meaning that names sources.

    Args:
        given: The options of the mapping.
        name: The option.
        where: The mapping, for messages.

    Raises:
        SettingsError: It means nothing.
    """
    return {str(each): _source(value, name, where) for each, value in _named(given, name, where)}


def parse_media(given: Mapping[str, object], where: str) -> Mapping[str, Source]:
    """Give the option `media` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    found = {
        str(each): _shown_source(value, where) if each in MEDIA else _source(value, "media", where)
        for each, value in _named(given, "media", where)
    }
    refuse_unknown(found, _MEDIA_KEYS, f"media of {where}")
    named = [each for each in MEDIA if each in found]
    if len(named) > 1 or (found and not named):
        raise SettingsError(
            f"In {where} media names {' and '.join(named) or 'no file'}",
            f"A header shows one of: {', '.join(MEDIA)}",
        )
    if "filename" in found and named != ["document"]:
        raise SettingsError(
            f"In {where} media names a filename for an {named[0]}", "Only a document has one"
        )
    return found


def parse_place(given: Mapping[str, object], where: str) -> Mapping[str, Source]:
    """Give the option `place` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    found = parse_sources(given, "place", where)
    refuse_unknown(found, _PLACE_KEYS, f"place of {where}")
    missing = [each for each in SPOT if found and each not in found]
    if missing:
        raise SettingsError(
            f"In {where} place names no {missing[0]}",
            'Write it as {"latitude": "lat", "longitude": "lon", "name": "clinic"}',
        )
    return found


def _named(given: Mapping[str, object], name: str, where: str) -> Iterable[tuple[object, object]]:
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise SettingsError(
            f"In {where} {name} is {shown(value)}",
            'Write it as {"1": "first_name", "2": {"value": "Pune"}}: a column, or a constant',
        )
    return value.items()


def _shown_source(value: object, where: str) -> Source:
    """A public address, or `{"file": …}`: the path of a file."""
    if isinstance(value, dict) and set(value) == {"file"}:
        return replace(_source(value["file"], "media", where), is_file=True)
    return _source(value, "media", where)


def _source(value: object, name: str, where: str) -> Source:
    if isinstance(value, str) and value:
        return Source(column=value)
    if isinstance(value, dict) and set(value) == {"value"}:
        constant = value["value"]
        text = str(constant) if isinstance(constant, (str, int)) else ""
        if text.strip() and not isinstance(constant, bool):
            return Source(constant=text)
    raise SettingsError(
        f"In {where} {name} holds {shown(value)}",
        'Name a column, or write {"value": "…"} for what all messages say there',
    )
