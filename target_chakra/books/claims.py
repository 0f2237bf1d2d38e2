"""What a row of a mirror says of its process, by what became of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_chakra.changes import Mode
from target_chakra.journal.records import Claim, Owned
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_chakra.changes import Change, Key

    Stored = Callable[[Key], Key]

_CLAIMS: Final[Mapping[Outcome, Claim]] = {
    Outcome.CREATED: Claim.WRITTEN,
    Outcome.MERGED: Claim.WRITTEN,
    Outcome.UPDATED: Claim.WRITTEN,
    Outcome.UNCHANGED: Claim.FOUND,
    Outcome.UNKNOWN: Claim.SENT,
}


def came(change: Change, stored: Stored) -> tuple[Owned, ...]:
    """That a row came, whatever becomes of it.

    Args:
        change: What the row asks for, or was to ask for.
        stored: A key as ChakraHQ stores it, as far as that is known.
    """
    return _owned(change, Claim.CAME, None, stored)


def claims_of(
    change: Change, outcome: Outcome, process_id: str | None, stored: Stored
) -> tuple[Owned, ...]:
    """What follows from an outcome; nothing for streams that are no mirrors.

    Args:
        change: What was asked for, by a row or by the end of a mirror.
        outcome: What became of it.
        process_id: The process, as far as it is known.
        stored: A key as ChakraHQ stores it, as far as that is known.
    """
    claim = _deleted(outcome, process_id) if change.deletes else _CLAIMS.get(outcome)
    return () if claim is None else _owned(change, claim, process_id, stored)


def _deleted(outcome: Outcome, process_id: str | None) -> Claim | None:
    """Of a delete: what is not shown may be hidden, and is no proof that it is gone."""
    found_dead = outcome is Outcome.UNCHANGED and process_id
    return Claim.GONE if outcome is Outcome.DELETED or found_dead else None


def _owned(
    change: Change, claim: Claim, process_id: str | None, stored: Stored
) -> tuple[Owned, ...]:
    key = change.key
    if change.mode is not Mode.MIRROR or key is None:
        return ()
    # In its other spelling, too: the source may bring it in either.
    keys = dict.fromkeys((key, stored(key)))
    return tuple(Owned(change.stream, each, claim, process_id) for each in keys)
