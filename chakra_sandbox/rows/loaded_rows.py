"""Turns the records of a file into processes, with the times they are to have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.model import TEAM_ID
from chakra_sandbox.rows.moments import parse_iso
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.rows.store import key_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.model import Model
    from chakra_sandbox.rows.moments import Span


class LoadError(ValueError):
    """A file that cannot be served; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Times:
    """Where rows get their times from.

    Attributes:
        span: The rows are spread over it where no column says otherwise.
        created: Attribute that gives `createdAt`, or None.
        updated: Attribute that gives `updatedAt`, or None.
    """

    span: Span
    created: str | None
    updated: str | None

    def created_ms(self, number: int, count: int, data: Row) -> int:
        """Return `createdAt` of the row with this number, from 1."""
        if self.created is not None:
            return _moment(data, self.created, number)
        return self.span.start_ms + self.span.width_ms * (number - 1) // count

    def updated_ms(self, created_ms: int, number: int, data: Row, draw: Draw) -> int:
        """Return `updatedAt`: from its column, or between creation and the end of the span."""
        if self.updated is not None:
            return _moment(data, self.updated, number)
        return created_ms + int(draw.fraction() ** 3 * max(0, self.span.end_ms - created_ms))


def loaded_rows(model: Model, records: list[Row], times: Times, seed: int) -> Iterator[Row]:
    """Yield a process for each record, oldest first.

    Raises:
        LoadError: A key that is missing or repeats, or a time that cannot be read.
    """
    if model.primary_key is not None:
        _check_keys(model.primary_key, records)
    draw = Draw(f"{seed}:{model.short_id}:loaded")
    rows = []
    for number, data in enumerate(records, 1):
        created_ms = times.created_ms(number, len(records), data)
        updated_ms = times.updated_ms(created_ms, number, data, draw)
        rows.append(_process(model, data, (created_ms, updated_ms), draw))
    rows.sort(key=lambda row: int(row["createdAt"]))
    yield from rows


def _process(model: Model, data: Row, moments: tuple[int, int], draw: Draw) -> Row:
    worker = draw.of(USERS).id
    return {
        "id": draw.uuid(),
        "team": TEAM_ID,
        "procedure": model.id,
        "createdBy": None,
        "assignedTo": worker,
        "belongsTo": None,
        "entity": model.entity_id,
        "record": draw.uuid(),
        "status": "OPEN",
        "state": model.states[0].short_id if model.states else None,
        "data": {name: value for name, value in data.items() if value is not None},
        "derivedData": {},
        "nextActionAt": None,
        "completedAt": 0,
        "createdAt": moments[0],
        "updatedAt": moments[1],
        "isDeleted": False,
    }


def _check_keys(key: str, records: list[Row]) -> None:
    seen: dict[str, int] = {}
    for number, record in enumerate(records, 1):
        value = key_text(record.get(key))
        if value is None or value == "":
            raise LoadError(f"row {number} has no {key}; name another column with --key, or none")
        if value in seen:
            raise LoadError(
                f"rows {seen[value]} and {number} both have {key} {value}; "
                "name a column with --key whose values are unique, or none"
            )
        seen[value] = number


def _moment(data: Row, name: str, number: int) -> int:
    value = data.get(name)
    moment = parse_iso(value) if isinstance(value, str) else value
    if isinstance(moment, bool) or not isinstance(moment, int):
        raise LoadError(f"row {number}: {name} is no moment: {value!r}; use ISO 8601 or epoch ms")
    return moment
