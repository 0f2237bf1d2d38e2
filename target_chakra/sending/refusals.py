"""What to do about a batch that ChakraHQ refused as a whole, or whose job had no effect.

Nothing of it was done, so it may be sent in another shape (Q20, Q22), or in halves until the bad
rows are alone: at most 2·k·⌈log2 n⌉ + 1 submits for k bad rows in n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import BadRequest, Conflict, NotFound, Refused, ReportedErrors, TooLarge
from target_chakra.batches import Released, Settled, Settlement
from target_chakra.changes import Halted, Kind, why_refused
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.sending.batch_in_flight import BatchInFlight
from target_chakra.sending.item_shapes import SHAPES, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.errors import ChakraError
    from target_chakra.batches import Batch
    from target_chakra.sending.outcomes import Conclusion
    from target_chakra.sending.server_limits import ServerLimits

NOT_OFFERED: Final = frozenset({404, 405})
"""Statuses of an endpoint that is not there."""
SAME_REASON: Final = 8
"""Rows in a row refused alone, none accepted: it is not the rows' fault."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do.

    Attributes:
        size: Rows of the parts to send; 0 if there is nothing to split: the row is the reason.
        shape: The shape to send them in.
        gone: Whether the endpoint itself is not there.
    """

    size: int
    shape: str
    gone: bool = False


def remedy_for(batch: Batch, error: ChakraError, *, first: bool) -> Remedy:
    """What to do about a refusal.

    Args:
        batch: What was refused.
        error: The refusal.
        first: Whether its shape is still in doubt.
    """
    status = error.status if isinstance(error, Refused) else 0
    if batch.kind is Kind.CREATE and status in NOT_OFFERED and batch.shape != SINGLE:
        return Remedy(1, SINGLE)
    if isinstance(error, NotFound):
        # One that names a process is about that: the procedure was found when it was opened.
        names_process = batch.shape == SINGLE and batch.kind is not Kind.CREATE
        return Remedy(0, batch.shape, gone=not names_process)
    following = _next_shape(batch)
    if first and type(error) is BadRequest and following is not None:
        return Remedy(len(batch.actions), following)
    if len(batch.actions) == 1:
        return Remedy(0, batch.shape)
    # No shape was taken: it is not the shape, so the halves go in the likeliest one.
    shapes = _bulk_shapes(batch)
    shape = shapes[0] if first and batch.shape in shapes else batch.shape
    return Remedy((len(batch.actions) + 1) // 2, shape)


@dataclass(frozen=True, slots=True)
class Resend:
    """Batches that are to be sent in place of one that was refused.

    Attributes:
        parts: The batches, in order.
    """

    parts: tuple[BatchInFlight, ...]


RefusalStep: TypeAlias = "Resend | Settled | Released | Halted"


def after_refusal(
    in_flight: BatchInFlight, error: ChakraError, limits: ServerLimits
) -> Iterator[RefusalStep]:
    """What follows from a refusal: another shape, halves, or the reject of the one bad row.

    Args:
        in_flight: The batch, which is released in the journal.
        error: The refusal.
        limits: What is known of the server; it learns which size was too large.
    """
    batch = in_flight.batch
    shape_in_doubt = in_flight.probing and not in_flight.lineage.refused_alone
    remedy = remedy_for(batch, error, first=shape_in_doubt)
    if remedy.gone:
        yield Released(batch)
        yield Halted(batch.procedure, error)
    elif remedy.size:
        if isinstance(error, TooLarge):
            limits.too_large(batch, remedy.size)
        yield parts_of(in_flight, remedy.size, remedy.shape)
    else:
        yield from _refused_alone(in_flight, error, limits)


def _refused_alone(
    in_flight: BatchInFlight, error: ChakraError, limits: ServerLimits
) -> Iterator[RefusalStep]:
    batch, lineage = in_flight.batch, in_flight.lineage
    lineage.refused_alone += 1
    action, reason = batch.actions[0], why_refused(error)
    if isinstance(error, Conflict):
        # It took the row for what it is: neither its form nor our rights are in question.
        lineage.accepted = True
        reason += " (409)"
        if batch.kind is Kind.CREATE and in_flight.probing:
            limits.proven(batch)
    done = {0: Settlement(action, Outcome.REJECTED, action.process_id, reason)}
    yield Settled(batch, done, None)
    if not lineage.accepted and lineage.refused_alone >= SAME_REASON:
        yield Halted(batch.procedure, error)


def parts_of(in_flight: BatchInFlight, size: int, shape: str) -> Resend:
    """The batches of at most so many rows that take the place of a refused one."""
    whole = replace(
        in_flight.batch, id=0, state=BatchState.INTENDED, job=None, sent=None, shape=shape
    )
    actions = whole.actions
    return Resend(
        tuple(
            BatchInFlight(
                replace(whole, actions=actions[start : start + size]),
                probing=in_flight.probing,
                lineage=in_flight.lineage,
            )
            for start in range(0, len(actions), size)
        )
    )


def other_shape(batch: Batch, found: Conclusion) -> str | None:
    """The next shape to try for a first batch that had no effect at all (Q22); None to keep it."""
    rejected = all(s.outcome is Outcome.REJECTED for s in found.settlements.values())
    invalid = rejected and not found.understood
    if batch.kind is Kind.CREATE or not (invalid or found.effect is False):
        return None
    return _next_shape(batch)


def _next_shape(batch: Batch) -> str | None:
    """The shape to try after that of a batch; None if there is none."""
    shapes = _bulk_shapes(batch)
    return next((after for shape, after in pairwise(shapes) if shape == batch.shape), None)


def _bulk_shapes(batch: Batch) -> list[str]:
    """The shapes in which a batch may be sent as one: which rows go alone is decided elsewhere."""
    return [shape for shape in SHAPES[batch.kind] if shape != SINGLE]


def no_effect(batch: Batch) -> ChakraError:
    """Why nothing more is sent after a first batch that was said to succeed and did nothing."""
    return ReportedErrors(
        f"ChakraHQ says that a bulk {batch.kind.value} in '{batch.procedure}' succeeded, and"
        " nothing of it can be seen",
        "Look at one of the rows in ChakraHQ; none is sent any more. Where it is there, this API"
        " key's role hides it (a User key sees only what is assigned to its user): use a key whose"
        " role sees all",
    )
