"""What is known of an account and a listing before a part of it is read: nobody asks for it again.

Who cuts a listing into parts that are read apart (`chakra_spark`) has asked for it once for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chakra_api.endpoints.answers import ProcessPage, Row
    from tap_chakra.scanning.beginning import Beginning
    from tap_chakra.timeline.windows import Grain


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as one run saw it.

    Attributes:
        config: The configuration as it came.
        user_rows: All users as v1 shows them; None where nobody asked for them.
        unit_ms: Milliseconds in the unit of its times; None if nothing has proven it.
    """

    config: Row
    user_rows: list[Row] | None = None
    unit_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing as one look found it.

    Attributes:
        beginning: When the scan of all of its parts began.
        grain: How finely the server tells instants apart.
        sample: Rows of it as they were listed: they tell of the server's order. Where they prove
            none they are from all over it, and tell where its rows are.
        rows: How many it has, about.
        cuts: Instants between which about equally many of them were created, in order of time: as
            often as one is in it, so many times as many are behind.
    """

    beginning: Beginning
    grain: Grain
    sample: ProcessPage
    rows: int
    cuts: tuple[int, ...]

    @property
    def rows_a_cut(self) -> int:
        """How many rows are between two cuts, about."""
        return self.rows // (len(self.cuts) + 1)
