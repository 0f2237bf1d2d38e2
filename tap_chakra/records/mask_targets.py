"""What the keys of the setting `mask` can mean in an account, and what is refused of them.

A mask that means nothing would let through what its user wanted to hide: it is an error, before
the first row is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.values.attribute_types import TEXT
from tap_chakra.masking.masked_procedure import KEPT as KEPT_OF_PROCESSES
from tap_chakra.masking.rules import EXTRA, GROUPS, Treatment
from tap_chakra.records.list_mask import KEPT
from tap_chakra.records.schema import ROOT_COLUMNS, RootKind
from tap_chakra.records.users import users_schema
from tap_chakra.webhooks.event_records import inbound_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from tap_chakra.masking.rules import Rule

    Row = dict[str, object]

_LIKE: Final = 0.5
"""How like an attribute, or a stream, must be to a key of the mask to be told."""
_TEXT_KINDS: Final = (RootKind.REFERENCE, RootKind.TEXT, RootKind.STATE, RootKind.MADE)
_REASONS: Final = {
    "id": "the id is the key by which loaders know a row again",
    "updatedAt": "loaders tell by it which of two rows is the later one",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A property that can be masked.

    Attributes:
        group: `data` or `derivedData` of an attribute; empty of a root column.
        name: Of the property.
        holds: What it holds, `integer`, as a message says it; empty where that is text.
        kept: Whether no pattern means it.
    """

    group: str
    name: str
    holds: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stream shows.

    Attributes:
        stream: Its name.
        targets: Its properties.
        known: Whether these are all that there can be.
    """

    stream: str
    targets: tuple[Target, ...]
    known: bool = True


def of_procedure(stream: str, procedure: Procedure) -> Shown:
    """What the stream of a procedure shows."""
    roots = (
        Target(
            "",
            each.name,
            "" if each.kind in _TEXT_KINDS else each.kind.name.lower(),
            each.name in KEPT_OF_PROCESSES,
        )
        for each in ROOT_COLUMNS
    )
    owned = zip(GROUPS, (procedure.attributes, procedure.derived_attributes), strict=True)
    inner = (_of_attribute(group, each) for group, attributes in owned for each in attributes)
    return Shown(stream, (*roots, *inner), procedure.resolved)


def _of_attribute(group: str, attribute: Attribute) -> Target:
    family = attribute.type.family
    is_text = family.json_schema == TEXT.json_schema and family.name != "JSON"
    return Target(group, attribute.short_id, "" if is_text else family.name)


def of_users() -> Shown:
    """What the stream of users shows."""
    return of_declared("users", users_schema())


def of_inbound(stream: str) -> Shown:
    """What a stream of inbound events shows."""
    return of_declared(stream, inbound_schema(stream))


def of_declared(stream: str, schema: Row) -> Shown:
    """What a stream shows whose schema is the same in every account."""
    declared = schema["properties"]
    assert isinstance(declared, dict)  # noqa: S101 - what an object's schema has
    return Shown(stream, tuple(_of_column(name, each) for name, each in declared.items()))


def _of_column(name: str, declared: Mapping[str, object]) -> Target:
    kinds = [kind for kind in _list(declared["type"]) if kind != "null"]
    if kinds != ["string"]:
        return Target("", name, str(kinds[0]), name in KEPT)
    is_json = str(declared.get("description", "")).startswith("JSON")
    holds = str(declared.get("format") or ("JSON" if is_json else ""))
    return Target("", name, holds, name in KEPT)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def of_collection(stream: str, rows: Sequence[Row]) -> Shown:
    """What the stream of a collection of the configuration shows."""
    names = dict.fromkeys(name for row in rows for name in row)
    targets = (
        Target("", name, "" if _are_texts(name, rows) else "other values", name in KEPT)
        for name in names
    )
    return Shown(stream, tuple(targets), known=bool(rows))


def _are_texts(name: str, rows: Iterable[Row]) -> bool:
    return all(isinstance(row.get(name), (str, type(None))) for row in rows)


def check(rules: Iterable[Rule], shown: Sequence[Shown]) -> list[str]:
    """See whether each rule means something that can be masked so; what is worth saying of them.

    Args:
        rules: Of the setting.
        shown: What the streams of the account show.

    Raises:
        SettingsError: One does not, naming the nearest that there is.
    """
    said: list[str] = []
    for rule in rules:
        streams = [each for each in shown if rule.means_stream(each.stream)]
        if not streams:
            known = sorted(each.stream for each in shown)
            raise SettingsError(
                f"The mask '{rule.key}' is for a stream that this account does not have",
                f"{did_you_mean(rule.stream, known, _LIKE)}The streams are {', '.join(known)}",
            )
        found = [(each.stream, target) for each in streams for target in _meant(rule, each)]
        for stream, target in found:
            _refuse(rule, stream, target)
        if rule.group != EXTRA and not found:
            said += _unfound(rule, streams)
    return said


def _meant(rule: Rule, shown: Shown) -> Iterator[Target]:
    for target in shown.targets:
        if rule.means(target.group, target.name) and not (rule.is_glob and target.kept):
            yield target


def _unfound(rule: Rule, streams: Sequence[Shown]) -> list[str]:
    unknown = sorted(each.stream for each in streams if not each.known)
    if unknown:
        said = (
            f"The mask '{rule.key}' could not be checked: the configuration does not say what"
            f" {', '.join(unknown)} holds; it counts for whatever comes under that name"
        )
        return [said]
    names = sorted({target.name for each in streams for target in each.targets})
    raise SettingsError(
        f"The mask '{rule.key}' means no attribute and no column: nothing would be masked",
        f"{did_you_mean(rule.name, names, _LIKE)}For what rows hold and no configuration names,"
        f" write {rule.stream}.{EXTRA}.{rule.name}",
    )


def _refuse(rule: Rule, stream: str, target: Target) -> None:
    """Refuse what can't be masked, or not so."""
    path = ".".join(part for part in (stream, target.group, target.name) if part)
    if target.kept and target.group == "":
        reason = _REASONS.get(target.name)
        if reason is not None:
            raise SettingsError(
                f"The mask '{rule.key}' would mask {path}, and {reason}",
                f"Leave it as it is; an attribute of that name is data.{target.name}",
            )
        if rule.treatment is not Treatment.DROP:
            raise SettingsError(
                f"The mask '{rule.key}' is {rule.treatment.value}, and {path} holds many values",
                f"Set it to drop, or mask what is in it: {stream}.{target.name}.*",
            )
    if rule.treatment is Treatment.KEEP_FIRST and target.holds:
        raise SettingsError(
            f"The mask '{rule.key}' is keep-first, which is for texts, and {path} holds"
            f" {target.holds}",
            "Set it to hash or drop",
        )
