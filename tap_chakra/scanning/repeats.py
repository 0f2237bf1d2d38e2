"""Notices an id that a scan hands out twice, in eight bytes a row.

Windows do not overlap, and walks know what they took: a row that comes twice all the same has the
id of another one, and nobody can tell the two apart.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_IDS: Final = 4_000_000
"""Ids that are kept at the most, 32 MB of them: memory does not grow with the number of rows."""

_BUCKETS: Final = 64
"""Parts that are looked at one after the other: a set of all of them would take ten times more."""


class Repeats:
    """The ids that a scan handed out, as hashes of 64 bits."""

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]
        self._kept = 0

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids."""
        if self._kept >= MOST_IDS:
            return
        buckets = self._buckets
        for known in map(hash, ids):
            buckets[known % _BUCKETS].append(known)
        self._kept += len(ids)

    @property
    def count(self) -> int:
        """How many of them were there before."""
        return sum(len(bucket) - len(set(bucket)) for bucket in self._buckets)
