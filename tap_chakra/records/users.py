"""The users stream: one row per user, v1's ids and times beside v2's readable names.

The API shows users twice (contract 3.4): v1 with ids and epoch milliseconds, v2 humanised. A
warehouse joins on ids (`process_lead.assignedTo = users.id`) and people read names, so a record
is v1's, with `teamName`, `roleName`, `email` and `phone` from v2. Where v2 is refused or does
not show a user, those are taken from v1's objects as far as they go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import (
    Coercer,
    to_boolean,
    to_integer,
    to_json,
    to_string,
)
from chakra_api.values.spelled import NulText
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import UTC, unit_of
from chakra_api.values.timestamps import is_zoneless
from tap_chakra.records.list_mask import finished, typed_columns
from tap_chakra.records.schema import EXTRA
from tap_chakra.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chakra_api.values.times import Times
    from tap_chakra.records.list_mask import ListMask

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


def _unset_is_null(value: object) -> object:
    return None if value == 0 and value is not False else to_integer(value)


_TIMES: Final = ("createdAt", "updatedAt", "deletedAt")
_COERCERS: Final[Mapping[str, Coercer]] = {
    **dict.fromkeys(_TEXTS, to_string),
    **dict.fromkeys(_TIMES, to_string),  # in place of which an account has its own
    "dob": _unset_is_null,
    **dict.fromkeys(("isActive", "isDeleted"), to_boolean),
    **dict.fromkeys(("data", "onboardingData", "profile"), to_json),
}
_HUMAN: Final = ("teamName", "roleName", "email", "phone")
_CONSUMED: Final = frozenset((*_COERCERS, "primaryEmail", "primaryPhone"))
SHOWN_BY: Final = {
    "primaryEmail": "email",
    "emails": "email",
    "primaryPhone": "phone",
    "phones": "phone",
}
"""Fields that say, in `_extra_data`, what a column says."""


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


def user_records(
    v1: Iterable[Row],
    v2: Iterable[Row],
    times: Times = UTC,
    tally: Tally | None = None,
    mask: ListMask | None = None,
) -> Iterator[Row]:
    """The typed records of the users, each id once, in the order of v1.

    Args:
        v1: As the first version of the endpoint shows them.
        v2: As the second does.
        times: What times mean in the account; their unit is what the users' `createdAt` prove.
        tally: Takes the counts of odd values.
        mask: What masks them; None if nothing does.
    """
    rows = {_text(row.get("id")): row for row in v1}
    unit = unit_of(row.get("createdAt") for row in rows.values())
    reader = root_time_reader(replace(times, unit_ms=unit or 1))
    coercers = {**_COERCERS, **dict.fromkeys(_TIMES, reader)}
    human = {_text(row.get("id")): row for row in v2}
    for user_id, row in rows.items():
        sides = row, human.get(user_id, {})
        yield _record(*sides, coercers, tally or Tally(), mask)


def _record(
    row: Row,
    human: Row,
    coercers: Mapping[str, Coercer],
    tally: Tally,
    mask: ListMask | None,
) -> Row:
    extra = {name: value for name, value in row.items() if name not in _CONSUMED}
    record = typed_columns(row, coercers, extra, tally, mask)
    for name in _TIMES:
        value = row.get(name)
        if name not in extra and isinstance(value, str) and is_zoneless(value):
            tally.zoneless[name] += 1
    shown = (("teamName", "team"), ("roleName", "role"))
    texts: Row = {name: _text(human.get(field)) for name, field in shown}
    for name, field, inner in (
        ("email", "primaryEmail", "email"),
        ("phone", "primaryPhone", "phone"),
    ):
        texts[name] = _text(human.get(field)) or _inner(row.get(field), inner)
        if isinstance(row.get(field), dict):
            extra[field] = row[field]
    for name, text in texts.items():
        record[name] = to_string(text)
        if isinstance(text, NulText):
            tally.nul[name] += 1
            extra[name] = text
    return finished(record, extra, mask)


def _inner(value: object, name: str) -> str | None:
    return _text(value.get(name)) if isinstance(value, dict) else _text(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
