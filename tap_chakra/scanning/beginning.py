"""When a scan began, where the server's clock and ours may not agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a scan.

    Attributes:
        began: By the earlier of two clocks that differ: what changed since comes again, epoch
            milliseconds.
        horizon: By the later one: rows created before it are this scan's to read.
    """

    began: int
    horizon: int

    @classmethod
    def at(cls, instant: int) -> Beginning:
        """That of clocks that agree."""
        return cls(instant, instant)
