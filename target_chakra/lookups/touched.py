"""Whether others wrote a process between the decision to delete it and the delete. Pure.

Its `updatedAt` tells. Where ChakraHQ shows none, all that the process held does: its attributes,
state, status, assignee and next action. What is neither shown nor remembered is not believed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from target_chakra.lookups.comparison import EMPTY
from target_chakra.mapping.destination_names import DELETED, destination_of
from target_chakra.mapping.destinations import ROOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Known
    from target_chakra.guards import Guard
    from target_chakra.lookups.snapshot import Snapshot

TOUCHED: Final = "updatedAt"


def seen_of(held: Snapshot) -> Mapping[str, object] | None:
    """What tells later whether others wrote a process; None if ChakraHQ did not show it.

    Returns:
        Its `updatedAt`, in epoch milliseconds, alone; where it has none, what it holds by
        destination.
    """
    if not held.is_shown:
        return None
    if held.updated_at is not None:
        return {TOUCHED: held.updated_at}
    roots = {name: held.row.get(name) for name in ROOTS if name != DELETED}
    return roots | {destination_of(name): value for name, value in held.data.items()}


def guarded_by(guard: Guard, seen: Mapping[str, object] | None, made_at: int | None) -> Guard:
    """The guard of a delete, with what its process was seen by.

    Args:
        guard: What it was decided on beside.
        seen: What `seen_of` told.
        made_at: A moment before the process was seen, epoch milliseconds of ChakraHQ: where nothing
            was told, it must not have been written since.
    """
    if seen is None:
        return replace(guard, untouched=made_at)
    touched = seen.get(TOUCHED)
    if isinstance(touched, int):
        return replace(guard, untouched=touched)
    return replace(guard, expected={**guard.expected, **seen}, untouched=made_at, whole=True)


def touches(
    guard: Guard, held: Snapshot, known: Known | None, *, is_new: bool = False
) -> Mapping[str, object]:
    """What tells that others wrote a process that is to be deleted; empty if they did not.

    What a guard expects by name is compared elsewhere.

    Args:
        guard: Of the delete.
        held: The process.
        known: What is known of our own writes.
        is_new: Whether it was created since the delete was decided on.

    Returns:
        What it holds now, by destination; `updatedAt` is None where ChakraHQ does not show it and
        nothing else could tell.
    """
    if guard.untouched is None:
        return {}
    if held.updated_at is not None:
        # A plan may write a process before it deletes it; what takes a run back never does.
        is_ours = not guard.keeps_others and is_of_job(held.updated_at, known)
        is_touched = held.updated_at > guard.untouched and not is_ours
        return {TOUCHED: held.row.get(TOUCHED)} if is_touched else {}
    if not guard.whole:
        return {} if is_new else {TOUCHED: None}
    filled = ((destination_of(name), value) for name, value in held.data.items())
    return {n: v for n, v in filled if v not in EMPTY and n not in guard.expected}


def is_of_job(touched: int | None, known: Known | None) -> bool:
    """Whether a process was written last while the job ran that wrote it for this connector.

    Args:
        touched: Its `updatedAt`, epoch milliseconds; None if it is not shown.
        known: What is known of our own writes.
    """
    if touched is None or known is None or known.began is None or known.ended is None:
        return False
    return known.began <= touched <= known.ended
