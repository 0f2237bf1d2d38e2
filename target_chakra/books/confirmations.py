"""What the journal keeps of a row that has its outcome: a confirmation, or a reject. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_chakra.changes import MEND, Key, Known, Reject
from target_chakra.journal.records import Confirmation
from target_chakra.lifecycle import Outcome
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from target_chakra.batches import Settlement
    from target_chakra.changes import Change, Done, Fields


def rejection(each: Settlement, job: str | None) -> Reject:
    """The reject of a row that ChakraHQ refused."""
    return Reject(
        each.action.change,
        each.reason,
        MEND,
        job,
        kind=RejectKind.REFUSED,
    )


def confirmation(
    each: Settlement, key: Key, began: int | None, ended: int | None, *, whole: bool
) -> Confirmation:
    """What is known of a key after it was written.

    Args:
        each: What became of the action.
        key: What names its process.
        began: When its job was taken, epoch milliseconds of the server; None if not known.
        ended: When its job ended, the same.
        whole: Whether to keep the fields, too, that ChakraHQ held already.
    """
    action = each.action
    before = action.known
    whole = whole or action.is_whole
    written = _wanted(action.change, action.kept) if whole else action.fields
    learned = {
        name: value
        for name, value in (before.learned if before else {}).items()
        if name not in action.fields
    }
    return Confirmation(
        key,
        Known(
            process_id=each.process_id or "",
            fields={**before.fields, **written} if before else written,
            learned={**learned, **(each.stored or {})},
            deleted=each.outcome is Outcome.DELETED,
            stream=action.change.stream,
            created=each.outcome is Outcome.CREATED or bool(before and before.created),
            began=began,
            ended=ended,
            undone=_still(before, written),
        ),
    )


def confirmed_again(done: Done, key: Key, before: Known | None) -> Confirmation:
    """What is known of a key whose row was found as it should be."""
    found = _wanted(done.change, done.kept)
    return Confirmation(
        key,
        Known(
            process_id=done.process_id or "",
            fields={**(before.fields if before else {}), **found},
            learned={**(before.learned if before else {}), **done.learned},
            deleted=False,
            stream=before.stream if before else done.change.stream,
            created=before.created if before else False,
            began=before.began if before else None,
            ended=before.ended if before else None,
            undone=_still(before, found),
        ),
    )


def _wanted(change: Change, kept: Fields) -> Fields:
    """What ChakraHQ holds by now of what was wanted."""
    values = change.values
    return {name: value for name, value in values.items() if name not in kept} if kept else values


def _still(before: Known | None, written: Fields) -> Fields:
    """What is still as an undo left it, once other fields are written."""
    undone = before.undone if before else {}
    return {name: value for name, value in undone.items() if name not in written}
