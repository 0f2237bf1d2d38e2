"""What earlier runs left in the journal, taken on before the first row of this one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_chakra.moments import DAY_MS

if TYPE_CHECKING:
    from target_chakra.books.bookkeeping import Bookkeeping
    from target_chakra.journal.journal import Journal
    from target_chakra.journal.records import OpenBatch
    from target_chakra.moments import Moment
    from target_chakra.planning.intake import Intake


def taken_on(journal: Journal, books: Bookkeeping, intake: Intake) -> tuple[OpenBatch, ...]:
    """Take on what earlier runs left; the batches that are still to be followed.

    Args:
        journal: Where they left it.
        books: Recalls rejects and unknown rows.
        intake: Holds processes that are at work, and knows rows without a key again.
    """
    unknowns = journal.unknowns()
    books.recall(unknowns)
    intake.replayed_deletes.recall()
    for unknown in unknowns:
        if unknown.twin is not None:
            intake.keyless.note_unknown(unknown.twin)
    batches = tuple(_known_again(found, journal) for found in journal.open_batches())
    for found in batches:
        for at, action in enumerate(found.batch.actions):
            if at not in found.outcomes:
                intake.hold_again(action)
    return batches


def _known_again(found: OpenBatch, journal: Journal) -> OpenBatch:
    """A batch with what is known of its keys: nothing of them was settled since it was planned.

    What its actions did not write was written by an earlier one, and is known on behind it.
    """
    keys = (action.change.key for action in found.batch.actions)
    known = journal.known([key for key in keys if key is not None])
    actions = tuple(
        replace(action, known=known.get(action.change.key)) if action.change.key else action
        for action in found.batch.actions
    )
    return replace(found, batch=replace(found.batch, actions=actions))


def forget_old(journal: Journal, now: Moment, retention_days: float) -> None:
    """Clear what the journal need not keep, unless our clock may have run ahead.

    Args:
        journal: To be cleared.
        now: When this run began.
        retention_days: How long what is settled is kept.
    """
    if now.server is not None and abs(now.server - now.ours) <= DAY_MS:
        journal.clear(min(now.ours, now.server) - int(retention_days * DAY_MS))
