"""The setting `streams` against the account: what each mapping names, and what can't work so."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Mode
from target_chakra.doctor.call_findings import call_findings
from target_chakra.mapping.destination_names import destination_of, is_for_creates
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.run.streams import rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.mapping.destinations import Destinations
    from target_chakra.settings import Settings
    from target_chakra.stream_mapping import StreamMapping

TOPIC: Final = "mapping"
SETTING: Final = "streams"
_CREATES: Final = (Mode.INSERT, Mode.UPSERT, Mode.MIRROR)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping that was held against the account.

    Attributes:
        findings: What is to be said of it.
        mapper: It as a run compiles it; None if no run would.
    """

    findings: tuple[Finding, ...]
    mapper: RowMapper | None = None


def refused(error: SettingsError) -> Finding:
    """What is to be said of settings with which no run begins."""
    said, follows = f"no run begins with them: {error.cause}", error.next_step
    return Finding("settings", said, follows, "", Severity.FAULT, code=error.exit_code)


def mapped(settings: Settings, account: OpenAccount) -> Iterator[Mapped]:
    """Each mapping of the settings, held against the account.

    Args:
        settings: What the user set.
        account: The account.

    Raises:
        ChakraError: The account can't be read.
    """
    for at, mapping in enumerate(settings.streams):
        if (unused := _why_unused(settings, at)) is not None:
            yield Mapped((_said(mapping, unused, severity=Severity.WARNING),))
        elif mapping.call is not None:
            yield Mapped(tuple(call_findings(mapping, account)))
        else:
            yield _one(settings, mapping, account.procedure)
    if not settings.streams:
        yield Mapped(
            (
                Finding(
                    TOPIC,
                    "none is set: a stream process_<procedure> goes to that procedure, by id",
                    "What tap-chakra emits goes back so; other streams are refused",
                    SETTING,
                    Severity.NOTE,
                ),
            )
        )


def _why_unused(settings: Settings, at: int) -> str | None:
    """Why no stream can come to a mapping; None if one can, as far as names tell."""
    name = settings.streams[at].stream
    for before in settings.streams[:at]:
        if before.stream == name or fnmatch.fnmatchcase(name, before.stream):
            return (
                f"it is never used: the mapping of '{before.stream}' before it fits the same"
                " streams, and the first one counts"
            )
    return None


def _said(
    mapping: StreamMapping,
    found: str,
    follows: str = "",
    severity: Severity = Severity.OK,
    fact: str = "",
) -> Finding:
    setting = SETTING if follows or severity is not Severity.OK else ""
    return Finding(TOPIC, found, follows, setting, severity, mapping.stream, fact)


def _one(
    settings: Settings, mapping: StreamMapping, procedure: Callable[[str], OpenProcedure]
) -> Mapped:
    if mapping.skip:
        return Mapped((_said(mapping, "its rows go nowhere, as skip says"),))
    name = mapping.procedure or mapping.stream.removeprefix("process_")
    if not mapping.procedure and any(each in name for each in "*?["):
        follows = "Which it is, and whether its columns fit, is seen when a stream comes"
        said = "it names no procedure: each stream's own name does (process_<procedure>)"
        return Mapped((_said(mapping, said, follows, Severity.NOTE),))
    try:
        mapper = RowMapper(mapping.stream, mapping, procedure(name).destinations, ())
        rules_of(settings, mapper)
    except SettingsError as error:
        return Mapped((_fault(mapping, error),))
    return Mapped(tuple(_findings(settings, mapper)), mapper)


def _fault(mapping: StreamMapping, error: SettingsError) -> Finding:
    return Finding(
        TOPIC,
        error.cause,
        error.next_step,
        SETTING,
        Severity.FAULT,
        mapping.stream,
        code=error.exit_code,
    )


def _findings(settings: Settings, mapper: RowMapper) -> Iterator[Finding]:
    mapping, into = mapper.mapping, mapper.destinations
    yield _key(mapper)
    if not into.procedure.resolved:
        said = "the configuration does not say which attributes the procedure has"
        yield _said(mapping, said, "Values go as they come, unchecked", Severity.WARNING)
    for name in _unwritable(mapping, into):
        said = f"ChakraHQ takes no values for {name}"
        follows = "A row whose value there differs from what ChakraHQ holds is a reject"
        yield _said(mapping, said, follows, Severity.WARNING)
    if missing := _missing(mapping, mapper.columns.attribute, into):
        said = f"creates will lack {', '.join(missing)}, which the procedure requires"
        follows = "ChakraHQ may refuse them: map a column to each"
        yield _said(mapping, said, follows, Severity.WARNING)
    if _deletes(mapping) and not settings.limits.max_deletes:
        said, follows = "it deletes, and max_deletes is 0", "The first delete stops the run"
        yield Finding(TOPIC, said, follows, "max_deletes", Severity.WARNING, mapping.stream)


def _key(mapper: RowMapper) -> Finding:
    mapping, procedure = mapper.mapping, mapper.destinations.procedure
    attribute, mode = mapper.columns.attribute, mapping.mode.value
    place = f"'{procedure.short_id}', mode {mode}"
    if attribute is None:
        follows = (
            "A row is known again by its mapped values alone; one whose answer is lost is unknown"
            " until you say what became of it"
        )
        return _said(mapping, f"{place}, without a key", follows, Severity.NOTE, "no key")
    said, fact = f"{place}, key {attribute}", f"{procedure.short_id}, {mode}, {attribute}"
    if attribute == "id":
        return _said(mapping, f"{said}: the process's own id", fact=fact)
    if attribute == procedure.primary_key:
        return _said(mapping, f"{said}: the primary key", fact=fact)
    primary = procedure.primary_key or "none that the configuration names"
    said = f"{said}, which is not the primary key ({primary})"
    follows = (
        "Nothing in ChakraHQ keeps it unique: a row whose key several processes have is a reject"
    )
    return _said(mapping, said, follows, Severity.WARNING, fact)


def _unwritable(mapping: StreamMapping, into: Destinations) -> list[str]:
    found = (into.find(name) or into.find(destination_of(name)) for name in _names(mapping))
    return sorted({each.bare_name for each in found if each is not None and not each.writable})


def _names(mapping: StreamMapping) -> list[str]:
    return list((mapping.fields or {}).values())


def _missing(mapping: StreamMapping, key: str | None, into: Destinations) -> list[str]:
    """Required attributes that creates of a stream will not carry, as far as its mapping says."""
    if mapping.fields is None or mapping.mode not in _CREATES:
        return []
    found = (into.find(name) or into.find(destination_of(name)) for name in _names(mapping))
    set_there = {each.bare_name for each in found if each and not is_for_creates(each.name)}
    required = [each.short_id for each in into.procedure.attributes if each.required]
    return [name for name in required if name not in set_there and name != key]


def _deletes(mapping: StreamMapping) -> bool:
    return mapping.mode in (Mode.DELETE, Mode.MIRROR) or mapping.delete_when is not None
