"""What runs leave: what earlier ones left is taken on first, what this one leaves is told last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_chakra.lifecycle import Outcome
from target_chakra.moments import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_chakra.batches import Settlement
    from target_chakra.books.bookkeeping import Bookkeeping
    from target_chakra.changes import Change
    from target_chakra.journal.journal import Journal
    from target_chakra.journal.records import OpenBatch
    from target_chakra.moments import Moment
    from target_chakra.planning.intake import Intake
    from target_chakra.run.incoming import Takers
    from target_chakra.sending.batching import Batching
    from target_chakra.sending.dispatcher import Dispatcher


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


def rest_of(
    batching: Batching, takers: Takers, dispatcher: Dispatcher, unstored: Iterable[Settlement]
) -> Iterator[tuple[Change, Outcome]]:
    """Give an outcome to each change that has none: it is in flight, or was never sent.

    Args:
        batching: Holds what was to be sent.
        takers: Hold what was to be decided on.
        dispatcher: Holds what was sent.
        unstored: What the journal did not take: as far as the next run knows, it is in flight.
    """
    for action in batching.drain():
        yield action.change, Outcome.NOT_SENT
    for change in takers.drain():
        yield change, Outcome.NOT_SENT
    for change in takers.calls.in_flight:
        yield change, Outcome.IN_FLIGHT
    sent = [(action.change, has_left) for action, has_left in dispatcher.unsettled()]
    for change, has_left in (*takers.compared.unsettled(), *sent):
        yield change, Outcome.IN_FLIGHT if has_left else Outcome.NOT_SENT
    for settlement in unstored:
        yield settlement.action.change, Outcome.IN_FLIGHT
