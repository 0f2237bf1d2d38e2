"""A procedure of common types, and changes and processes of it, for tests of planning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chakra_api.account.account import Attribute, Procedure, State
from chakra_api.account.people import Directory
from chakra_api.values.attribute_types import attribute_type
from target_chakra.changes import Change, Key, Known, Mode
from target_chakra.lookups.snapshot import Snapshot, SnapshotReader
from target_chakra.mapping.destinations import Destinations, ValueRules
from target_chakra.planning.plan import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, object]
TYPES = {
    "lead_id": "integerId",
    "city": "string",
    "phone": "phone",
    "score": "integer",
    "share": "float",
    "hot": "boolean",
    "met_at": "dateTime",
    "born": "date",
    "tags": "multiString",
    "more": "json",
    "cart": "cart",
}
PROCEDURE = Procedure(
    "lead",
    "p1",
    "Lead",
    tuple(Attribute(name, f"id-{name}", name, attribute_type(t)) for name, t in TYPES.items()),
    states=(State("NEW", "s1", "New"), State("WON", "s2", "Won")),
    primary_key="lead_id",
)
PEOPLE = Directory.from_users([{"id": "u1", "username": "asha.k"}])
DESTINATIONS = Destinations(PROCEDURE, PEOPLE, ValueRules())
KEY = Key("lead", "lead_id", 7)
RULES = Rules(DESTINATIONS.comparable, read_only=("data.cart",))
REVIVE = replace(RULES, revive=True)
KNOWN = Known("x7", {"data.city": "Pune"}, {}, False, "leads", True, 1_000, 2_000)  # noqa: FBT003 - a record of facts
read = SnapshotReader(PROCEDURE)


def wants(
    fields: Mapping[str, object], *, mode: Mode = Mode.UPSERT, deletes: bool = False
) -> Change:
    return Change(1, 1, "leads", "lead", KEY, mode, deletes, fields, {})


def holds(data: Mapping[str, object], **row: object) -> Snapshot:
    return read({"id": "x7", "data": dict(data), **row})
