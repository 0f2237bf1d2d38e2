"""Procedures, attributes and states, as the account's configuration names them (contract 5, Q34).

A resolver with fallbacks: what it can't find out becomes a warning, never a failure. A procedure
whose attributes can't be found is *open*: its `data` is read as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING

from chakra_api.account import config_fields as fields
from chakra_api.account.config_fields import Index, Row, RowsBy
from chakra_api.errors import SettingsError
from chakra_api.nearest import nearest
from chakra_api.values.attribute_types import AttributeType, attribute_type
from chakra_api.values.choices import Option
from chakra_api.values.times import Times
from chakra_api.values.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of a procedure; `data` is keyed by its shortId."""

    short_id: str
    id: str
    name: str
    type: AttributeType
    options: tuple[Option, ...] = ()
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A state that a procedure's processes may be in."""

    short_id: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class StateTask:
    """A state task: the schema of a task on a process.

    Attributes:
        short_id: As it stands in paths.
        name: For people.
        attributes: Its fields; empty where the config does not say which it has.
    """

    short_id: str
    name: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure: the schema of its processes.

    Attributes:
        short_id: As it stands in paths.
        id: Its uuid; empty if the config gives none.
        name: For people.
        attributes: Those that can be written.
        derived_attributes: Those that ChakraHQ computes.
        states: Its states.
        primary_key: ShortId of the unique attribute; None if it has none.
        resolved: Whether its attributes could be found; if not, `data` is open.
        state_tasks: What tasks on its processes may be.
    """

    short_id: str
    id: str
    name: str
    attributes: tuple[Attribute, ...] = ()
    derived_attributes: tuple[Attribute, ...] = ()
    states: tuple[State, ...] = ()
    primary_key: str | None = None
    resolved: bool = True
    state_tasks: tuple[StateTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The account, as its configuration tells it.

    Attributes:
        team_id: The tenant's id; None if the config gives none.
        procedures: In the config's order.
        warnings: What could not be found out, a sentence each.
        collections: The config's collections as they came, by their own names.
        timezone: The zone of the team; None if the config gives none that is known.
    """

    team_id: str | None
    procedures: tuple[Procedure, ...]
    warnings: tuple[str, ...]
    collections: Mapping[str, tuple[Row, ...]]
    timezone: tzinfo | None = None
    _by_short_id: dict[str, Procedure] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the procedures: an account may have tens of thousands."""
        object.__setattr__(self, "_by_short_id", {each.short_id: each for each in self.procedures})

    def times(self, naive: tzinfo | None = None) -> Times:
        """What times of the account mean.

        Args:
            naive: The zone of texts that name none; None for the team's.
        """
        team = self.timezone or timezone.utc
        return Times(naive or team, team)

    def procedure(self, short_id: str) -> Procedure:
        """The procedure of that shortId.

        Raises:
            SettingsError: There is none; names those that exist and the likeliest one.
        """
        if (found := self._by_short_id.get(short_id)) is not None:
            return found
        names = [procedure.short_id for procedure in self.procedures]
        likely = _likely(short_id, self.procedures)
        hint = f"Did you mean '{likely}'? " if likely else ""
        listed = ", ".join(names) or "none: check the role of the key"
        raise SettingsError(
            f"There is no procedure '{short_id}' in this account",
            f"{hint}The procedures that this key sees are: {listed}",
        )


def _likely(wanted: str, procedures: Iterable[Procedure]) -> str | None:
    for procedure in procedures:
        known = (procedure.short_id, procedure.id, procedure.name)
        if wanted.lower() in {name.lower() for name in known}:
            return procedure.short_id
    return nearest(wanted, [each.short_id for each in procedures])


def resolve_account(config: Mapping[str, object]) -> Account:
    """Make an account of the answer of the config endpoint (contract 4.22)."""
    collections = {
        name: fields.items(value)
        for name, value in config.items()
        if isinstance(value, (list, dict))
    }
    team = config.get("team")
    collections["team"] = (dict(team),) if isinstance(team, dict) else ()
    resolver = _Resolver(collections)
    procedures = resolver.procedures()
    team_id = fields.text(team, fields.ID) if isinstance(team, dict) else ""
    zone = zone_of(team.get("timezone")) if isinstance(team, dict) else None
    return Account(team_id or None, procedures, tuple(resolver.warnings), collections, zone)


class _Resolver:
    def __init__(self, collections: Mapping[str, tuple[Row, ...]]) -> None:
        self._collections = collections
        self._grouped: dict[tuple[str, tuple[str, ...]], RowsBy] = {}
        self._attributes = Index(collections.get("attributes", ()))
        self._attribute_groups = Index(collections.get("attributeGroups", ()))
        self._types = Index(collections.get("attributeTypes", ()))
        self._settings = {
            fields.reference(row.get("attribute")): row
            for row in collections.get("attributeConfig", ())
        }
        self.warnings: list[str] = []

    def procedures(self) -> tuple[Procedure, ...]:
        """Those that are not deleted, each shortId once: it is what a path can name."""
        found: dict[str, Procedure] = {}
        for row in self._collections.get("procedures", ()):
            short_id = fields.text(row, fields.SHORT_ID)
            if short_id in found:
                self.warnings.append(
                    f"The configuration has more than one procedure '{short_id}': the first counts"
                )
            elif short_id and row.get("isDeleted") is not True:
                found[short_id] = self._procedure(row)
        return tuple(found.values())

    def _procedure(self, row: Row) -> Procedure:
        short_id = fields.text(row, fields.SHORT_ID)
        own = self._owned(row, "attributes")
        if not own:
            self.warnings.append(
                f"The configuration does not say which attributes '{short_id}' has:"
                " its data is read as it comes, as JSON"
            )
        attributes = tuple(self._attribute(each) for each in own)
        return Procedure(
            short_id=short_id,
            id=fields.text(row, fields.ID),
            name=fields.text(row, fields.NAME) or short_id,
            attributes=_distinct(attributes),
            derived_attributes=_distinct(
                tuple(self._attribute(each) for each in self._owned(row, "derivedAttributes"))
            ),
            states=self._states(row),
            primary_key=self._primary_key(row),
            resolved=bool(own),
            state_tasks=self._state_tasks(row),
        )

    def _owned(self, procedure: Row, collection: str) -> list[Row]:
        """The attributes of a procedure, by the ways in which it may own them (contract 5.1)."""
        if collection == "attributes":
            listed = [self._attributes.get(ref) for ref in self._listed(procedure)]
            if found := [row for row in listed if row is not None]:
                return found
        names = {fields.text(procedure, fields.ID), fields.text(procedure, fields.SHORT_ID)} - {""}
        for owner in (("procedure",), fields.OWNER):
            if found := self._by(collection, owner).of(*names):
                return found
        entity = fields.reference(procedure.get("entity"))
        return self._by(collection, ("entity",)).of(entity) if entity else []

    def _by(self, collection: str, owner: tuple[str, ...]) -> RowsBy:
        """The rows of a collection by what they name under one of these fields; grouped once."""
        if (groups := self._grouped.get((collection, owner))) is None:
            groups = RowsBy(self._collections.get(collection, ()), owner)
            self._grouped[collection, owner] = groups
        return groups

    def _listed(self, procedure: Row) -> list[object]:
        value = fields.first(procedure, fields.ATTRIBUTES)
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list) and value:
            return value
        named = fields.first(procedure, ("attributeGroups",))
        found = (
            [self._attribute_groups.get(ref) for ref in named] if isinstance(named, list) else []
        )
        lists = [fields.first(group, fields.ATTRIBUTES) for group in found if group]
        return [ref for refs in lists if isinstance(refs, list) for ref in refs]

    def _attribute(self, row: Row) -> Attribute:
        short_id = fields.text(row, fields.SHORT_ID) or fields.text(row, fields.ID)
        return Attribute(
            short_id=short_id,
            id=fields.text(row, fields.ID),
            name=fields.text(row, fields.NAME) or short_id,
            type=self._type(row),
            options=self._options(row),
            required=fields.first(row, fields.REQUIRED) is True,
            description=fields.text(row, ("description",)),
        )

    def _type(self, row: Row) -> AttributeType:
        named = fields.first(row, fields.ATTRIBUTE_TYPE)
        found = self._types.get(named)
        if found is None:
            return attribute_type(fields.reference(named) or None, fields.text(row, ("datatype",)))
        datatype = fields.text(found, fields.DATATYPE)
        name = fields.text(found, fields.NAME) or fields.text(found, fields.SHORT_ID)
        return attribute_type(name or None, datatype)

    def _options(self, row: Row) -> tuple[Option, ...]:
        value = fields.first(row, fields.OPTIONS) or _enum_of(row.get("schema"))
        config = self._settings.get(fields.text(row, fields.ID), {}).get("config")
        if value is None and isinstance(config, dict):
            value = fields.first(config, fields.OPTIONS)
        return tuple(_option(each) for each in value) if isinstance(value, list) else ()

    def _states(self, procedure: Row) -> tuple[State, ...]:
        graph = procedure.get("stateGraph")
        nested = fields.first(procedure, fields.STATES) or (
            graph.get("states") if isinstance(graph, dict) else None
        )
        rows = fields.items(nested) or self._by("states", ("procedure",)).of(
            fields.text(procedure, fields.ID)
        )
        states = (
            State(
                fields.text(row, fields.SHORT_ID) or fields.text(row, fields.ID),
                fields.text(row, fields.ID),
                fields.text(row, fields.NAME) or fields.text(row, fields.SHORT_ID),
            )
            for row in rows
        )
        return tuple(state for state in states if state.short_id)

    def _state_tasks(self, procedure: Row) -> tuple[StateTask, ...]:
        names = {fields.text(procedure, fields.ID), fields.text(procedure, fields.SHORT_ID)} - {""}
        rows = self._by("stateTasks", ("procedure",)).of(*names)
        return tuple(self._state_task(row) for row in rows if fields.text(row, fields.SHORT_ID))

    def _state_task(self, row: Row) -> StateTask:
        """A state task; it lists its attributes, or they name it."""
        names = {fields.text(row, fields.ID), fields.text(row, fields.SHORT_ID)} - {""}
        listed = [self._attributes.get(ref) for ref in self._listed(row)]
        own = [each for each in listed if each] or self._by("attributes", ("stateTask",)).of(*names)
        short_id = fields.text(row, fields.SHORT_ID)
        return StateTask(
            short_id,
            fields.text(row, fields.NAME) or short_id,
            _distinct(tuple(self._attribute(each) for each in own)),
        )

    def _primary_key(self, procedure: Row) -> str | None:
        found = self._attributes.get(fields.first(procedure, fields.PRIMARY_KEY))
        return fields.text(found, fields.SHORT_ID) or None if found else None


def _distinct(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """The attributes, each shortId once: `data` can hold it only once."""
    return tuple({each.short_id: each for each in attributes if each.short_id}.values())


def _enum_of(schema: object) -> object:
    return schema.get("enum") if isinstance(schema, dict) else None


def _option(value: object) -> Option:
    if not isinstance(value, dict):
        return Option(str(value), str(value))
    chosen = fields.text(value, fields.OPTION_VALUE)
    return Option(chosen, fields.text(value, fields.NAME) or chosen)
