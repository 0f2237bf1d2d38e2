"""A catalog beside the streams of today: what it says of things that are not there is told."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.singerlib import Schema
from singer_sdk.singerlib.catalog import Metadata

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from tap_chakra.catalogs.entries import breadcrumb, paths_of, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib.catalog import Catalog, CatalogEntry

    from tap_chakra.catalogs.entries import Entry
    from tap_chakra.singer.streams import ChakraStream

_AVAILABLE: Final = Metadata.InclusionType.AVAILABLE
_AUTOMATIC: Final = Metadata.InclusionType.AUTOMATIC
_UNSUPPORTED: Final = Metadata.InclusionType.UNSUPPORTED


def matched(
    catalog: Catalog,
    streams: Mapping[str, ChakraStream],
    asked: Mapping[str, Entry],
    procedures: Mapping[str, str],
) -> list[str]:
    """Put the schemas and keys of today into a catalog.

    Args:
        catalog: As singer-sdk reads it; it is changed.
        streams: Those of the account, by name.
        asked: What the user's catalog says of each stream.
        procedures: The stream of each procedure that the account has, read or not, by shortId.

    Returns:
        A sentence for each thing that it says in vain.

    Raises:
        SettingsError: It selects a stream that is not there, or would leave out a property that
            is not there: what was meant would go out.
    """
    warnings, keyed = list[str](), defaultdict[tuple[str, ...], list[str]](list)
    for entry in catalog.values():
        name = entry.tap_stream_id
        said, stream = asked.get(name), streams.get(name)
        selected = said.is_selected if said else bool(entry.metadata.root.selected)
        if stream is None:
            if selected:
                raise _no_stream(name, streams, procedures)
            continue
        own = tuple(stream.primary_keys)
        wished = said.keys if said else ()
        if selected and wished and set(wished) != set(own):
            keyed[wished].append(name)
        entry.schema, entry.key_properties = Schema.from_dict(stream.schema), own
        if entry.metadata:
            _respell(entry, stream)
            _include(entry, (*own, *filter(None, [stream.replication_key])))
            if selected:
                discovered = paths_of(said.given.get("schema")) if said else {}
                warnings += _vain(entry, stream.schema, discovered)
    for keys, names in keyed.items():
        warnings.append(
            f"The catalog wants the key {', '.join(keys)} for {', '.join(names)}: the key stays"
            f" {', '.join(streams[names[0]].primary_keys)}. Another one is given with"
            " __key_properties__ in stream_maps"
        )
    return warnings


def rename(maps: Mapping[str, Sequence[StreamMap]], asked: Iterable[Entry]) -> None:
    """Have streams go out under the names that a catalog gives them, but for a map's own."""
    for entry in asked:
        for each in maps.get(entry.stream, ()):
            if each.stream_alias == entry.stream:
                each.stream_alias = entry.alias


def _respell(entry: CatalogEntry, stream: ChakraStream) -> None:
    """Have what a catalog says of a property in its other spelling count for it.

    A catalog that was written before `column_names` was changed would leave nothing out any more.
    """
    today = paths_of(stream.schema)
    for other, path in stream.other_paths():
        given, meant = breadcrumb(other), breadcrumb(path)
        if given in today or given not in entry.metadata:
            continue
        held = entry.metadata.pop(given)
        if meant not in entry.metadata or _leaves_out(held):
            entry.metadata[meant] = held


def _include(entry: CatalogEntry, columns: Iterable[str]) -> None:
    """Keys always come; of all else a word that leaves it out counts more than inclusion."""
    always: list[tuple[str, ...]] = [("properties", column) for column in columns]
    for path in always:
        entry.metadata[path].inclusion = _AUTOMATIC
    for path, held in entry.metadata.items():
        if path and path not in always and held.inclusion == _AUTOMATIC and held.selected is False:
            held.inclusion = _AVAILABLE


def _vain(
    entry: CatalogEntry,
    schema: Mapping[str, Any],
    discovered: Mapping[tuple[str, ...], object],
) -> Iterator[str]:
    """A sentence for what a catalog says in vain of the properties of a stream."""
    today, name = paths_of(schema), entry.tap_stream_id
    gone = list[str]()
    for path, held in entry.metadata.items():
        if path in today:
            continue
        if path in discovered:
            gone += [spelled(path)] if held.selected is not None else []
        elif _leaves_out(held):
            raise SettingsError(
                f"The catalog leaves out '{spelled(path)}' of '{name}', which does not exist",
                f"{_likely(path, today)}Write the breadcrumb as tap-chakra --discover"
                " does, or remove it",
            )
        elif held.selected:
            yield (
                f"The catalog selects '{spelled(path)}' of '{name}', which does not exist."
                f" {_likely(path, today)}Nothing comes of it"
            )
    if gone:
        yield (
            f"The catalog names properties of '{name}' that it had when it was discovered and has"
            f" no longer: {', '.join(sorted(gone))}. If one was renamed its new name is not left"
            " out: run tap-chakra --discover again and select from that"
        )
    yield from _empty(entry, today)


def _empty(
    entry: CatalogEntry, today: Mapping[tuple[str, ...], Mapping[str, Any]]
) -> Iterator[str]:
    """A sentence for each object that is selected without anything in it."""
    mask = entry.metadata.resolve_selection()
    for path, held in entry.metadata.items():
        inner = today.get(path, {}).get("properties") if path else None
        if not inner or not held.selected or not mask[path]:
            continue
        within = [(*path, "properties", name) for name in inner]
        if not any(mask[each] for each in within):
            what = spelled(path)
            yield (
                f"The catalog selects '{what}' of '{entry.tap_stream_id}' and nothing in it, so"
                f" that it does not come: select '{what}.*', too (in Meltano"
                f" {entry.tap_stream_id}.{what}.*)"
            )


def _leaves_out(held: Metadata) -> bool:
    said = held.selected_by_default if held.selected is None else held.selected
    return said is False or held.inclusion == _UNSUPPORTED


def _likely(path: Sequence[str], today: Iterable[Sequence[str]]) -> str:
    """A sentence that asks for the nearest property, of those as deep before all others."""
    names = [each for each in path if each != "properties"]
    known = [each for each in today if each]
    beside = [spelled(each) for each in known if len(each) == 2 * len(names)]
    word = ".".join(names)
    return did_you_mean(word, beside) or did_you_mean(word, map(spelled, known))


def _no_stream(
    name: str, streams: Mapping[str, ChakraStream], procedures: Mapping[str, str]
) -> SettingsError:
    left_out = [short_id for short_id, stream in procedures.items() if stream == name]
    if left_out:
        return SettingsError(
            f"The catalog selects the stream '{name}', which the setting procedures leaves out",
            f"Add '{left_out[0]}' to procedures, or deselect the stream in the catalog",
        )
    return SettingsError(
        f"The catalog selects the stream '{name}', which this account does not have",
        f"{did_you_mean(name, streams)}Run tap-chakra --discover again and select from that;"
        f" there are: {', '.join(sorted(streams))}",
    )
