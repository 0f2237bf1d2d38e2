"""The limits of a server: in what shape and size it takes batches of each procedure and kind.

Both are found out on the way (Q9, Q20, Q22): a shape when its first batch had its effect, a size
when more was refused as too large, or quietly left out. What this server does is kept in the
journal; that one batch was too many bytes is not.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeAlias

from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import SINGLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.batches import Batch
    from target_chakra.journal.journal import Journal

LOG: Final = logging.getLogger("target-chakra")
FIRST_BATCH_ROWS: Final = 10
"""Rows of the first batch of a procedure and kind on an account: it is read back."""
_SHAPE, _SIZE = "shape.", "size."

_Sort: TypeAlias = "tuple[str, Kind]"


class ServerLimits:
    """What is known of one server.

    Args:
        journal: Where it is kept.
        singly: Whether nothing is sent in bulk, whatever the server takes.
    """

    def __init__(self, journal: Journal, *, singly: bool = False) -> None:
        self._journal = journal
        self._singly = singly
        self._shapes: dict[_Sort, str] = {}
        self._sizes: dict[_Sort, int] = {}

    def recall(self, findings: Mapping[tuple[str, str], str]) -> None:
        """Take on what earlier runs found out, by procedure and name."""
        for (procedure, name), value in findings.items():
            if name.startswith(_SHAPE):
                self._shapes[procedure, Kind(name[len(_SHAPE) :])] = value
            elif name.startswith(_SIZE):
                self._sizes[procedure, Kind(name[len(_SIZE) :])] = int(value)

    def shape(self, procedure: str, kind: Kind) -> str | None:
        """The shape that is taken; None where none is proven."""
        return SINGLE if self._singly else self._shapes.get((procedure, kind))

    def size(self, procedure: str, kind: Kind, most: int) -> int:
        """Rows that a batch may have."""
        shape = self.shape(procedure, kind)
        if shape is None:
            return min(FIRST_BATCH_ROWS, most)
        return 1 if shape == SINGLE else min(most, self._sizes.get((procedure, kind), most))

    def proven(self, batch: Batch) -> None:
        """A first batch had its effect: its shape is the one."""
        self._shapes[batch.procedure, batch.kind] = batch.shape
        self._journal.found(batch.procedure, shape_name(batch.kind), batch.shape)

    def too_large(self, batch: Batch, size: int) -> None:
        """A batch was refused for its size: none of this run is larger than that."""
        self._sizes[batch.procedure, batch.kind] = size

    def cut(self, batch: Batch, taken: int) -> None:
        """A job ended with fewer entries than rows were sent: no batch is larger from now on."""
        size = max(taken, FIRST_BATCH_ROWS)
        if size >= self.size(batch.procedure, batch.kind, len(batch.actions)):
            return
        LOG.warning(
            "ChakraHQ took %d of the %d rows of a bulk %s in '%s' and left out the rest: they are"
            " read back, and batches are no larger from now on",
            *(taken, len(batch.actions), batch.kind.value, batch.procedure),
        )
        self._sizes[batch.procedure, batch.kind] = size
        self._journal.found(batch.procedure, f"{_SIZE}{batch.kind.value}", str(size))


def shape_name(kind: Kind) -> str:
    """The name of the finding that says in what shape items of a kind are taken."""
    return f"{_SHAPE}{kind.value}"
