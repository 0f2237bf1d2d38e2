"""A process as ChakraHQ shows it, read alike in every dialect of an account (Q5, Q8, Q36)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.values.timestamps import parse_timestamp
from target_chakra.mapping.destination_names import attribute_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.account.account import Procedure


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A process as a look-up found it.

    Attributes:
        process_id: Its id.
        deleted: Whether it carries `isDeleted`.
        created_at: Epoch milliseconds; None if it is not shown.
        updated_at: The same.
        row: Its root fields as they came.
        data: Its attributes by shortId.
    """

    process_id: str
    deleted: bool
    created_at: int | None
    updated_at: int | None
    row: Mapping[str, object]
    data: Mapping[str, object]

    @property
    def is_shown(self) -> bool:
        """Whether it is what ChakraHQ shows, and not what the journal or a plan says of it."""
        return "id" in self.row

    def value(self, destination: str) -> object:
        """What the process holds at a destination; None if nothing."""
        attribute = attribute_of(destination)
        return self.row.get(destination) if attribute is None else self.data.get(attribute)


class SnapshotReader:
    """Reads the processes of one procedure.

    Args:
        procedure: The procedure.
        unit_ms: Milliseconds in the unit of the account's times.
    """

    def __init__(self, procedure: Procedure, unit_ms: int = 1) -> None:
        self._unit_ms = unit_ms
        self._names = {
            each.id: each.short_id for each in procedure.attributes if each.id != each.short_id
        }

    def __call__(self, row: Mapping[str, object]) -> Snapshot:
        """The process in a row of the wire."""
        data = row.get("data")
        attributes: Mapping[str, object] = data if isinstance(data, dict) else {}
        if not self._names.keys().isdisjoint(attributes):
            attributes = {self._names.get(key, key): value for key, value in attributes.items()}
        return Snapshot(
            str(row.get("id") or ""),
            row.get("isDeleted") is True,
            parse_timestamp(row.get("createdAt"), unit_ms=self._unit_ms),
            parse_timestamp(row.get("updatedAt"), unit_ms=self._unit_ms),
            row,
            attributes,
        )
