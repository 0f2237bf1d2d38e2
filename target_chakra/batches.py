"""What the journal stores of a batch, and the JSON that it is stored as. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from chakra_api.wire.wire_json import encode
from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.lifecycle import BatchState, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Batch:
    """Actions of one procedure and kind that travel together.

    Attributes:
        id: In the journal.
        procedure: ShortId.
        kind: What ChakraHQ is asked to do.
        actions: In the order that they are sent in.
        state: Where it is.
        job: Id of its job; None until it is known.
        sent: When it left, epoch milliseconds of our clock.
        server: A time of the server before it left, epoch milliseconds; None if not known.
        shape: The form in which its items were sent.
    """

    id: int
    procedure: str
    kind: Kind
    actions: tuple[Action, ...]
    state: BatchState
    job: str | None = None
    sent: int | None = None
    server: int | None = None
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an action.

    Attributes:
        action: The action.
        outcome: What became of it.
        process_id: The process, as far as it is known.
        reason: Why it was rejected, or why nobody knows.
        stored: What ChakraHQ made of fields, where a read back showed it.
    """

    action: Action
    outcome: Outcome
    process_id: str | None = None
    reason: str = ""
    stored: Mapping[str, object] | None = None


def encode_actions(actions: Iterable[Action]) -> bytes:
    """The JSON of a batch's actions: all that recovery and a later undo need."""
    return encode([_encoded(action) for action in actions])


def _encoded(action: Action) -> list[object]:
    change = action.change
    key = None if change.key is None else [change.key.attribute, change.key.value]
    return [
        change.seq,
        change.line,
        change.stream,
        key,
        change.mode.value,
        action.process_id,
        action.fields,
        action.before,
        action.twin,
    ]


def decode_actions(body: bytes, procedure: str, kind: Kind) -> tuple[Action, ...]:
    """The actions of a batch of an earlier run: no row of this run asks for them."""
    return tuple(_decoded(each, procedure, kind) for each in orjson.loads(body))


def _decoded(each: Sequence[object], procedure: str, kind: Kind) -> Action:
    _, line, stream, key, mode, process_id, fields, before, twin = each
    named = Key(procedure, key[0], key[1]) if isinstance(key, list) else None
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
    )
    return Action(
        change,
        kind,
        process_id if isinstance(process_id, str) else None,
        change.fields,
        before if isinstance(before, dict) else None,
        twin if isinstance(twin, str) else None,
    )


def encode_outcomes(settled: Mapping[int, Settlement]) -> bytes:
    """The JSON of the outcomes so far: [position, outcome, process id, reason]."""
    return orjson.dumps(
        [[at, each.outcome.value, each.process_id, each.reason] for at, each in settled.items()]
    )


def joined_outcomes(before: bytes | None, more: bytes | None) -> bytes | None:
    """The outcomes of a batch whose rows are settled little by little."""
    if not before or not more:
        return more or before
    return orjson.dumps([*orjson.loads(before), *orjson.loads(more)])


def decode_outcomes(body: bytes | None) -> dict[int, Outcome]:
    """The outcomes of a batch by position."""
    return {at: Outcome(outcome) for at, outcome, *_ in orjson.loads(body)} if body else {}
