"""What to do about a batch that ChakraHQ refused as a whole. Pure.

Nothing of it was done, so it may be sent in another shape (Q20, Q22), or in halves until the bad
rows are alone: at most 2·k·⌈log2 n⌉ + 1 submits for k bad rows in n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, NotFound, Refused, ReportedErrors
from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import SHAPES, SINGLE

if TYPE_CHECKING:
    from chakra_api.errors import ChakraError
    from target_chakra.batches import Batch

NOT_OFFERED: Final = frozenset({404, 405})


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
        return Remedy(0, batch.shape, gone=True)
    shapes = [shape for shape in SHAPES[batch.kind] if shape != SINGLE]
    at = shapes.index(batch.shape) if batch.shape in shapes else len(shapes)
    if first and type(error) is BadRequest and at + 1 < len(shapes):
        return Remedy(len(batch.actions), shapes[at + 1])
    if len(batch.actions) == 1:
        return Remedy(0, batch.shape)
    # No shape was taken: it is not the shape, so the halves go in the likeliest one.
    shape = shapes[0] if first and at < len(shapes) else batch.shape
    return Remedy((len(batch.actions) + 1) // 2, shape)


def no_effect(batch: Batch) -> ChakraError:
    """Why nothing more is sent after a first batch that was said to succeed and did nothing."""
    return ReportedErrors(
        f"ChakraHQ says that a bulk {batch.kind.value} in '{batch.procedure}' succeeded, and"
        " nothing of it can be seen",
        "Look at one of the rows in ChakraHQ; none is sent any more",
    )
