"""The journal's values as rows of its tables and as the JSON in their cells, and back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from chakra_api.values import exact_json
from chakra_api.wire.wire_json import encode
from target_chakra.batches import Batch, Settlement
from target_chakra.changes import Action, AskedBy, Change, Key, Kind, Known, Mode, names_of
from target_chakra.journal.records import Claim, Confirmation, OpenBatch, UnknownRow, created_by
from target_chakra.journal_tables.tables import TwinKind
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from target_chakra.changes import Reject
    from target_chakra.journal.records import CurrentRun, KeptFields, Owned, Unknown

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
        "replaced": encode(known.replaced) if known.replaced else None,
        "of_job": None if known.of_job is None else encode(known.of_job),
    }


def value_of(cell: bytes) -> Any:  # noqa: ANN401 - what a cell holds
    """The value of a cell's JSON, with every digit; a rejected row may hold NaN."""
    return exact_json.loads(bytes(cell), constants=True)


def _object(text: bytes) -> Row:
    value = value_of(text)
    if not isinstance(value, dict):
        raise TypeError(f"{text[:40]!r} is no object")
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
        replaced=_object(row.replaced) if row.replaced else {},
        of_job=tuple(value_of(row.of_job)) if row.of_job else None,
    )


def kept_rows(run: CurrentRun, each: KeptFields) -> Iterator[Row]:
    """Rows of `kept`, of fields that were left as others changed them."""
    change, process_id = each.change, each.process_id or ""
    key = change.key or Key(change.procedure, "id", process_id)
    # Without a guard the source still wants what was written.
    written = change.values if change.guard is None else change.guard.expected
    for name, held in each.held.items():
        yield {
            "run": run.number,
            "account": run.account,
            "procedure": change.procedure,
            "attribute": key.attribute,
            "key": str(key.value),
            "field": name,
            "process_id": process_id or None,
            "stream": change.stream,
            "line": change.line,
            "held": encode(held),
            "wanted": encode(change.values.get(name)),
            "written": encode(written.get(name)),
        }


def owned_row(account: str, each: Owned, run: int) -> Row:
    """A row of `owned`, of what a run brought."""
    return {
        "account": account,
        "procedure": each.key.procedure,
        "stream": each.stream,
        "attribute": each.key.attribute,
        "key": str(each.key.value),
        "value": encode(each.key.value),
        "seen_run": run,
        "process_id": each.process_id or None,
        "written": each.claim is Claim.WRITTEN,
    }


def statement_name(load: str | None, version: str | None = None) -> str:
    """The name of a statement; empty where nothing names it.

    Args:
        load: The load that its rows come in.
        version: The JSON of the version of its rows.
    """
    if load:
        return f"load {load}"
    return f"version {version}" if version else ""


def twin_rows(run: CurrentRun, batch: Batch) -> list[Row]:
    """Rows of `twins`: actions whose rows, when they come again, no look-up would show as done."""
    return [
        {
            "account": run.account,
            "procedure": action.change.procedure,
            "stream": action.change.stream,
            "kind": kind.value,
            "twin": twin,
            "run": run.number,
            "seq": action.change.row_number,
            "batch": batch.id,
            "position": at,
        }
        for at, action in enumerate(batch.actions)
        for kind, twin in _twins_of(action)
    ]


def _twins_of(action: Action) -> Iterator[tuple[TwinKind, str]]:
    """How the repetition of an action is known again; nothing if a look-up shows it as done."""
    change = action.change
    if action.twin:
        yield TwinKind.ROW, action.twin
    elif (
        action.kind is Kind.DELETE
        and change.key is not None
        and change.asked_by.is_row
        and change.row  # a planned delete of a mirror has none that comes again
    ):
        key = [change.key.attribute, str(change.key.value)]
        yield TwinKind.DELETE, encode(key).decode()


def deleted_key(procedure: str, twin: str) -> Key:
    """The key of a delete in `twins`, as the journal spells it."""
    attribute, value = value_of(twin.encode())
    return Key(procedure, attribute, value)


def reject_row(run: CurrentRun, reject: Reject) -> Row:
    """A row of `rejects`."""
    change = reject.change
    return {
        "run": run.number,
        "account": run.account,
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
        "seq": change.row_number if change.key is None and not change.origin else None,
    }


def unknown_row(run: CurrentRun, unknown: Unknown) -> Row:
    """A row of `unknowns`."""
    action, change = unknown.action, unknown.action.change
    return {
        "run": run.number,
        "account": run.account,
        "procedure": change.procedure,
        "stream": change.stream,
        "line": change.line,
        "attribute": change.key.attribute if change.key else None,
        "key": encode(change.key.value) if change.key else None,
        "process_id": action.process_id,
        "kind": action.kind.value,
        "reason": unknown.reason,
        "twin": action.twin,
        "fields": encode(action.fields),
        "free_ms": unknown.free.ours,
        "free_server_ms": unknown.free.server,
    }


def unknown_of(row: sa.Row[tuple[object, ...]]) -> UnknownRow:
    """What a row of `unknowns` says."""
    names = names_of(row.procedure, _key_of(row), row.process_id)
    free = Moment(row.free_ms, row.free_server_ms)
    return UnknownRow(row.id, names, row.twin, free, _asked_to_create(row))


def _key_of(row: sa.Row[tuple[object, ...]]) -> Key | None:
    return Key(row.procedure, row.attribute, value_of(row.key)) if row.attribute else None


def _asked_to_create(row: sa.Row[tuple[object, ...]]) -> Known | None:
    if row.kind != Kind.CREATE.value or not row.attribute:
        return None
    return created_by(row.stream, _object(row.fields), row.process_id or "")


def confirmed_by_word(row: sa.Row[tuple[object, ...]]) -> Row | None:
    """The row of `confirmed` of an unknown create that was written, by its user's word."""
    key, created = _key_of(row), _asked_to_create(row)
    if key is None or created is None:
        return None
    word = confirmation_row(row.account, Confirmation(key, created))
    # A journal of an earlier version has no such columns.
    del word["replaced"], word["of_job"]
    return word


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
        sent=None if row.sent_ms is None else Moment(row.sent_ms, row.sent_server_ms),
        server=row.server_ms,
        shape=row.shape,
    )
    return OpenBatch(batch, outcomes)


def settlements_of(row: sa.Row[tuple[object, ...]]) -> list[Settlement]:
    """What became of the rows of a batch that have an outcome."""
    actions = decode_actions(row.actions, row.procedure, Kind(row.kind))
    outcomes = value_of(row.outcomes) if row.outcomes else ()
    return [
        Settlement(actions[at], Outcome(outcome), process_id, reason)
        for at, outcome, process_id, reason in outcomes
    ]


def times_of(batch: Batch) -> Row:
    """The columns of a batch's times."""
    sent = batch.sent
    return {
        "sent_ms": sent.ours if sent else None,
        "sent_server_ms": sent.server if sent else None,
        "server_ms": batch.server,
    }


def encode_actions(actions: Iterable[Action]) -> bytes:
    """The JSON of a batch's actions: all that recovery and a later undo need."""
    return encode([_encoded(action) for action in actions])


def _encoded(action: Action) -> list[object]:
    change = action.change
    key = None if change.key is None else [change.key.attribute, change.key.value]
    more = _encoded_more(action)
    return [
        change.row_number,
        change.line,
        change.stream,
        key,
        change.mode.value,
        action.process_id,
        action.fields,
        action.before,
        action.twin,
        *([more] if more else []),
    ]


def _encoded_more(action: Action) -> dict[str, object]:
    """What few actions have."""
    undoes = action.change.undoes
    if undoes is None and not action.kept and not action.learned:
        return {}
    of_keys = None if undoes is None else [[each.attribute, each.value] for each in undoes]
    named = {"undoes": of_keys, "kept": action.kept or None, "learned": action.learned or None}
    return {name: value for name, value in named.items() if value is not None}


def decode_actions(body: bytes, procedure: str, kind: Kind) -> tuple[Action, ...]:
    """The actions of a batch of an earlier run: no row of this run asks for them."""
    return tuple(_decoded(each, procedure, kind) for each in value_of(body))


def _decoded(each: Sequence[object], procedure: str, kind: Kind) -> Action:
    _, line, stream, key, mode, process_id, fields, before, twin, *more = each
    named = Key(procedure, key[0], key[1]) if isinstance(key, list) else None
    rare = cast("dict[str, Any]", more[0]) if more else {}
    undoes = rare.get("undoes")
    change = Change(
        seq=0,
        line=line if isinstance(line, int) else 0,
        stream=str(stream),
        procedure=procedure,
        key=named,
        mode=Mode(mode),
        deletes=kind is Kind.DELETE,
        fields=fields if isinstance(fields, dict) else {},
        row={},
        asked_by=AskedBy.EARLIER_RUN,
        undoes=None if undoes is None else tuple(Key(procedure, *of) for of in undoes),
    )
    return Action(
        change,
        kind,
        process_id if isinstance(process_id, str) else None,
        change.fields,
        before if isinstance(before, dict) else None,
        twin if isinstance(twin, str) else None,
        kept=rare.get("kept", {}),
        learned=rare.get("learned", {}),
    )


def encode_outcomes(settled: Mapping[int, Settlement]) -> bytes:
    """The JSON of the outcomes so far: [position, outcome, process id, reason]."""
    return encode(
        [[at, each.outcome.value, each.process_id, each.reason] for at, each in settled.items()]
    )


def joined_outcomes(before: bytes | None, more: bytes | None) -> bytes | None:
    """The outcomes of a batch whose rows are settled little by little."""
    if not before or not more:
        return more or before
    return encode([*value_of(before), *value_of(more)])


def decode_outcomes(body: bytes | None) -> dict[int, Outcome]:
    """The outcomes of a batch by position."""
    return {at: Outcome(outcome) for at, outcome, *_ in value_of(body)} if body else {}
