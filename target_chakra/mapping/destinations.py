"""Where a column's value may go, and what it becomes on the way (contract 4.4, 4.5, 4.10, 6).

A destination is `data.<attribute>`, a root field (`state`, `status`, `assignedTo`,
`nextActionAt`), or `record.<attribute>`, which is sent on create only. Compiled once per
procedure from the account, so that a row costs a look-up and a call per column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import is_choice
from chakra_api.values.coercion import MISFIT, Coercer, to_boolean, to_number, to_string
from chakra_api.values.encoding import as_it_came, comparer, encoder, is_writable
from chakra_api.values.timestamps import parse_timestamp
from target_chakra.mapping.destination_names import (
    DELETED,
    attribute_of,
    bare_name,
    destination_of,
    is_for_creates,
)

if TYPE_CHECKING:
    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.people import Directory

STATUSES: Final = ("OPEN", "COMPLETED", "CANCELLED")
ROOTS: Final = ("state", "status", "assignedTo", "nextActionAt", DELETED)
VALUES_SHOWN: Final = 12
"""Values that a message lists."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value that can't be written.

    Attributes:
        reason: What is wrong with it, after the name of its column.
    """

    reason: str


Encode: TypeAlias = Callable[[object], object]
"""A column's value → the value of the wire, None for unset, `MISFIT` or `Unfit`."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One place in a process.

    Attributes:
        name: `data.city`, `state`, `record.phone` …
        encode: Makes the value of the wire.
        comparable: Makes a value of the wire comparable with another one.
        writable: Whether ChakraHQ takes it; if not, a row may only agree with it.
        as_is: Types whose values go over the wire as they are.
        choices: Texts that go over the wire as they are.
        kind: Name of its type, for messages.
    """

    name: str
    encode: Encode
    comparable: Coercer
    writable: bool = True
    as_is: frozenset[type] = frozenset()
    choices: frozenset[object] = frozenset()
    kind: str = "value of it"


class Destinations:
    """All destinations of one procedure.

    Args:
        procedure: As the account describes it.
        directory: The account's users.
        sends_ids: Whether an assignee is sent by id, not by username (Q7).
    """

    def __init__(self, procedure: Procedure, directory: Directory, *, sends_ids: bool) -> None:
        self.procedure = procedure
        self._directory = directory
        self._sends_ids = sends_ids
        self._derived = {each.short_id for each in procedure.derived_attributes}
        self._known = {
            each.name: each for each in (*self._roots(), *map(_attribute, procedure.attributes))
        }
        self._folded = {name.casefold(): name for name in self._known}

    def find(self, name: str) -> Destination | None:
        """The destination of that name; case counts only if it must."""
        found = self._known.get(name) or self._known.get(self._folded.get(name.casefold(), ""))
        if found is None and (is_for_creates(name) or self._is_open(name)):
            found = self._known[name] = Destination(name, _same, _same)
        return found

    def _is_open(self, name: str) -> bool:
        return not self.procedure.resolved and attribute_of(name) is not None

    def named(self, name: str, where: str) -> Destination:
        """The destination that a setting names.

        Raises:
            SettingsError: There is none.
        """
        found = self.find(name) or self.find(destination_of(name))
        if found is not None:
            return found
        bare = bare_name(name)
        if bare in self._derived:
            raise SettingsError(
                f"{where} names '{bare}', which ChakraHQ computes itself", "Leave it out"
            )
        attributes = [bare for bare in map(attribute_of, self._known) if bare is not None]
        raise SettingsError(
            f"{where} names '{name}', which '{self.procedure.short_id}' does not have",
            f"Use data.<attribute>, record.<attribute> or one of {', '.join(ROOTS)}; the"
            f" attributes are: {', '.join(attributes) or 'none'}",
        )

    def comparable(self, name: str, value: object) -> object:
        """A value of the wire, in a form that equals where ChakraHQ means the same."""
        found = self.find(name)
        return value if found is None else found.comparable(value)

    @property
    def read_only(self) -> list[str]:
        """The destinations of attributes that can't be written."""
        names = [destination_of(each.short_id) for each in self.procedure.attributes]
        return [name for name in names if not self.is_writable(name)]

    def is_writable(self, name: str) -> bool:
        """Whether ChakraHQ takes values there."""
        found = self.find(name)
        return found is not None and found.writable

    # Root fields

    def _roots(self) -> tuple[Destination, ...]:
        return (
            Destination("state", self._state, self._state_held),
            Destination("status", _status, _text),
            Destination("assignedTo", self._assignee, self._assignee_held),
            Destination("nextActionAt", _instant, parse_timestamp),
        )

    def _state(self, value: object) -> object:
        for state in self.procedure.states:
            if value in (state.short_id, state.id, state.name):
                return state.short_id
        folded = str(value).strip().casefold()
        for state in self.procedure.states:
            if folded in (state.short_id.casefold(), state.name.casefold()):
                return state.short_id
        if not self.procedure.states and isinstance(value, str):
            return value
        known = ", ".join(state.short_id for state in self.procedure.states)
        return Unfit(f"is {value!r}, which is no state of it; the states are: {known}")

    def _state_held(self, value: object) -> object:
        named = (value.get("id") or value.get("shortId")) if isinstance(value, dict) else value
        found = self._state(named)
        return named if isinstance(found, Unfit) else found

    def _assignee(self, value: object) -> object:
        if value == "":
            return None
        found = self._directory.search(str(value))
        if len(found) == 1:
            return found[0].id if self._sends_ids else found[0].username
        if found:
            return Unfit(f"is {value!r}, which {len(found)} users are called; use a username")
        return Unfit(f"is {value!r}, which is no user's id, username, email or name")

    def _assignee_held(self, value: object) -> object:
        person = self._directory.find(value) if isinstance(value, str) else None
        return person.id if person else value or None


def _attribute(attribute: Attribute) -> Destination:
    encode = encoder(attribute.type)
    as_is = _AS_IS.get(encode, frozenset())
    choices: frozenset[object] = frozenset()
    if is_choice(attribute.type.name) and attribute.options:
        encode = _chosen(encode, attribute)
        as_is = frozenset()
        if attribute.type.json_schema["type"] == ["string", "null"]:
            choices = frozenset(option.value for option in attribute.options)
    return Destination(
        destination_of(attribute.short_id),
        encode,
        comparer(attribute.type),
        is_writable(attribute.type),
        as_is,
        choices,
        attribute.type.name,
    )


# JSON holds no infinity, so that a float is always a number.
_AS_IS: Final[Mapping[Coercer, frozenset[type]]] = {
    to_string: frozenset({str}),
    to_number: frozenset({float}),
    to_boolean: frozenset({bool}),
    as_it_came: frozenset({str, int}),
}


def _chosen(encode: Coercer, attribute: Attribute) -> Coercer:
    values = {option.value for option in attribute.options}
    labels = ", ".join([option.value for option in attribute.options][:VALUES_SHOWN])

    def chosen(value: object) -> object:
        if type(value) is list and all(type(each) is str and each in values for each in value):
            return value
        wire = encode(value)
        if wire is None or wire is MISFIT:
            return wire
        for each in wire if isinstance(wire, list) else (wire,):
            if str(each) not in values and each is not None:
                return Unfit(f"is {shown(each)}, which is none of its choices: {labels}")
        return wire

    return chosen


def _same(value: object) -> object:
    return value


def _text(value: object) -> object:
    return value or None


def _status(value: object) -> object:
    status = str(value).strip().upper()
    if status in STATUSES:
        return status
    return Unfit(f"is {value!r}; use one of {', '.join(STATUSES)}")


def _instant(value: object) -> object:
    if value in ("", 0):
        return None
    instant = parse_timestamp(value)
    return Unfit(f"is {value!r}, which is no time") if instant is None else instant


def shown(value: object) -> str:
    """A value as a message quotes it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line's worth
