"""What a catalog wishes of replication, wherever it says so: heeded, refused, or warned of. Pure.

Catalogs name the method in the metadata of a stream (`replication-method`, as Meltano and most
catalogs have it; `forced-replication-method`, as discovery does) or beside it
(`replication_method`); singer-sdk reads some of these, and takes any word for a method.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from tap_chakra.run.bookmark import REPLICATION_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FULL_TABLE: Final = "FULL_TABLE"
INCREMENTAL: Final = "INCREMENTAL"
METHODS: Final = (INCREMENTAL, FULL_TABLE)
LOG_BASED: Final = "LOG_BASED"
HAS_KEY: Final = "process_"
"""How the names of streams begin that have a replication key."""

_IN_METADATA: Final = ("replication-method", "forced-replication-method")
_TEXTS: Final = ("stream", "replication_key", "replication_method")
_METADATA_TEXTS: Final = ("inclusion", "replication-key", *_IN_METADATA)


@dataclass(frozen=True, slots=True)
class Heeded:
    """A catalog as singer-sdk reads it.

    Attributes:
        catalog: The catalog: each method at the place that counts.
        warnings: A sentence for each wish that can't be heeded.
    """

    catalog: dict[str, Any]
    warnings: tuple[str, ...]


def heeded(catalog: Mapping[str, Any]) -> Heeded:
    """The catalog with its wishes where singer-sdk looks for them.

    Raises:
        SettingsError: It is no catalog, or wishes for a method that does not exist.
    """
    streams, in_full, by_key = [], list[str](), defaultdict[str, list[str]](list)
    for given in _streams(catalog):
        root, name = _root(given), str(given["tap_stream_id"])
        has_key, selected = name.startswith(HAS_KEY), _is_selected(given, root)
        usual = INCREMENTAL if has_key else FULL_TABLE
        method = _method(name, _wish(given, root) or usual) if selected else usual
        if method == INCREMENTAL and not has_key:
            in_full.append(name)
        keys = {given.get("replication_key"), root.get("replication-key")} if selected else set()
        for key in sorted(str(key) for key in keys - {None, "", REPLICATION_KEY}):
            by_key[key].append(name)
        streams.append(_entry(given, root, method if has_key else FULL_TABLE, has_key=has_key))
    return Heeded({**catalog, "streams": streams}, tuple(_warnings(in_full, by_key)))


def _entry(
    given: Mapping[str, Any], root: Mapping[str, Any], method: str, *, has_key: bool
) -> dict[str, Any]:
    """A stream's entry as singer-sdk reads it."""
    key = REPLICATION_KEY if has_key else None
    entry = {**given, "replication_key": key, "replication_method": method}
    entry["schema"] = {}  # that of today takes its place
    if metadata := given.get("metadata"):  # one without any is selected as a whole
        others = [each for each in metadata if each.get("breadcrumb")]
        meant = {"breadcrumb": [], "metadata": {**root, "replication-key": key}}
        entry["metadata"] = [*others, meant]
    return entry


def _streams(catalog: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    streams = catalog.get("streams")
    if not isinstance(streams, list) or not all(map(_is_entry, streams)):
        raise SettingsError(
            "The catalog is not a Singer catalog: a list named streams, each with a tap_stream_id",
            "Write it with tap-chakra --discover and select from that",
        )
    return streams


def _is_entry(entry: object) -> bool:
    """Whether the entry of a stream has what is read of it, each of its type."""
    if not isinstance(entry, dict) or not entry.get("tap_stream_id"):
        return False
    metadata = entry.get("metadata", [])
    if not isinstance(metadata, list) or not all(map(_is_metadata, metadata)):
        return False
    keys = entry.get("key_properties") or []
    return _is_texts(keys) and all(
        _is_text_or_none(entry, name) for name in ("tap_stream_id", *_TEXTS)
    )


def _is_metadata(entry: object) -> bool:
    held = entry.get("metadata") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(held, dict):
        return False
    path = entry.get("breadcrumb", [])
    return _is_texts(path) and all(_is_text_or_none(held, name) for name in _METADATA_TEXTS)


def _is_texts(held: object) -> bool:
    """Whether something is a list of texts; of a catalog made in Python it may be a tuple."""
    return isinstance(held, (list, tuple)) and all(isinstance(each, str) for each in held)


def _is_text_or_none(held: Mapping[str, Any], name: str) -> bool:
    return isinstance(held.get(name), (str, type(None)))


def _root(entry: Mapping[str, Any]) -> dict[str, Any]:
    metadata = entry.get("metadata", ())
    return next((dict(each["metadata"]) for each in metadata if not each.get("breadcrumb")), {})


def _is_selected(entry: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    if not entry.get("metadata") or root.get("inclusion") == "automatic":
        return True
    selected = root.get("selected")
    return bool(root.get("selected-by-default") if selected is None else selected)


def _wish(entry: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """The method that is wished for; empty for none. What the metadata say comes first."""
    said = [root.get(_IN_METADATA[0]), entry.get("replication_method"), root.get(_IN_METADATA[1])]
    return next((str(each) for each in said if each), "")


def _method(name: str, wish: str) -> str:
    """The method that a wish means."""
    word = wish.strip().upper().replace("-", "_").replace(" ", "_")
    if word in METHODS:
        return word
    if word == LOG_BASED:
        raise SettingsError(
            f"The catalog wants the replication method {LOG_BASED} for '{name}', and ChakraHQ has"
            " no log of changes to read",
            f"Set replication-method to {INCREMENTAL}, which finds changes by {REPLICATION_KEY},"
            f" or to {FULL_TABLE}",
        )
    raise SettingsError(
        f"The catalog wants the replication method '{wish}' for '{name}', which does not exist",
        f"{did_you_mean(word, METHODS)}Set replication-method to {INCREMENTAL} or {FULL_TABLE}",
    )


def _warnings(in_full: Iterable[str], by_key: Mapping[str, Iterable[str]]) -> Iterable[str]:
    if names := ", ".join(in_full):
        yield (
            f"The catalog wants the replication method {INCREMENTAL} for {names}, which have no"
            f" replication key: they are read in full each time ({FULL_TABLE})"
        )
    for key, streams in by_key.items():
        yield (
            f"The catalog wants the replication key '{key}' for {', '.join(streams)}: processes"
            f" have {REPLICATION_KEY} and no other, and other streams have none, so that is used."
            " To read new rows alone set change_detection to created"
        )
