"""What an account is made of: procedures, attributes, states and users, as plain values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

_NAMESPACE = uuid.UUID("6f0f9a52-0d6c-4b9c-8a54-2f2b8d1e7c01")


@lru_cache(maxsize=4096)
def uid(*parts: str) -> str:
    """Return the uuid that a thing of this name always has."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


TEAM_ID = uid("team", "acme")


IN_MILLISECONDS = frozenset({"date", "datetime"})
"""Types whose values are stored as epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enum."""

    value: object
    label: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of a procedure; `type_name` as in contract section 6."""

    short_id: str
    type_name: str
    name: str
    options: tuple[Option, ...] = ()
    is_required: bool = False
    owner: str = ""

    @property
    def id(self) -> str:
        """Its uuid."""
        return uid("attribute", self.owner, self.short_id)


@dataclass(frozen=True, slots=True)
class State:
    """A state of a procedure."""

    short_id: str
    name: str
    owner: str = ""

    @property
    def id(self) -> str:
        """Its uuid."""
        return uid("state", self.owner, self.short_id)


@dataclass(frozen=True, slots=True)
class Model:
    """A procedure: what its processes look like.

    Attributes:
        short_id: The name in paths.
        name: The label.
        entity: shortId of the entity of its records.
        attributes: What users write.
        derived: What is computed; read-only.
        states: The first is where a process starts.
        completed_state: shortId of the default completed state.
        primary_key: shortId of the key attribute, or None.
    """

    short_id: str
    name: str
    entity: str
    attributes: tuple[Attribute, ...]
    derived: tuple[Attribute, ...]
    states: tuple[State, ...]
    completed_state: str
    primary_key: str | None

    @property
    def id(self) -> str:
        """Its uuid."""
        return uid("procedure", self.short_id)

    @property
    def entity_id(self) -> str:
        """The uuid of its entity."""
        return uid("entity", self.entity)

    def attribute(self, short_id: str) -> Attribute | None:
        """Find an attribute users write."""
        return next((a for a in self.attributes if a.short_id == short_id), None)


@dataclass(frozen=True, slots=True)
class User:
    """A member of the team."""

    username: str
    first_name: str
    last_name: str
    role: str
    is_active: bool = True
    is_deleted: bool = False

    @property
    def id(self) -> str:
        """Its uuid."""
        return uid("user", self.username)
