"""The range of `createdAt` that a run reads and a bookmark speaks of; to and from Singer STATE.

A bookmark says that rows that did not change since were emitted. Of rows outside of the range that
was read it says nothing, so only a run that reads no more than that range may follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import iso_ms, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows created from one instant on and before another, epoch milliseconds.

    Attributes:
        after: Rows created before are not in it; None where it is open. Rows without a usable
            `createdAt` are in it then.
        before: Rows created at or after are not in it; None where it is open.
        known: Whether the bounds are known. States of 0.3.0 and before have none, even where the
            scan had: then it is a range, and which one only the user knows.
    """

    after: int | None = None
    before: int | None = None
    known: bool = True

    @property
    def whole(self) -> bool:
        """Whether every row is in it."""
        return self.known and self.after is None and self.before is None

    def holds(self, other: RowRange) -> bool:
        """Whether every row of another range is in this one; of an unknown one it is believed."""
        if not self.known:
            return not other.whole
        begins = self.after is None or (other.after is not None and other.after >= self.after)
        ends = self.before is None or (other.before is not None and other.before <= self.before)
        return begins and ends

    def __str__(self) -> str:
        """In words, behind 'rows'."""
        bounds = [
            f"created {word} {iso_ms(at)}"
            for word, at in (("from", self.after), ("before", self.before))
            if at is not None
        ]
        return " and ".join(bounds) or "of a range"


WHOLE: Final = RowRange()
UNKNOWN: Final = RowRange(known=False)


def to_state(it: RowRange) -> dict[str, str]:
    """The part of STATE that tells the range; empty where every row is in it."""
    bounds = {"created_after": it.after, "created_before": it.before}
    return {name: iso_ms(at) for name, at in bounds.items() if at is not None}


def from_state(value: Mapping[str, object]) -> RowRange:
    """The range, out of that part of STATE.

    Raises:
        ValueError: A bound is no instant.
    """
    return RowRange(_bound(value, "created_after"), _bound(value, "created_before"))


def _bound(value: Mapping[str, object], name: str) -> int | None:
    text = value.get(name)
    instant = None if text is None else parse_timestamp(text)
    if text is not None and instant is None:
        raise ValueError(text)
    return instant
