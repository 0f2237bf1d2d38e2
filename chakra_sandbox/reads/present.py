"""Shows stored rows as the knobs say (Q5, Q7, Q8, Q27, Q35, Q36, Q37).

Rows are stored as the defaults show them, so that by default nothing is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.model import IN_MILLISECONDS
from chakra_sandbox.rows.moments import SECOND_MS, iso_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.model import Attribute, Model

_TIMES = ("nextActionAt", "completedAt", "createdAt", "updatedAt")
_PRESENTING = (
    "timestamp_format", "assigned_to_read", "state_read", "updated_at", "unset_attributes",
    "derived_data", "data_keys", "record_read",
)  # fmt: skip
_EMPTY = {"string": "", "integer": 0, "number": 0, "float": 0, "decimal": 0, "boolean": False}


@dataclass(frozen=True, slots=True)
class Presenter:
    """Shows the rows of one procedure.

    Attributes:
        model: The procedure.
        knobs: What is to be different.
        usernames: User id to username.
    """

    model: Model
    knobs: Knobs
    usernames: Mapping[str, str]

    def shower(self) -> Callable[[bytes], bytes]:
        """Return what turns a stored row into the JSON that is sent."""
        default = Knobs()
        if all(getattr(self.knobs, name) == getattr(default, name) for name in _PRESENTING):
            return bytes
        return lambda cell: exact_json.dumps(self.show(exact_json.loads(cell)))

    def show(self, row: Row) -> Row:
        """Return a row as the API sends it."""
        shown = {**row, "state": self._state(row["state"])}
        if self.knobs.assigned_to_read == "username":
            shown["assignedTo"] = self.usernames.get(row["assignedTo"], row["assignedTo"])
        if self.knobs.record_read == "object":
            shown["record"] = {"id": row["record"], "entity": row["entity"], "data": {}}
        shown["data"] = self._data(row["data"])
        self._derived(shown)
        self._times(shown)
        return shown

    def _state(self, short_id: str) -> object:
        found = next((s for s in self.model.states if s.short_id == short_id), None)
        if found is None or self.knobs.state_read == "short_id":
            return short_id
        if self.knobs.state_read == "id":
            return found.id
        return {"id": found.id, "shortId": found.short_id, "name": found.name}

    def _data(self, data: Row) -> Row:
        style = self.knobs.unset_attributes
        if style != "omitted":
            empty = {
                a.short_id: None if style == "null" else _EMPTY.get(a.type_name, "")
                for a in self.model.attributes
            }
            data = {**empty, **data}
        if self.knobs.timestamp_format == "s":
            data = self._in_seconds(data)
        if self.knobs.data_keys == "short_id":
            return data
        found: dict[str, Attribute] = {a.short_id: a for a in self.model.attributes}
        return {found[key].id if key in found else key: value for key, value in data.items()}

    def _in_seconds(self, data: Row) -> Row:
        moments = {a.short_id for a in self.model.attributes if a.type_name in IN_MILLISECONDS}
        return {
            key: value // SECOND_MS if key in moments and isinstance(value, int) else value
            for key, value in data.items()
        }

    def _derived(self, shown: Row) -> None:
        if self.knobs.derived_data == "null":
            shown["derivedData"] = None
        elif self.knobs.derived_data == "absent":
            del shown["derivedData"]

    def _times(self, shown: Row) -> None:
        if self.knobs.updated_at == "absent":
            del shown["updatedAt"]
        elif self.knobs.updated_at != "usable":
            shown["updatedAt"] = 0 if self.knobs.updated_at == "zero" else None
        for name in _TIMES:
            if shown.get(name):
                shown[name] = _moment(shown[name], self.knobs.timestamp_format)


def _moment(value: int, style: str) -> object:
    if style == "ms":
        return value
    if style == "s":
        return value // SECOND_MS
    return iso_ms(value) if style == "iso" else str(value)
