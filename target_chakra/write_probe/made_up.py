"""What the process of a write probe holds: values that can't be anybody's, made up by type. Pure.

One attribute is marked: its value names the probe, and no other process has it. What a procedure
requires is made up with it; of other types one attribute each is filled, to see what ChakraHQ makes
of its value. Nothing that could reach a person is used: addresses end in `.invalid`, and numbers
begin with +999, which no country has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import folded
from chakra_api.values.writing import Unfit
from target_chakra.mapping.destination_names import bare_name, destination_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from chakra_api.account.account import Attribute
    from target_chakra.mapping.destinations import Destinations

NAMED: Final = "Target-Chakra-Probe"
"""How each mark begins that is a text."""
SPACED: Final = "  Probe  of target-chakra, ÄÖ  "
"""A text with blanks around it and within, capitals, and letters of no English alphabet."""
NEXT_ACTION: Final = "nextActionAt"
_LONG_AGO_MS: Final = 978_307_200_000
"""2001, so that nobody is reminded of it."""
_FREE: Final = frozenset({"string", "text", "name", "stringid", "textarea", "html"})
"""Types of texts that may hold anything."""
_TEXTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_FREE, SPACED),
    "email": f"{NAMED}-{{number}}@Example.invalid",
    "phone": "+999 {short}",
    "url": "https://example.invalid/Probe",
}
"""Texts by type; in a type that is not here nothing can be made up."""
_VALUES: Final[Mapping[str, object]] = {
    "number": 12.5,
    "boolean": True,
    "date": "2001-02-03",
    "datetime": "2001-02-03T04:05:06.789Z",
    "ISO datetime": "2001-02-03T04:05:06.789Z",
    "month": 2,
    "list of number": [12.5, 77.25],
}
"""Other values by family, as a source would spell them."""
_INTEGER: Final = 42
_LISTS: Final = frozenset({"multistring"})


@dataclass(frozen=True, slots=True)
class MadeUp:
    """What a marked process holds.

    Attributes:
        attribute: ShortId of the marked attribute.
        mark: What that holds.
        fields: Destination → value of the wire: the mark, and what the procedure requires.
        samples: The same, of attributes that need not be set: what becomes of them is looked at.
        changed: A destination that is changed again and again.
    """

    attribute: str
    mark: str | int
    fields: Mapping[str, object]
    samples: Mapping[str, object]
    changed: str

    @property
    def all(self) -> dict[str, object]:
        """All that is set."""
        return {**self.fields, **self.samples}

    def without(self, dropped: Collection[str]) -> MadeUp:
        """The same without some samples."""
        kept = {name: value for name, value in self.samples.items() if name not in dropped}
        left = {**self.fields, **kept}
        return replace(
            self, samples=kept, changed=self.changed if self.changed in left else NEXT_ACTION
        )

    def named_in(self, refusal: str) -> list[str]:
        """The samples that a refusal names by their attribute."""
        words = set(re.findall(r"\w+", refusal))
        return [name for name in self.samples if bare_name(name) in words]

    def change(self, number: int) -> object:
        """A value to change to; another for each number."""
        held = self.all.get(self.changed)
        if isinstance(held, str):
            return f"probe{number}"
        return _LONG_AGO_MS + number * 1000 if self.changed == NEXT_ACTION else number


def made_up(into: Destinations, number: int) -> MadeUp:
    """What a marked process of a procedure holds.

    Args:
        into: Where values may go.
        number: No other probe has it; below 2^53.

    Raises:
        SettingsError: The procedure wants values that can't be made up.
    """
    marked, mark = _marked(into, number)
    fields: dict[str, object] = {destination_of(marked.short_id): mark}
    samples: dict[str, object] = {}
    missing: list[str] = []
    for attribute in into.procedure.attributes:
        name = destination_of(attribute.short_id)
        if name in fields:
            continue
        value = _value(attribute, into, number)
        if value is not None:
            (fields if attribute.required else samples)[name] = value
        elif attribute.required:
            missing.append(f"{attribute.short_id} ({attribute.type.name})")
    if missing:
        raise SettingsError(
            f"'{into.procedure.short_id}' requires values that can't be made up:"
            f" {', '.join(missing)}",
            "Probe another procedure: what is found is mostly true of all of an account",
        )
    chosen = _one_of_each_type(into.procedure.attributes, samples)
    return MadeUp(
        marked.short_id, mark, fields, chosen, _changed(into, {**fields, **chosen}, marked)
    )


def _marked(into: Destinations, number: int) -> tuple[Attribute, str | int]:
    """The attribute that is marked, and its mark: the primary key, or else a text."""
    procedure = into.procedure
    for attribute in procedure.attributes:
        is_key = attribute.short_id == procedure.primary_key
        may_be = is_key or (procedure.primary_key is None and folded(attribute.type.name) in _FREE)
        if may_be and (mark := _mark(attribute, number)) is not None:
            return attribute, mark
        if is_key:
            raise SettingsError(
                f"The primary key of '{procedure.short_id}', {attribute.short_id}, is of the type"
                f" {attribute.type.name}, of which none can be made up",
                "Probe another procedure: what is found is mostly true of all of an account",
            )
    raise SettingsError(
        f"'{procedure.short_id}' has neither a primary key nor a text that a process of ours could"
        " be known again by",
        "Probe another procedure: what is found is mostly true of all of an account",
    )


def _mark(attribute: Attribute, number: int) -> str | int | None:
    name = folded(attribute.type.name)
    if name in _FREE:
        return f"{NAMED}-{number}"
    if name in ("email", "phone"):
        return _text(name, number)
    is_number = attribute.type.family.name == "integer" and name != "time"
    return number if is_number else None


def _text(name: str, number: int) -> str | None:
    found = _TEXTS.get(name)
    return found and found.format(number=number, short=f"{number % 10**9:09d}")


def _value(attribute: Attribute, into: Destinations, number: int) -> object:
    """A value of the wire for an attribute; None if none can be made up."""
    found = into.find(destination_of(attribute.short_id))
    if found is None or not found.writable:
        return None
    value = _source_value(attribute, number)
    wire = None if value is None else found.write(value)
    return None if isinstance(wire, Unfit) else wire


def _source_value(attribute: Attribute, number: int) -> object:
    family, name = attribute.type.family, folded(attribute.type.name)
    if family.is_choice:
        first = next((option.value for option in attribute.options), None)
        return [first] if family.item is not None and first is not None else first
    if family.name == "text":
        return _text(name, number)
    if family.name == "integer":
        return _INTEGER
    if name in _LISTS:
        return ["b", "a"]
    if family.name == "list of number" and name != "geolocation":
        return None
    return _VALUES.get(family.name)


def _one_of_each_type(
    attributes: Iterable[Attribute], samples: Mapping[str, object]
) -> dict[str, object]:
    seen: set[str] = set()
    chosen: dict[str, object] = {}
    for attribute in attributes:
        name, kind = destination_of(attribute.short_id), folded(attribute.type.name)
        group = "free" if kind in _FREE else kind
        if name in samples and group not in seen:
            seen.add(group)
            chosen[name] = samples[name]
    return chosen


def _changed(into: Destinations, held: Mapping[str, object], marked: Attribute) -> str:
    """A destination that may be changed freely: a text, a whole number, or the next action."""
    kinds = {destination_of(each.short_id): each for each in into.procedure.attributes}
    names = [name for name in held if name != destination_of(marked.short_id)]
    for name in names:
        if folded(kinds[name].type.name) in _FREE:
            return name
    for name in names:
        if folded(kinds[name].type.name) in ("integer", "number"):
            return name
    return NEXT_ACTION
