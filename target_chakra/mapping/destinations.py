"""Where a column's value may go, and what it becomes on the way (contract 4.4, 4.5, 4.10, 6).

A destination is `data.<attribute>`, a root field (`state`, `status`, `assignedTo`,
`nextActionAt`), or `record.<attribute>`, which is sent on create only. Compiled once per
procedure from the account, so that a row costs a look-up and a call per column.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final

from chakra_api.account.snake_case import SEPARATOR, snake_case, snake_path
from chakra_api.account.snake_columns import snake_columns
from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import attribute_type
from chakra_api.values.choices import Choices, Option
from chakra_api.values.times import UTC, Times
from chakra_api.values.writers import comparer, is_writable, takes, writer
from chakra_api.values.writing import Unfit, write_boolean, write_number_or_text, write_text
from target_chakra.mapping.destination_names import (
    DELETED,
    attribute_of,
    bare_name,
    destination_of,
    is_for_creates,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.loader_names import Clash
    from chakra_api.account.people import Directory, Person
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.writing import Writer

STATUSES: Final = ("OPEN", "COMPLETED", "CANCELLED")
ROOTS: Final = ("state", "status", "assignedTo", "nextActionAt", DELETED)
_INSTANT: Final = attribute_type("datetime")
_OBJECT: Final = "data"
"""The member of a process that holds its attributes."""


@dataclass(frozen=True, slots=True)
class ValueRules:
    """What the user's settings say of values.

    Attributes:
        times: What times without a zone, and days, mean.
        sends_ids: Whether an assignee is sent by id, not by username (Q7).
        assigns_inactive: Whether users may be assigned who are not active.
    """

    times: Times = UTC
    sends_ids: bool = False
    assigns_inactive: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """One place in a process.

    Attributes:
        name: `data.city`, `state`, `record.phone` …
        write: Makes the value of the wire, or `Unfit`, of one that is not empty.
        comparable: Makes a value of the wire comparable with another one.
        writable: Whether ChakraHQ takes it; if not, a row may only agree with it.
        as_is: Types whose values go over the wire as they are.
        choices: Texts that go over the wire as they are.
        is_text: Whether an empty text may be stored there.
        is_time: Whether its values are instants.
        takes: What it takes, for messages; empty if the reason says so.
    """

    name: str
    write: Writer
    comparable: Coercer
    writable: bool = True
    as_is: frozenset[type] = frozenset()
    choices: frozenset[object] = frozenset()
    is_text: bool = False
    is_time: bool = False
    takes: str = ""

    @property
    def bare_name(self) -> str:
        """Its name as an account's user knows it: `city`, `state`."""
        return bare_name(self.name)


class Destinations:
    """All destinations of one procedure.

    Args:
        procedure: As the account describes it.
        directory: The account's users.
        rules: What the user's settings say of values.
    """

    def __init__(
        self, procedure: Procedure, directory: Directory, rules: ValueRules | None = None
    ) -> None:
        self.procedure = procedure
        self.rules = rules or ValueRules()
        self._directory = directory
        self._states = Choices(
            (Option(state.short_id, state.name) for state in procedure.states), "states"
        )
        self._derived = {each.short_id for each in procedure.derived_attributes}
        self._attributes = {destination_of(each.short_id): each for each in procedure.attributes}
        made = (_made(each, self.rules.times) for each in procedure.attributes)
        self._known = {each.name: each for each in (*self._roots(), *made)}
        folded = Counter(map(str.casefold, self._known))
        self._folded = {
            name.casefold(): name for name in self._known if folded[name.casefold()] == 1
        }

    def exact(self, name: str) -> Destination | None:
        """The destination of that very name."""
        return self._known.get(name)

    def find(self, name: str) -> Destination | None:
        """The destination of that name; case counts only if it must."""
        found = self._known.get(name) or self._known.get(self._folded.get(name.casefold(), ""))
        if found is None and (is_for_creates(name) or self._is_open(name)):
            found = self._known[name] = Destination(name, _same, _same, is_text=True)
        return found

    def spelled(self, name: str, beside: Container[str] = ()) -> Destination | None:
        """The destination that is called so in snake case, as dlt and the tap may spell it.

        Where several would be called so, the name is nobody's, unless the names beside it show
        that the others are called by their suffixes, as they are in all that the tap writes.

        Args:
            name: `data.lead_score`, `next_action_at` …
            beside: The attributes whose names stand beside it, itself too.
        """
        if not all(other in beside for other in self._others_called_so.get(name, ())):
            return None
        return self._known.get(self._in_snake_case.get(name, ""))

    @cached_property
    def _in_snake_case(self) -> dict[str, str]:
        """Names by what the tap calls them in snake case."""
        called, _ = self._called
        return {
            **{snake_case(each.name): each.name for each in self._roots()},
            **{destination_of(each): destination_of(name) for name, each in called.items()},
        }

    @cached_property
    def _others_called_so(self) -> dict[str, frozenset[str]]:
        """By a plain name: the attributes, with suffixes, that would be called so, too."""
        called, clashes = self._called
        plain: dict[str, set[str]] = {}
        for clash in clashes:
            name = clash.name.removeprefix(f"{_OBJECT}{SEPARATOR}")
            others = plain.setdefault(destination_of(snake_path(name)), set())
            others.add(called[name])
        return {name: frozenset(others) for name, others in plain.items()}

    @cached_property
    def _called(self) -> tuple[dict[str, str], list[Clash]]:
        names = dict.fromkeys(each.short_id for each in self.procedure.attributes)
        return snake_columns(names, _OBJECT)

    def rounding(self, found: Destination) -> Destination:
        """A destination that cuts off the digits that it can't hold."""
        attribute = self._attributes.get(found.name)
        if attribute is None:
            return found
        write = writer(attribute.type, attribute.options, self.rules.times, rounds=True)
        return replace(found, write=write, as_is=frozenset())

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
        instant = writer(_INSTANT, times=self.rules.times)
        return (
            Destination("state", self._state, self._state_held),
            Destination("status", _status, _text),
            Destination("assignedTo", self._assignee, self._assignee_held),
            Destination(
                "nextActionAt",
                instant,
                comparer(_INSTANT, self.rules.times),
                is_time=True,
                takes=takes(_INSTANT),
            ),
        )

    def _state(self, value: object) -> object:
        for state in self.procedure.states:
            if value in (state.short_id, state.id):
                return state.short_id
        if not self.procedure.states and isinstance(value, str):
            return value
        found = self._states.find(value)
        return Unfit(found.reason, value) if isinstance(found, Unfit) else found

    def _state_held(self, value: object) -> object:
        named = (value.get("id") or value.get("shortId")) if isinstance(value, dict) else value
        found = self._state(named)
        return named if isinstance(found, Unfit) else found

    def _assignee(self, value: object) -> object:
        named = write_text(value)
        found = self._directory.search(named) if isinstance(named, str) else ()
        if not found:
            return Unfit("is no user's id, username, email or name", value)
        if len(found) > 1:
            return Unfit(f"{len(found)} users are called; use a username")
        return self._sent(found[0])

    def _sent(self, person: Person) -> object:
        if person.is_deleted:
            return Unfit("is a user who is deleted", person.id or person.username)
        if not person.is_active and not self.rules.assigns_inactive:
            return Unfit(
                "is a user who is not active; assign_inactive assigns them all the same",
                person.id or person.username,
            )
        return person.id if self.rules.sends_ids else person.username

    def _assignee_held(self, value: object) -> object:
        person = self._directory.find(value) if isinstance(value, str) else None
        return person.id if person else value or None


def _made(attribute: Attribute, times: Times) -> Destination:
    kind, family = attribute.type, attribute.type.family
    write = writer(kind, attribute.options, times)
    choices: frozenset[object] = frozenset()
    if family.is_choice and attribute.options and family.json_schema["type"] == ["string", "null"]:
        choices = frozenset(option.value for option in attribute.options)
    return Destination(
        destination_of(attribute.short_id),
        write,
        comparer(kind, times),
        is_writable(kind),
        _AS_IS.get(write, frozenset()),
        choices,
        is_text=family.name in _TEXTS,
        is_time=family.name in _TIMES,
        takes="" if family.is_choice and attribute.options else takes(kind),
    )


_TEXTS: Final = frozenset({"text", "reference", "month", "JSON"})
_TIMES: Final = frozenset({"datetime", "ISO datetime"})
_AS_IS: Final[Mapping[Writer, frozenset[type]]] = {
    write_text: frozenset({str}),
    write_boolean: frozenset({bool}),
    write_number_or_text: frozenset({str}),
}


def _same(value: object) -> object:
    return value


def _text(value: object) -> object:
    return value or None


def _status(value: object) -> object:
    status = str(value).strip().upper()
    return status if status in STATUSES else Unfit(f"is none of {', '.join(STATUSES)}")


def shown(value: object) -> str:
    """A value as a message quotes it: blanks and invisible characters show."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line's worth
