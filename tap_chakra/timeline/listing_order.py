"""In which order this server lists rows, as far as its answers prove it (contract Q10). Pure.

No document states an order, so none is assumed. An order by `createdAt` is *proven* when every
answer seen was sorted by it, over enough different instants, and at least one of them was not
sorted by `updatedAt`: where rows were never changed the two look alike, and an order by something
that changes would hide rows. One answer that is not sorted refutes it for the rest of the scan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_chakra.timeline.windows import Grain

PAIRS_TO_BELIEVE = 20
"""Pairs of rows of different instants that must be in order before an order is believed."""


class Order(Enum):
    """The direction in which rows are listed by `createdAt`."""

    ASCENDING = 1
    DESCENDING = -1

    def sorts(self, instants: Sequence[int]) -> bool:
        """Whether instants are in this order; equal ones may stand in any."""
        return list(instants) == sorted(instants, reverse=self is Order.DESCENDING)

    def precedes_bound(self, instant: int, bound: int) -> bool:
        """Whether rows of an instant are listed before a bound; those at the bound lie above it."""
        return instant < bound if self is Order.ASCENDING else instant >= bound

    def count_before(self, instants: Iterable[int], bound: int) -> int:
        """How many of these instants are listed before a bound."""
        # Of a million rows each is counted here twice: in C.
        precedes = bound.__gt__ if self is Order.ASCENDING else bound.__le__
        return sum(map(precedes, instants))

    def is_inside(self, window: Window, bound: int) -> bool:
        """Whether a bound cuts a window in two."""
        above = window.lower is None or bound > window.lower
        return above and (window.upper is None or bound < window.upper)

    def is_behind(self, window: Window, instant: int) -> bool:
        """Whether rows of an instant are listed behind all of a window's."""
        if self is Order.ASCENDING:
            return window.upper is not None and instant >= window.upper
        return window.lower is not None and instant < window.lower

    def is_padding(self, window: Window, bound: int) -> bool:
        """Whether a bound lies before the beginning of a window as it is listed."""
        if self is Order.ASCENDING:
            return window.lower is not None and bound < window.lower
        return window.upper is not None and bound > window.upper

    def reaches_end(self, window: Window, bound: int) -> bool:
        """Whether a bound lies at or behind the end of a window as it is listed."""
        if self is Order.ASCENDING:
            return window.upper is not None and bound >= window.upper
        return window.lower is not None and bound <= window.lower

    def begin_of(self, instant: int, grain: Grain) -> int:
        """The bound listed before all rows that the server can't tell from an instant."""
        floor = grain.floor(instant)
        return floor if self is Order.ASCENDING else floor + grain.width

    def end_of(self, instant: int, grain: Grain) -> int:
        """The bound listed behind all rows that the server can't tell from an instant."""
        floor = grain.floor(instant)
        return floor + grain.width if self is Order.ASCENDING else floor

    def joined(self, window: Window, until: int) -> Window:
        """A window extended by the time that is listed behind it, up to a bound."""
        if self is Order.ASCENDING:
            return Window(window.lower, until)
        return Window(until, window.upper)

    def far_end(self, window: Window) -> int | None:
        """The bound of a window that is listed last."""
        return window.upper if self is Order.ASCENDING else window.lower

    def near_end(self, window: Window) -> int | None:
        """The bound of a window that is listed first."""
        return window.lower if self is Order.ASCENDING else window.upper

    def split(self, window: Window, bound: int) -> tuple[Window, Window]:
        """The part of a window that is listed before a bound inside it, and the part behind."""
        low, high = Window(window.lower, bound), Window(bound, window.upper)
        return (low, high) if self is Order.ASCENDING else (high, low)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence that answers give of the order in which the server lists rows.

    Attributes:
        possible: The orders that no answer refuted.
        pairs: Neighbouring rows of different instants that were seen.
        telling: Whether an answer was seen that `updatedAt` does not sort.
    """

    possible: frozenset[Order] = frozenset(Order)
    pairs: int = 0
    telling: bool = False

    def with_answer(self, created: Sequence[int], updated: Sequence[int]) -> Evidence:
        """The evidence after one more answer, its rows as they were listed."""
        pairs = sum(a != b for a, b in pairwise(created))
        if not pairs or not self.possible:
            return self
        possible = frozenset(order for order in self.possible if order.sorts(created))
        telling = any(not order.sorts(updated) for order in possible)
        return replace(
            self,
            possible=possible,
            pairs=self.pairs + pairs,
            telling=self.telling or telling,
        )

    def refuted(self) -> Evidence:
        """The evidence once an answer contradicted the order that was proven."""
        return replace(self, possible=frozenset())

    @property
    def likely(self) -> Order | None:
        """The order of all answers, if enough rows were seen; a guess that saves requests."""
        if len(self.possible) != 1 or self.pairs < PAIRS_TO_BELIEVE:
            return None
        return next(iter(self.possible))

    @property
    def proven(self) -> Order | None:
        """The order that is proven; None if none is."""
        return self.likely if self.telling else None
