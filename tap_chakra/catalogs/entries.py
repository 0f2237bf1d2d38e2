"""The entries of a catalog, each word of them checked: one that means nothing is refused. Pure.

A selection that is not heeded lets out what was to stay: so a word that nobody knows is never
taken for yes, and what is said of one thing twice is put together, the later word first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

AUTOMATIC: Final = "automatic"
_INCLUSIONS: Final = ("available", AUTOMATIC, "unsupported")
_SELECTING: Final = ("selected", "selected-by-default")
_TEXTS: Final = ("tap_stream_id", "stream", "replication_key", "replication_method")
_METADATA_TEXTS: Final = (
    "inclusion",
    "replication-key",
    "replication-method",
    "forced-replication-method",
)
_LIKE: Final = 0.8
"""How like a key of the metadata is to `selected`, from 0 to 1, if that is likely meant."""

_PROPERTIES: Final = "properties"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a catalog says of a stream.

    Attributes:
        given: The entry as it is.
        metadata: By the path that they speak of; that of the stream itself is empty. None at all
            select the stream as a whole.
    """

    given: Mapping[str, Any]
    metadata: Mapping[tuple[str, ...], dict[str, Any]]

    @property
    def stream(self) -> str:
        """The stream's `tap_stream_id`."""
        return str(self.given["tap_stream_id"])

    @property
    def alias(self) -> str:
        """The name under which the stream goes out."""
        return str(self.given.get("stream") or self.stream)

    @property
    def root(self) -> Mapping[str, Any]:
        """The metadata of the stream itself."""
        return self.metadata.get((), {})

    @property
    def is_selected(self) -> bool:
        """Whether the stream is to be read."""
        root = self.root
        if not self.metadata:
            return True
        if (selected := root.get("selected")) is not None:
            return bool(selected)
        return root.get("inclusion") == AUTOMATIC or bool(root.get("selected-by-default"))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it names; empty for none."""
        named = self.given.get("key_properties") or self.root.get("table-key-properties") or ()
        return (named,) if isinstance(named, str) else tuple(named)


def entries_of(catalog: Mapping[str, Any]) -> list[Entry]:
    """The entries of a catalog.

    Raises:
        SettingsError: It is no catalog, or a word of it means nothing.
    """
    streams = catalog.get("streams")
    if not isinstance(streams, list) or not all(map(_is_entry, streams)):
        raise SettingsError(
            "The catalog is not a Singer catalog: a list named streams, each with a tap_stream_id",
            "Write it with tap-chakra --discover and select from that",
        )
    entries = [Entry(given, _merged(given.get("metadata") or ())) for given in streams]
    seen = set[str]()
    for entry in entries:
        if entry.stream in seen:
            raise SettingsError(
                f"The catalog has the stream '{entry.stream}' twice", "Leave one of them"
            )
        seen.add(entry.stream)
        _check(entry)
    return entries


def spelled(path: Sequence[str]) -> str:
    """A path as a person writes it: `data.email`."""
    return ".".join(path[1::2] if set(path[::2]) == {_PROPERTIES} else path)


def breadcrumb(path: Iterable[str]) -> tuple[str, ...]:
    """A path as the metadata of a catalog have it."""
    return tuple(part for name in path for part in (_PROPERTIES, name))


def paths_of(schema: object) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """The schema of each property within a schema, by its path; the root's is empty."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    left: list[tuple[tuple[str, ...], object]] = [((), schema)]
    while left:
        path, node = left.pop()
        if not isinstance(node, dict):
            continue
        found[path] = node
        inner = node.get(_PROPERTIES)
        if isinstance(inner, dict):
            left += [((*path, _PROPERTIES, name), each) for name, each in inner.items()]
    return found


def _merged(metadata: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for each in metadata:
        merged.setdefault(tuple(each.get("breadcrumb", ())), {}).update(each["metadata"])
    return merged


def _check(entry: Entry) -> None:
    for path, held in entry.metadata.items():
        where = f"'{entry.stream}'" + (f", {spelled(path)}" if path else "")
        for name in _SELECTING:
            if not isinstance(held.get(name), (bool, type(None))):
                raise SettingsError(
                    f"The catalog has {name}: {_shown(held[name])} for {where}, which is neither"
                    " true nor false",
                    "Write true or false, without quotes",
                )
        if (inclusion := held.get("inclusion")) not in (None, *_INCLUSIONS):
            raise SettingsError(
                f"The catalog has inclusion: {_shown(inclusion)} for {where}, which means nothing",
                f"{did_you_mean(str(inclusion), _INCLUSIONS)}Use one of:"
                f" {', '.join(_INCLUSIONS)}; to leave something out write selected: false",
            )
        for name in _likely_selecting(held):
            raise SettingsError(
                f"The catalog has '{name}' for {where}, which means nothing",
                "Write selected: true or selected: false",
            )
    elsewhere: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [((), entry.given)]
    for path, node in elsewhere + list(paths_of(entry.given.get("schema")).items()):
        in_metadata = entry.metadata.get(path, {}).get("selected")
        if node.get("selected") not in (True, None) and in_metadata is not False:
            of = f"'{entry.stream}'" + (f", {spelled(path)}" if path else "")
            raise SettingsError(
                f"The catalog has selected: {_shown(node['selected'])} for {of} outside of its"
                " metadata, which do not say so",
                "Write it into the metadata of that breadcrumb, as tap-chakra --discover does",
            )


def _likely_selecting(held: Mapping[str, Any]) -> Iterator[str]:
    """Keys of metadata that nobody knows, and that are likely meant to select."""
    for name in held:
        if name not in _SELECTING and nearest(name, _SELECTING, _LIKE):
            yield name


def _shown(value: object) -> str:
    return f"{json.dumps(value):.50}"


def _is_entry(entry: object) -> bool:
    """Whether the entry of a stream has what is read of it, each of its type."""
    if not isinstance(entry, dict) or not entry.get("tap_stream_id"):
        return False
    metadata = entry.get("metadata", [])
    if not isinstance(metadata, list) or not all(map(_is_metadata, metadata)):
        return False
    keys = entry.get("key_properties") or []
    return _is_texts(keys) and all(_is_text_or_none(entry, name) for name in _TEXTS)


def _is_metadata(entry: object) -> bool:
    held = entry.get("metadata") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(held, dict):
        return False
    keys = held.get("table-key-properties") or []
    return (
        _is_texts(entry.get("breadcrumb", []))
        and (isinstance(keys, str) or _is_texts(keys))
        and all(_is_text_or_none(held, name) for name in _METADATA_TEXTS)
    )


def _is_texts(held: object) -> bool:
    """Whether something is a list of texts; of a catalog made in Python it may be a tuple."""
    return isinstance(held, (list, tuple)) and all(isinstance(each, str) for each in held)


def _is_text_or_none(held: Mapping[str, Any], name: str) -> bool:
    return isinstance(held.get(name), (str, type(None)))
