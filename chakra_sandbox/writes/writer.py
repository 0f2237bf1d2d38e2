"""Creates, updates and deletes: planned against the rows first, then done.

A plan is refused before anything changes, so that a job can plan all of its entries before it
does one (Q33).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chakra_sandbox.messages import Rejection, Row
from chakra_sandbox.rows.made_data import derived
from chakra_sandbox.rows.model import TEAM_ID
from chakra_sandbox.rows.people import BY_ID, BY_USERNAME
from chakra_sandbox.rows.store import key_text
from chakra_sandbox.writes.values import clean_data, in_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.reads.lagging import Lag
    from chakra_sandbox.rows.access import Token
    from chakra_sandbox.rows.account import Shelf
    from chakra_sandbox.rows.making import Draw

STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
_NO_ROW = 404


@dataclass(frozen=True, slots=True)
class Plan:
    """A write that may be done.

    Attributes:
        action: What it does.
        slot: The row it changes, None for a new one.
        row: The row afterwards.
        new_key: The primary key value that only a new row may have, None if it may repeat.
    """

    action: Literal["insert", "replace", "kill"]
    slot: int | None
    row: Row
    new_key: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to one procedure in the name of one token, as the knobs say.

    Attributes:
        shelf: The procedure.
        lag: What its lists show; told of each write.
        knobs: The answers to the open questions.
        token: Whose right it is.
        draw: Where new ids come from.
    """

    shelf: Shelf
    lag: Lag
    knobs: Knobs
    token: Token
    draw: Draw

    def find(self, process_id: str, change: Row | None = None) -> int:
        """Return the slot of a living row that the token sees, or of a dead one to be restored.

        Args:
            process_id: Its id.
            change: What is to become of it.

        Raises:
            Rejection: 404.
        """
        restores = self.knobs.restores and self.knobs.delete_mode != "hard"
        dead = restores and change is not None and change.get("isDeleted") is False
        slot = self.shelf.store.slot_of_id(process_id)
        if slot is None or not self._reaches(slot, dead=dead):
            raise Rejection(_NO_ROW, f"No process found for id {process_id}")
        return slot

    def find_by_key(self, value: object) -> int:
        """Return the slot of the oldest living row with a primary key value.

        Raises:
            Rejection: 404.
        """
        for slot in self.shelf.store.slots_of_key(value):
            if self._reaches(slot):
                return slot
        raise Rejection(_NO_ROW, f"No process found for {self.shelf.model.primary_key} {value}")

    def _reaches(self, slot: int, *, dead: bool = False) -> bool:
        store = self.shelf.store
        if not (dead or store.alive[slot]):
            return False
        return self.token.role != "USER" or store.row(slot)["assignedTo"] == self.token.user_id

    def named(self, name: str) -> Row:
        """Return the living row that an id or a primary key value names.

        Raises:
            Rejection: 404.
        """
        try:
            slot = self.find(name)
        except Rejection:
            slot = self.find_by_key(name)
        return self.shelf.store.row(slot)

    def plan_create(self, item: Row, now_ms: int) -> Plan:
        """Plan a create (4.4); an existing key is refused, merged or repeated (Q18).

        Raises:
            Rejection: 400, or 409 for a key that exists.
        """
        model, store = self.shelf.model, self.shelf.store
        data = {k: v for k, v in self.data_of(item).items() if v is not None}
        twin = self._twin(data)
        if twin is not None:
            return self.plan_update(twin, item, now_ms)
        at_ms = max(now_ms, store.newest_ms())
        row: Row = {
            "id": self.draw.uuid(),
            "team": TEAM_ID,
            "procedure": model.id,
            "createdBy": self.token.user_id,
            "assignedTo": None,
            "belongsTo": None,
            "entity": model.entity_id,
            "record": self.draw.uuid(),
            "status": "OPEN",
            "state": model.states[0].short_id,
            "data": data,
            "derivedData": derived(model, data),
            "nextActionAt": None,
            "completedAt": 0,
            "createdAt": at_ms,
            "updatedAt": at_ms,
            "isDeleted": False,
        }
        unique = model.primary_key if self.knobs.duplicate_pk == "reject" else None
        key = key_text(data.get(unique)) if unique else None
        return Plan("insert", None, self._with_fields(row, item, at_ms), key)

    def _twin(self, data: Row) -> int | None:
        """Return the row that a create would merge into."""
        model, store = self.shelf.model, self.shelf.store
        twins = store.slots_of_key(data.get(model.primary_key)) if model.primary_key else []
        if twins and self.knobs.duplicate_pk == "reject":
            raise Rejection(409, f"{model.primary_key} {data[model.primary_key or '']} exists")
        if twins and self.knobs.duplicate_pk == "merge":
            return twins[0]
        phone = data.get("phone_number")
        return self._with_phone(str(phone)) if phone and self.knobs.phone_merge else None

    def _with_phone(self, phone: str) -> int | None:
        store = self.shelf.store
        written = phone.encode()
        for slot, cell in enumerate(store.cells):
            may_be = store.alive[slot] and written in cell
            if may_be and str(store.row(slot)["data"].get("phone_number")) == phone:
                return slot
        return None

    def plan_update(self, slot: int, change: Row, now_ms: int) -> Plan:
        """Plan an update (4.5): data is merged by attribute, the rest replaced.

        Raises:
            Rejection: 400, or 409 for a key that another row has.
        """
        model, store = self.shelf.model, self.shelf.store
        row = store.row(slot)
        merged = {**row["data"], **self.data_of(change)}
        data = {key: value for key, value in merged.items() if value is not None}
        if model.primary_key and self.knobs.duplicate_pk == "reject":
            key = data.get(model.primary_key)
            if any(other != slot for other in store.slots_of_key(key)):
                raise Rejection(409, f"{model.primary_key} {key} exists")
        if change.get("isDeleted") is False:
            row["isDeleted"] = False
        row["data"] = data
        row["derivedData"] = derived(model, data)
        row["updatedAt"] = max(now_ms, row["updatedAt"])
        return Plan("replace", slot, self._with_fields(row, change, now_ms))

    def plan_delete(self, slot: int, now_ms: int) -> Plan:
        """Plan a delete (4.7)."""
        row = {**self.shelf.store.row(slot), "isDeleted": True, "updatedAt": now_ms}
        return Plan("kill", slot, row)

    def carry_out(self, plan: Plan, now_ms: int) -> None:
        """Do what was planned; the rows must not have changed since."""
        store = self.shelf.store
        if self.knobs.index_lag_ms:
            slot = len(store) if plan.slot is None else plan.slot
            hides = self.knobs.index_lag_shows == "nothing"
            self.lag.before_write(slot, now_ms + self.knobs.index_lag_ms, hides=hides)
        if plan.slot is None:
            store.insert(plan.row)
        elif plan.action == "kill":
            store.kill(plan.slot, now_ms)
        else:
            store.replace(plan.slot, plan.row, now_ms)

    def data_of(self, item: Row) -> Row:
        """Return an item's checked `data`.

        Raises:
            Rejection: 400.
        """
        return clean_data(self.shelf.model, self.knobs, item.get("data"))

    def check(self, item: Row) -> None:
        """Check an item as far as that needs no row.

        Raises:
            Rejection: 400.
        """
        self.data_of(item)
        state = self.shelf.model.states[0].short_id
        self._with_fields({"state": state, "status": "OPEN"}, item, 0)

    def _with_fields(self, row: Row, item: Row, now_ms: int) -> Row:
        """Set the root fields that an item may carry."""
        if "status" in item:
            if item["status"] not in STATUSES:
                raise Rejection(400, f"status is one of {', '.join(STATUSES)}")
            done = item["status"] == "COMPLETED"
            row["completedAt"] = (row.get("completedAt") or now_ms) if done else 0
            row["status"] = item["status"]
        if "state" in item:
            row["state"] = self._state(row["state"], item["state"])
        if "assignedTo" in item:
            row["assignedTo"] = user_id_of(item["assignedTo"], self.knobs)
        if "nextActionAt" in item:
            row["nextActionAt"] = in_milliseconds(
                _moment(item["nextActionAt"], self.knobs), self.knobs
            )
        return row

    def _state(self, before: str, wanted: object) -> str:
        known = [state.short_id for state in self.shelf.model.states]
        if wanted not in known:
            if self.knobs.bad_state == "ignored":
                return before
            raise Rejection(400, f"{self.shelf.model.short_id} has no state {wanted}")
        back = before in known and known.index(str(wanted)) < known.index(before)
        if self.knobs.state_graph == "on" and back:
            raise Rejection(400, f"no way from state {before} to {wanted}")
        return str(wanted)


def user_id_of(value: object, knobs: Knobs) -> str | None:
    """Return the id of the user that `assignedTo` names (Q7).

    Raises:
        Rejection: 400.
    """
    if value is None:
        return None
    allowed: Mapping[str, bool] = {"username_only": False, "id_only": True}
    by_id = value in BY_ID
    wrong_form = allowed.get(knobs.assigned_to_write, by_id) != by_id
    if wrong_form or not (by_id or value in BY_USERNAME):
        raise Rejection(400, f"assignedTo: no user {value}")
    return str(value) if by_id else BY_USERNAME[str(value)].id


def _moment(value: object, knobs: Knobs) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isdigit() and knobs.next_action_at_accepts == "both":
        return int(value)
    raise Rejection(400, "nextActionAt is a number of milliseconds")
