"""Bulk create and bulk update: from a request's items to a job's entries (contract 4.9, 4.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, Row
from chakra_sandbox.reads.answers import Call, read_body
from chakra_sandbox.writes.jobs import Entry, Job, JobBoard

if TYPE_CHECKING:
    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.writes.writer import Plan, Writer

_ROOT = frozenset({"data", "state", "status", "assignedTo", "nextActionAt", "isDeleted"})


@dataclass(frozen=True, slots=True)
class CreateWork:
    """Creates one process."""

    writer: Writer
    item: Row

    def plan(self, now_ms: int) -> Plan:
        """Plan the create."""
        return self.writer.plan_create(self.item, now_ms)

    def carry_out(self, plan: Plan, now_ms: int) -> None:
        """Create it."""
        self.writer.carry_out(plan, now_ms)


@dataclass(frozen=True, slots=True)
class UpdateWork:
    """Changes or deletes one process; without a change it finds the row and leaves it."""

    writer: Writer
    item: Row
    change: Row | None

    def plan(self, now_ms: int) -> Plan | None:
        """Find the row and plan the change."""
        slot = self._find()
        if self.change is None:
            return None
        if self.change.get("isDeleted") is True:
            return self.writer.plan_delete(slot, now_ms)
        return self.writer.plan_update(slot, self.change, now_ms)

    def carry_out(self, plan: Plan, now_ms: int) -> None:
        """Change it."""
        self.writer.carry_out(plan, now_ms)

    def _find(self) -> int:
        if "id" not in self.item:
            return self.writer.find_by_key(self.item[self.writer.shelf.model.primary_key or ""])
        try:
            return self.writer.find(str(self.item["id"]), self.change)
        except Rejection:
            if not self.writer.knobs.id_accepts_pk:
                raise
            return self.writer.find_by_key(self.item["id"])


@dataclass(frozen=True, slots=True)
class BulkDesk:
    """Takes bulk requests for one procedure.

    Attributes:
        board: Where the jobs go.
        writer: What their entries write with.
        draw: Where entry ids come from.
    """

    board: JobBoard
    writer: Writer
    draw: Draw

    def create(self, call: Call) -> Job:
        """Accept a bulk create (4.9).

        Raises:
            Rejection: 404, 400 or 413: nothing was accepted.
        """
        knobs = call.knobs
        if knobs.bulk_create == "404":
            raise Rejection(404, "No such path")
        body = self._body(call)
        if knobs.bulk_create_body == "object":
            body = body.get("processes") if isinstance(body, dict) else None
        items = self._items(call, body)
        return self._submit(call, [self._create_entry(n, item) for n, item in enumerate(items)])

    def update(self, call: Call) -> Job:
        """Accept a bulk update (4.10).

        Raises:
            Rejection: 400 or 413: nothing was accepted.
        """
        body = self._body(call)
        items = self._items(call, body.get("processes") if isinstance(body, dict) else None)
        return self._submit(call, [self._update_entry(n, item) for n, item in enumerate(items)])

    def _submit(self, call: Call, entries: list[Entry]) -> Job:
        for entry in entries:
            entry.updated_ms = call.now_ms
        return self.board.submit(self.writer.shelf.model.short_id, entries, call.knobs, call.now_ms)

    def _body(self, call: Call) -> object:
        if len(call.request.body) > call.knobs.max_body_bytes:
            raise Rejection(413, f"The body is larger than {call.knobs.max_body_bytes} bytes")
        return read_body(call.request)

    def _items(self, call: Call, items: object) -> list[object]:
        if not isinstance(items, list):
            raise Rejection(400, "The body holds an array of processes")
        most = call.knobs.max_batch
        if len(items) > most and call.knobs.over_batch != "truncate":
            raise Rejection(int(call.knobs.over_batch), f"At most {most} processes at once")
        return items[:most]

    def _create_entry(self, index: int, item: object) -> Entry:
        try:
            made = self._create_item(item)
            self.writer.check(made)
        except Rejection as rejection:
            return self._invalid(index, item, rejection.message)
        return Entry(self.draw.uuid(), index, item, CreateWork(self.writer, made))

    def _create_item(self, item: object) -> Row:
        """Return an item with its key where the account reads it (Q20)."""
        key, source = self.writer.shelf.model.primary_key, self.writer.knobs.bulk_create_pk_from
        if not isinstance(item, dict):
            raise Rejection(400, "An item is an object")
        data = item.get("data") or {}
        if key is None or not isinstance(data, dict):
            return item
        if source == "top_only":
            data = {name: value for name, value in data.items() if name != key}
        if source != "data_only" and key in item:
            data = {**data, key: item[key]}
        return {**item, "data": data}

    def _update_entry(self, index: int, item: object) -> Entry:
        key = self.writer.shelf.model.primary_key
        if not isinstance(item, dict) or not ("id" in item or (key and key in item)):
            if self.writer.knobs.no_identifier == "400":
                raise Rejection(400, f"Item {index} has neither id nor {key}")
            return self._invalid(index, item, "No identifier")
        try:
            change = self._change(item)
            if change is not None:
                self.writer.check(change)
        except Rejection as rejection:
            return self._invalid(index, item, rejection.message)
        return Entry(self.draw.uuid(), index, item, UpdateWork(self.writer, item, change))

    def _change(self, item: Row) -> Row | None:
        """Return what an item changes, None if its shape is one that changes nothing (Q22)."""
        knobs = self.writer.knobs
        nested, flat = item.get("update"), {k: item[k] for k in _ROOT if k in item}
        if isinstance(nested, dict) and knobs.bulk_update_accepts != "flat":
            return nested
        if flat and knobs.bulk_update_accepts != "nested":
            return flat
        if knobs.flat_when_nested == "INVALID":
            raise Rejection(400, "Nothing to update")
        return None

    def _invalid(self, index: int, item: object, message: str) -> Entry:
        return Entry(self.draw.uuid(), index, item, None, "INVALID", message)
