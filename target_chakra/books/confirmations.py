"""What the journal keeps of a row that has its outcome: a confirmation, or a reject. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from target_chakra.changes import MEND, Key, Known, Reject
from target_chakra.journal.records import Confirmation
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.comparison import same
from target_chakra.mapping.destination_names import DELETED
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from target_chakra.batches import Settlement
    from target_chakra.changes import Change, Done, Fields
    from target_chakra.lookups.comparison import Comparable


UNDO_AGAIN: Final = "Correct it in ChakraHQ, or run the undo again"
"""What to do about a process that can't be taken back."""


def rejection(each: Settlement, job: str | None) -> Reject:
    """The reject of a row that ChakraHQ refused."""
    return Reject(
        each.action.change,
        each.reason,
        MEND if each.action.change.undoes is None else UNDO_AGAIN,
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
    earlier = {**(before.learned if before else {}), **action.learned}
    learned = {name: value for name, value in earlier.items() if name not in action.fields}
    fields = _but({**before.fields, **written} if before else written, action.kept)
    return Confirmation(
        key,
        Known(
            process_id=each.process_id or "",
            fields=fields,
            learned={**learned, **(each.stored or {})},
            deleted=each.outcome is Outcome.DELETED,
            stream=action.change.stream,
            created=each.outcome is Outcome.CREATED or bool(before and before.created),
            began=began,
            ended=ended,
            replaced=_replaced(before, action.change, written, action.kept),
            of_job=None if fields.keys() <= action.fields.keys() else tuple(action.fields),
        ),
    )


def tells_news(done: Done) -> bool:
    """Whether a row that was found as it should be tells what the journal does not know of it."""
    known = done.known
    if known is None or known.deleted or known.replaced or known.process_id != done.process_id:
        return True
    if done.learned or done.kept:
        return True
    return {**known.fields, **done.change.values} != known.fields


def confirmed_again(done: Done, key: Key, before: Known | None) -> Confirmation:
    """What is known of a key whose row was found as it should be."""
    found = _wanted(done.change, done.kept)
    of_job = before.of_job if before else None
    if before is not None and of_job is None and not found.keys() <= before.fields.keys():
        of_job = tuple(before.fields)
    return Confirmation(
        key,
        Known(
            process_id=done.process_id or "",
            fields=_but({**(before.fields if before else {}), **found}, done.kept),
            learned={**(before.learned if before else {}), **done.learned},
            deleted=False,
            stream=before.stream if before else done.change.stream,
            created=before.created if before else False,
            began=before.began if before else None,
            ended=before.ended if before else None,
            replaced=_replaced(before, done.change, found, done.kept),
            of_job=of_job,
        ),
    )


def _wanted(change: Change, kept: Fields) -> Fields:
    """What ChakraHQ holds by now of what was wanted."""
    values = change.values
    return {name: value for name, value in values.items() if name not in kept} if kept else values


def _but(fields: Fields, kept: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in kept} if kept else fields


def _replaced(before: Known | None, change: Change, now: Fields, kept: Fields) -> Fields:
    """What was written last and ChakraHQ holds no longer, once it holds some fields anew."""
    # A row of an earlier run wanted there what was written last, and does not say it again.
    wanted = change.values if before is None else {**before.written, **change.values}
    found = {name: wanted[name] for name in kept if name in wanted}
    if before is not None and before.replaced:
        found = {**{n: v for n, v in before.replaced.items() if n not in now}, **found}
    return found


def taken_back(known: Known, holds: Fields, comparable: Comparable) -> Known:
    """What is known of a key whose process an undo wrote, or found as it was to be.

    What ChakraHQ does not hold any more was written last all the same: by that it is told what
    people change. Of a process that came back nobody knows its other fields.

    Args:
        known: What was known of it.
        holds: What the process holds since, by destination.
        comparable: How values are compared.
    """
    fields, replaced, written = dict(known.fields), dict(known.replaced), known.written
    for name in holds.keys() & written.keys():
        last = written[name]
        stored = known.learned.get(name, last)
        if any(same(name, each, holds[name], comparable) for each in (last, stored)):
            fields[name] = last
            replaced.pop(name, None)
        else:
            replaced[name] = last
            fields.pop(name, None)
    is_deleted = known.deleted
    if DELETED in holds:
        is_deleted = holds[DELETED] is True
    if known.deleted and not is_deleted:
        fields, replaced = {}, {**fields, **replaced}
    return replace(
        known, fields=fields, replaced=replaced, deleted=is_deleted, began=None, ended=None
    )
