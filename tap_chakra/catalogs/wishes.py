"""What a catalog wishes of replication, wherever it says so: heeded, refused, or warned of. Pure.

Catalogs name the method in the metadata of a stream (`replication-method`, as Meltano and most
catalogs have it; `forced-replication-method`, as discovery does) or beside it
(`replication_method`); singer-sdk reads some of these, and takes any word for a method.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chakra_api.account.snake_case import snake_case
from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from tap_chakra.catalogs.entries import AUTOMATIC, Entry, entries_of
from tap_chakra.run.bookmark import REPLICATION_KEY
from tap_chakra.webhooks.event_records import FORMS, SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FULL_TABLE: Final = "FULL_TABLE"
INCREMENTAL: Final = "INCREMENTAL"
METHODS: Final = (INCREMENTAL, FULL_TABLE)
LOG_BASED: Final = "LOG_BASED"
OF_PROCESSES: Final = "process_"
"""How the names of streams of processes begin."""


@dataclass(frozen=True, slots=True)
class Heeded:
    """A catalog as singer-sdk reads it.

    Attributes:
        catalog: The catalog: each method at the place that counts.
        entries: What it says of each stream, by `tap_stream_id`.
        warnings: A sentence for each wish that can't be heeded.
    """

    catalog: dict[str, Any]
    entries: Mapping[str, Entry]
    warnings: tuple[str, ...]


NOTHING_WISHED: Final = Heeded({}, {}, ())


def heeded(catalog: Mapping[str, Any]) -> Heeded:
    """The catalog with its wishes where singer-sdk looks for them.

    Raises:
        SettingsError: It is no catalog, or wishes for what does not exist.
    """
    entries = entries_of(catalog)
    _check_names(entries)
    streams, in_full, by_key = [], list[str](), defaultdict[str, list[str]](list)
    for entry in entries:
        name, root = entry.stream, entry.root
        own, selected = _key_of(name), entry.is_selected
        usual = INCREMENTAL if own else FULL_TABLE
        method = _method(name, _wish(entry, usual) or usual) if selected else usual
        if method == INCREMENTAL and not own:
            in_full.append(name)
        wished = {entry.given.get("replication_key"), root.get("replication-key")}
        key = own or REPLICATION_KEY
        wished -= {None, "", key, snake_case(key)}  # whichever column_names was when it was written
        for key in sorted(map(str, wished)):
            if selected:
                by_key[key].append(name)
        streams.append(_as_read(entry, method if own else FULL_TABLE, own))
    warnings = tuple(_warnings(in_full, by_key))
    by_name = {entry.stream: entry for entry in entries}
    return Heeded({**catalog, "streams": streams}, by_name, warnings)


def _key_of(stream: str) -> str | None:
    """The replication key of a stream; None if it has none."""
    if stream in FORMS:
        return SEQUENCE
    return REPLICATION_KEY if stream.startswith(OF_PROCESSES) else None


def _as_read(entry: Entry, method: str, key: str | None) -> dict[str, Any]:
    """A stream's entry as singer-sdk reads it."""
    given = {**entry.given, "replication_key": key, "replication_method": method}
    given["stream"] = entry.stream  # the name that goes out is given to what writes it
    given["schema"] = {}  # that of today takes its place
    if entry.metadata:  # one without any is selected as a whole
        root = {**entry.root, "replication-key": key, "selected": entry.is_selected}
        if root.get("inclusion") == AUTOMATIC:
            root["inclusion"] = None  # singer-sdk would read a stream that is not selected
        given["metadata"] = [
            {"breadcrumb": list(path), "metadata": held}
            for path, held in {**entry.metadata, (): root}.items()
        ]
    return given


def _check_names(entries: Iterable[Entry]) -> None:
    """Refuse two streams that would go out under one name."""
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.is_selected and (other := seen.setdefault(entry.alias, entry.stream)):
            if other == entry.stream:
                continue
            raise SettingsError(
                f"The catalog gives the streams '{other}' and '{entry.stream}' one name,"
                f" '{entry.alias}'",
                "Give each a stream of its own, or the names that tap-chakra --discover writes",
            )


def _wish(entry: Entry, usual: str) -> str:
    """The method that is wished for; empty for none. What the metadata say comes first.

    Beside the metadata discovery has written the usual one: another one is a wish.
    """
    root, beside = entry.root, entry.given.get("replication_method")
    if said := root.get("replication-method"):
        return str(said)
    others = [str(each) for each in (beside, root.get("forced-replication-method")) if each]
    return next((each for each in others if each != usual), "")


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
            f" have {REPLICATION_KEY}, inbound events {SEQUENCE} and other streams none: those are"
            " used. To read new rows alone set change_detection to created"
        )
