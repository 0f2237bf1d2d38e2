"""A sample of a window's rows, as an overfull answer shows it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

PRIOR_INSTANTS = 4
"""Instants that must be read for what they tell to weigh as much as what was believed before."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Instants at which rows are known to be, each standing for equally many rows.

    Attributes:
        instants: The instants, ascending, epoch milliseconds.
        weight: Rows that each of them stands for.
        until: The bound up to which it is a sample; None if there is none.
        wider: An earlier sample of the time behind that bound.
    """

    instants: tuple[int, ...]
    weight: float
    until: int | None
    wider: Sample | None = None

    def within(self, upper: int | None) -> int:
        """How many of the sample's instants lie before a bound."""
        return len(self.instants) if upper is None else bisect_left(self.instants, upper)

    def bound(self, count: int) -> int | None:
        """The instant before which that many of the sample's instants lie, or all of them."""
        return self.instants[count] if count < len(self.instants) else self.until

    def beyond(self, upper: int) -> Sample | None:
        """The part of the sample behind a bound; None if there is none."""
        if self.until is not None and self.until <= upper:
            return self.wider and self.wider.beyond(upper)
        return replace(self, instants=self.instants[self.within(upper) :])

    def after(self, upper: int, rows: int) -> Sample | None:
        """The sample once all before a bound was read, and that many rows were in it."""
        count = self.within(upper)
        rest = self.beyond(upper)
        if rest is None or not count:
            return rest
        seen = rows / (count * self.weight)
        return rest.scaled(min(4.0, max(0.25, 1 + (seen - 1) * count / (count + PRIOR_INSTANTS))))

    def scaled(self, factor: float) -> Sample:
        """The same sample, each instant standing for more or fewer rows."""
        wider = self.wider and self.wider.scaled(factor)
        return replace(self, weight=max(1.0, self.weight * factor), wider=wider)
