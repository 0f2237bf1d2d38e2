"""What of a listing a scan is to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from tap_chakra.scanning.known import KnownListing
    from tap_chakra.timeline.coverage import Unfinished


@dataclass(frozen=True, slots=True)
class Extent:
    """What a scan is to read.

    Attributes:
        lower: Rows created before this instant are left out, epoch milliseconds; None for none.
        filtered: Whether the lister leaves rows out: then nothing follows from what is missing.
        unfinished: What an earlier run of this scan has read; None to begin anew.
        upper: Rows created at or after this instant are left out, epoch milliseconds; None for
            none. Rows without a usable `createdAt` belong to the time that has no lower bound.
        known: What is known of the listing that this is a part of; None where nothing is. Rows
            without a usable `createdAt` are then no part of it.
    """

    lower: int | None = None
    filtered: bool = False
    unfinished: Unfinished | None = None
    upper: int | None = None
    known: KnownListing | None = None

    @property
    def window(self) -> Window:
        """Its time."""
        return Window(self.lower, self.upper)

    @property
    def holds_undated(self) -> bool:
        """Whether rows without a usable `createdAt` are to be looked for."""
        return self.lower is None and not self.filtered and self.known is None
