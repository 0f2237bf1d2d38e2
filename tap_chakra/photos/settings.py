"""The setting `photos`, given its meaning: where files go, of which procedures, how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chakra_api.endpoints.photos import MOST_PHOTO_BYTES
from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import is_set, shown, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 1 << 30
"""No photo is wanted larger: each is in memory as a whole for a moment."""
_OPTIONS: Final = ("to", "procedures", "max_bytes")
_EXAMPLE: Final = '{"to": "photos"}'
_FOLDERS: Final = frozenset({"file", "local"})
"""Protocols of what is on this machine."""
_NO_PLACES: Final = frozenset({"memory", "data", "http", "https"})
"""Protocols of what can't be written to, or ends with the process."""


@dataclass(frozen=True, slots=True)
class PhotoSettings:
    """What the user set of photos.

    Attributes:
        to: A folder, or a URL that fsspec knows; empty where no photos are fetched.
        procedures: ShortIds of the procedures whose photos are; empty for all that are read.
        most_bytes: How large a photo may be.
    """

    to: str = ""
    procedures: tuple[str, ...] = ()
    most_bytes: int = MOST_PHOTO_BYTES

    @property
    def is_url(self) -> bool:
        """Whether the files go to what a URL names."""
        return "://" in self.to


NO_PHOTOS: Final = PhotoSettings()


def parse_photos(config: Mapping[str, object]) -> PhotoSettings:
    """Give the setting its meaning.

    Args:
        config: All settings by name.

    Raises:
        SettingsError: It means nothing.
    """
    given = config.get("photos")
    if not is_set(given) or given == {}:
        return NO_PHOTOS
    if not isinstance(given, dict):
        raise SettingsError(
            f"The setting photos is {shown(given)}, which is no object of options",
            f"Write it as {_EXAMPLE}",
        )
    for name in given:
        if name not in _OPTIONS:
            raise SettingsError(
                f"The setting photos holds {shown(name)}, which means nothing",
                f"{did_you_mean(str(name), _OPTIONS)}Leave it out; there are {', '.join(_OPTIONS)}",
            )
    named = {f"photos.{name}": value for name, value in given.items()}
    most = whole(named, "photos.max_bytes", MOST_PHOTO_BYTES, 1, MOST_BYTES)
    return PhotoSettings(_place(given.get("to")), _procedures(given.get("procedures")), most)


def _place(value: object) -> str:
    if not is_set(value):
        raise SettingsError("The setting photos lacks to", f"Write where files go, as {_EXAMPLE}")
    if not isinstance(value, str) or "\0" in value:
        raise SettingsError(
            f"The option to of the setting photos is {shown(value)}, which is no place",
            "Write a folder, or a URL as s3://bucket/folder",
        )
    place = value.strip()
    if "://" in place:
        _check_url(place)
    return place


def _check_url(url: str) -> None:
    """Refuse a URL that files can't go to.

    Raises:
        SettingsError: It is one, and what to write.
    """
    try:
        parts = urlsplit(url)
        secret = parts.password is not None
    except ValueError:
        raise SettingsError(
            "The option to of the setting photos is no URL that means something",
            "Write it as s3://bucket/folder",
        ) from None
    if secret or parts.query:
        raise SettingsError(
            "The URL in the option to of the setting photos holds what may be a secret, and it"
            " would stand in every row",
            "Leave it out; fsspec takes keys from its own settings, as FSSPEC_S3_KEY",
        )
    if parts.scheme in _FOLDERS:
        raise SettingsError(
            f"The option to of the setting photos is a URL of {parts.scheme}",
            "Write a folder as a path, as photos",
        )
    if parts.scheme in _NO_PLACES:
        raise SettingsError(
            f"Photos can't be written to a URL of {parts.scheme}",
            "Write a folder, or a URL of a store, as s3://bucket/folder",
        )
    _check_protocol(parts.scheme)


def _check_protocol(protocol: str) -> None:
    import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415 - only for who wants URLs

    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"Photos can't be written to a URL of {protocol}: {error}",
            "Install what fsspec asks for it, as s3fs for s3://, or write a folder",
        ) from None


def _procedures(value: object) -> tuple[str, ...]:
    if not is_set(value):
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise SettingsError(
            "The option procedures of the setting photos is no list of shortIds",
            'Write it as ["ticket"], or leave it out for all',
        )
    return tuple(dict.fromkeys(value))
