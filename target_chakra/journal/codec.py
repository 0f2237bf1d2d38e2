"""The journal's values as rows of its tables, and back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from chakra_api.wire.wire_json import encode
from target_chakra.batches import Batch, decode_actions, decode_outcomes
from target_chakra.changes import Key, Kind, Known
from target_chakra.journal.records import OpenBatch, UnknownRow
from target_chakra.lifecycle import BatchState

if TYPE_CHECKING:
    import sqlalchemy as sa

    from target_chakra.changes import Action, Reject
    from target_chakra.journal.records import Confirmation, Owned, Unknown

    Row = dict[str, object]


def confirmation_row(account: str, each: Confirmation) -> Row:
    """A row of `confirmed`."""
    key, known = each.key, each.known
    return {
        "account": account,
        "procedure": key.procedure,
        "attribute": key.attribute,
        "key": str(key.value),
        "process_id": known.process_id,
        "fields": encode(known.fields),
        "learned": encode(known.learned) if known.learned else None,
        "stream": known.stream,
        "created": known.created,
        "deleted": known.deleted,
        "began_ms": known.began,
        "ended_ms": known.ended,
    }


def _object(text: str) -> Row:
    value = orjson.loads(text)
    if not isinstance(value, dict):
        raise TypeError(f"{text[:40]} is no object")
    return value


def known_of(row: sa.Row[tuple[object, ...]]) -> Known:
    """What a row of `confirmed` says."""
    return Known(
        process_id=row.process_id,
        fields=_object(row.fields),
        learned=_object(row.learned) if row.learned else {},
        deleted=row.deleted,
        stream=row.stream,
        created=row.created,
        began=row.began_ms,
        ended=row.ended_ms,
    )


def owned_row(account: str, run: int, each: Owned) -> Row:
    """A row of `owned`."""
    return {
        "account": account,
        "procedure": each.key.procedure,
        "stream": each.stream,
        "attribute": each.key.attribute,
        "key": str(each.key.value),
        "value": orjson.dumps(each.key.value),
        "seen_run": run,
    }


def twin_rows(account: str, run: int, batch: Batch) -> list[Row]:
    """Rows of `twins`: actions whose rows, when they come again, no look-up would show as done."""
    return [
        {
            "account": account,
            "procedure": action.change.procedure,
            "stream": action.change.stream,
            "twin": twin,
            "run": run,
            "seq": action.change.seq,
            "batch": batch.id,
            "position": at,
        }
        for at, action in enumerate(batch.actions)
        if (twin := action.twin or _grave(action))
    ]


DELETED: Final = "deleted "
"""Begins the twin of a delete; what follows is its key."""
GRAVES: Final = f"{DELETED}%"
"""What the twins of deletes are like, in SQL."""


def _grave(action: Action) -> str | None:
    key = action.change.key
    if action.kind is not Kind.DELETE or key is None or action.change.seq < 1:
        return None
    return DELETED + orjson.dumps([key.attribute, str(key.value)]).decode()


def grave_of(procedure: str, twin: str) -> Key:
    """The key of a delete that is remembered, as the journal spells it."""
    attribute, value = orjson.loads(twin[len(DELETED) :])
    return Key(procedure, attribute, value)


def reject_row(account: str, run: int, reject: Reject) -> Row:
    """A row of `rejects`."""
    change = reject.change
    return {
        "run": run,
        "account": account,
        "procedure": change.procedure,
        "stream": change.stream,
        "line": change.line,
        "attribute": change.key.attribute if change.key else None,
        "key": str(change.key.value) if change.key else None,
        "reason": reject.reason,
        "next_step": reject.next_step,
        "job": reject.job,
        "row": encode(change.row),
        "origin": change.origin or None,
        "seq": change.seq if change.key is None and not change.origin else None,
    }


def unknown_row(account: str, run: int, unknown: Unknown) -> Row:
    """A row of `unknowns`."""
    action, change = unknown.action, unknown.action.change
    return {
        "run": run,
        "account": account,
        "procedure": change.procedure,
        "stream": change.stream,
        "line": change.line,
        "attribute": change.key.attribute if change.key else None,
        "key": orjson.dumps(change.key.value) if change.key else None,
        "process_id": action.process_id,
        "kind": action.kind.value,
        "reason": unknown.reason,
        "twin": action.twin,
        "fields": encode(action.fields),
        "free_ms": unknown.free_ms,
    }


def unknown_of(row: sa.Row[tuple[object, ...]]) -> UnknownRow:
    """What a row of `unknowns` says."""
    names = []
    if row.attribute:
        names.append(Key(row.procedure, row.attribute, orjson.loads(row.key)))
    if row.process_id:
        names.append(Key(row.procedure, "id", row.process_id))
    return UnknownRow(row.id, tuple(names), row.twin, row.free_ms)


def open_batch_of(row: sa.Row[tuple[object, ...]]) -> OpenBatch:
    """What a row of `batches` says.

    Raises:
        ValueError: It can't be open and say that.
    """
    kind = Kind(row.kind)
    actions = decode_actions(row.actions, row.procedure, kind)
    outcomes = decode_outcomes(row.outcomes)
    if len(actions) != row.size or not set(outcomes) < set(range(row.size)):
        raise ValueError(f"batch {row.id} is {row.state}, and its rows do not fit that")
    batch = Batch(
        id=row.id,
        procedure=row.procedure,
        kind=kind,
        actions=actions,
        state=BatchState(row.state),
        job=row.job,
        sent=row.sent_ms,
        server=row.server_ms,
        shape=row.shape,
    )
    return OpenBatch(batch, outcomes)
