"""The setting `batch_config`: how BATCH files are written, and where so that loaders find them.

A manifest holds URLs. singer-sdk's readers, and fsspec's, take the path in a file's URL as it
stands; those that follow the standard decode it. So a folder goes into a URL as it is called, and
one whose name means something else once it is decoded is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from singer_sdk.helpers._batch import (
    DEFAULT_BATCH_SIZE,
    BaseBatchFileEncoding,
    BatchConfig,
    StorageTarget,
)
from upath import UPath

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import is_set, shown
from chakra_plugin.settings.sources import Gathered

if TYPE_CHECKING:
    from collections.abc import Mapping

Options: TypeAlias = "Mapping[str, Any]"

FORMATS: Final = ("jsonl", "parquet")
COMPRESSIONS: Final = ("gzip", "none")
_EXAMPLE: Final = '{"encoding": {"format": "jsonl"}, "storage": {"root": "output"}}'
_WHOLE: Final = {"encoding": "how files are written", "storage": "where files go"}
_PARTS: Final = {
    "": ("encoding", "storage", "batch_size"),
    "encoding": ("format", "compression"),
    "storage": ("root", "prefix", "params"),
}
"""What may stand in the setting, and in each object of it."""
_SAMPLE: Final = "tap-chakra--stream-1.json"
_FOLDERS: Final = frozenset({"", "file", "local"})
"""Protocols of what is on this machine."""
_NO_PLACES: Final = frozenset({"memory", "data", "http", "https"})
"""Protocols of what can't be written to, or ends with the process."""


def batch_config_of(config: Options) -> BatchConfig | None:
    """The files that the settings ask for; None for none.

    Args:
        config: All settings.

    Raises:
        SettingsError: A part is missing, unknown or means nothing; nothing was asked or written.
    """
    given = config.get("batch_config")
    if not is_set(given) or given == {}:
        return None
    called = config.called.get("batch_config", "") if isinstance(config, Gathered) else ""
    return _Asked(called or "The setting batch_config").config(given)


class _Asked:
    """Reads the setting.

    Args:
        called: What messages call it.
    """

    def __init__(self, called: str) -> None:
        self._called = called

    def config(self, given: object) -> BatchConfig:
        parts = self._object(given, "")
        for name, what in _WHOLE.items():
            if not is_set(parts.get(name)):
                raise SettingsError(
                    f"{self._called} lacks {name}", f"Write {what}, as in {_EXAMPLE}"
                )
        encoding = self._encoding(self._object(parts["encoding"], "encoding"))
        size = self._size(parts.get("batch_size"))
        return BatchConfig(encoding, self._storage(self._object(parts["storage"], "storage")), size)

    def _object(self, given: object, place: str) -> Options:
        if not isinstance(given, dict):
            raise self._wrong(place, given, f"Write a JSON object, as in {_EXAMPLE}")
        for name in given:
            if name not in _PARTS[place]:
                within = f"{place}.{name}" if place else str(name)
                raise SettingsError(
                    f"{self._called} holds {within}, which means nothing",
                    f"{did_you_mean(str(name), _PARTS[place])}Leave it out; there are"
                    f" {', '.join(_PARTS[place])}",
                )
        return given

    def _encoding(self, parts: Options) -> BaseBatchFileEncoding:
        kind = self._word(parts, "format", FORMATS)
        if kind is None:
            raise SettingsError(
                f"{self._called} lacks encoding.format", f"Write one of: {', '.join(FORMATS)}"
            )
        return BaseBatchFileEncoding(kind, self._word(parts, "compression", COMPRESSIONS))

    def _word(self, parts: Options, name: str, words: tuple[str, ...]) -> str | None:
        value = parts.get(name)
        if not is_set(value):
            return None
        if value not in words:
            asked = did_you_mean(str(value), words)
            raise self._wrong(f"encoding.{name}", value, f"{asked}Use one of: {', '.join(words)}")
        return str(value)

    def _size(self, value: object) -> int:
        if not is_set(value):
            return DEFAULT_BATCH_SIZE
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._wrong(
                "batch_size", value, "Write the rows of a file, a whole number that is at least 1"
            )
        return value

    def _storage(self, parts: Options) -> StorageTarget:
        root, prefix, params = parts.get("root"), parts.get("prefix"), parts.get("params") or {}
        if not is_set(root):
            raise SettingsError(
                f"{self._called} lacks storage.root",
                'Write where files go, a folder or a URL: "output", "s3://bucket/folder"',
            )
        if not isinstance(root, str) or root.startswith("~"):
            raise self._wrong("storage.root", root, "Write the whole path of a folder, or a URL")
        if not isinstance(params, dict):
            raise SettingsError(
                f"{self._called}, at storage.params, is no object",  # it may hold a password
                "Write a JSON object of options for the place",
            )
        storage = self._found(root, params)
        if is_set(prefix):
            storage.prefix = self._prefix(storage, prefix)
        return storage

    def _found(self, root: str, params: Options) -> StorageTarget:
        """The place that a root means, if its files can be found by their URLs."""
        try:
            storage = _storage_of(UPath(root, **params), root, params)
            found = not _is_folder(storage) or _is_found(storage, _SAMPLE)
        except Exception as error:  # noqa: BLE001 - of whichever library knows such places
            raise self._wrong(
                "storage.root", root, f"Write a folder or a URL that can be used ({error})"
            ) from None
        if not found:
            raise self._wrong(
                "storage.root",
                root,
                "Choose a folder without # ? :: and %20 or the like in its whole path: in the URL"
                " of a file these mean something else, and loaders would not find it",
            )
        return storage

    def _prefix(self, storage: StorageTarget, prefix: object) -> str:
        if not isinstance(prefix, str) or "/" in prefix or "\\" in prefix:
            raise self._wrong(
                "storage.prefix",
                prefix,
                "Write how names begin; storage.root is for a folder",
            )
        if _is_folder(storage) and not _is_found(storage, prefix + _SAMPLE):
            raise self._wrong(
                "storage.prefix", prefix, "Write letters, digits, dots, _ and -, such as daily-"
            )
        return prefix

    def _wrong(self, place: str, value: object, next_step: str) -> SettingsError:
        at = f", at {place}," if place else ""
        return SettingsError(f"{self._called}{at} is {shown(value)}", next_step)


def _storage_of(place: UPath, root: str, params: Options) -> StorageTarget:
    """Where files go: of a folder by its whole path, so that a manifest does not escape it.

    Raises:
        ValueError: Nothing can be kept there.
    """
    if place.protocol in _NO_PLACES:
        raise ValueError("nothing can be kept there")
    if place.protocol in _FOLDERS:
        folder = Path(place.path).resolve().as_posix()
        return StorageTarget(f"file://{'' if folder.startswith('/') else '/'}{folder}")
    storage = StorageTarget(root, params=dict(params))
    storage.get_url(_SAMPLE)
    return storage


def _is_folder(storage: StorageTarget) -> bool:
    return storage.root.startswith("file://")


def _is_found(storage: StorageTarget, name: str) -> bool:
    """Whether each reader finds a file of this name in a folder, by the URL in its manifest."""
    url = storage.get_url(name)
    head, tail = StorageTarget.split_url(url)
    parts = urlsplit(url)
    return (
        tail == name
        and StorageTarget.from_url(head).get_url(tail) == url
        and "::" not in url  # fsspec chains places with it
        and not (parts.netloc or parts.query or parts.fragment)
        and unquote(parts.path) == url.removeprefix("file://")
    )
