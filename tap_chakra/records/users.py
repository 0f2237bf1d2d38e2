"""The users stream: one row per user, v1's ids and times beside v2's readable names.

The API shows users twice (contract 3.4): v1 with ids and epoch milliseconds, v2 humanised. A
warehouse joins on ids (`process_lead.assignedTo = users.id`) and people read names, so a record
is v1's, with `teamName`, `roleName`, `email` and `phone` from v2. Where v2 is refused or does
not show a user, those are taken from v1's objects as far as they go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import (
    MISFIT,
    Coercer,
    json_text,
    to_boolean,
    to_datetime,
    to_integer,
    to_json,
    to_string,
)
from tap_chakra.records.schema import EXTRA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Row = dict[str, object]

_TEXTS: Final = (
    "id",
    "username",
    "firstName",
    "middleName",
    "lastName",
    "displayName",
    "gender",
    "bio",
    "profileImageUrl",
    "coverImageUrl",
    "timezone",
    "availabilityStatus",
    "team",
    "role",
)


def _time(value: object) -> object:
    return None if value in (0, "0") and value is not False else to_datetime(value)


def _unset_is_null(value: object) -> object:
    return None if value == 0 and value is not False else to_integer(value)


_COERCERS: Final[Mapping[str, Coercer]] = {
    **dict.fromkeys(_TEXTS, to_string),
    **dict.fromkeys(("createdAt", "updatedAt", "deletedAt"), _time),
    "dob": _unset_is_null,
    **dict.fromkeys(("isActive", "isDeleted"), to_boolean),
    **dict.fromkeys(("data", "onboardingData", "profile"), to_json),
}
_HUMAN: Final = ("teamName", "roleName", "email", "phone")
_CONSUMED: Final = frozenset((*_COERCERS, "primaryEmail", "primaryPhone"))


def users_schema() -> dict[str, object]:
    """The JSON Schema of the users stream."""
    text: dict[str, object] = {"type": ["string", "null"]}
    time = {**text, "format": "date-time"}
    properties: dict[str, object] = {
        **dict.fromkeys(_TEXTS, text),
        "id": {"type": ["string"]},
        **dict.fromkeys(("createdAt", "updatedAt", "deletedAt"), time),
        "dob": {"type": ["integer", "null"], "description": "As it came; its unit is not known."},
        **{key: {"type": ["boolean", "null"]} for key in ("isActive", "isDeleted")},
        **{key: {**text, "description": "JSON."} for key in ("data", "onboardingData", "profile")},
        **dict.fromkeys(_HUMAN, text),
        EXTRA: {**text, "description": "JSON: fields that have no column, or do not fit theirs."},
    }
    return {"type": "object", "properties": properties}


def user_records(v1: Iterable[Row], v2: Iterable[Row]) -> Iterator[Row]:
    """The typed records of the users, each id once, in the order of v1."""
    human = {_text(row.get("id")): row for row in v2}
    for user_id, row in {_text(row.get("id")): row for row in v1}.items():
        yield _record(row, human.get(user_id, {}))


def _record(row: Row, human: Row) -> Row:
    record: Row = {}
    extra = {name: value for name, value in row.items() if name not in _CONSUMED}
    for name, coerce in _COERCERS.items():
        coerced = coerce(row.get(name))
        if coerced is MISFIT:
            extra[name] = row[name]
            coerced = None
        record[name] = coerced
    record["teamName"] = _text(human.get("team"))
    record["roleName"] = _text(human.get("role"))
    for name, field, inner in (
        ("email", "primaryEmail", "email"),
        ("phone", "primaryPhone", "phone"),
    ):
        record[name] = _text(human.get(field)) or _inner(row.get(field), inner)
        if isinstance(row.get(field), dict):
            extra[field] = row[field]
    record[EXTRA] = json_text(extra) if extra else None
    return record


def _inner(value: object, name: str) -> str | None:
    return _text(value.get(name)) if isinstance(value, dict) else _text(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
