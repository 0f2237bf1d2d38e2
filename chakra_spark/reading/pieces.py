"""A piece: what one task reads of a listing, and all that it must be told. It travels pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from chakra_api.endpoints.where import Where
    from tap_chakra.scanning.known import KnownAccount, KnownListing

Kind = Literal["whole", "part"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows that a user wants.

    Attributes:
        window: When they were created.
        where: What else they have in common; None for nothing.
        changed: When they were last changed, as far as a row says; None for any time.
    """

    window: Window = field(default_factory=Window)
    where: Where | None = None
    changed: Window | None = None

    def takes(self, updated: int | None) -> bool:
        """Whether a row with this `updatedAt` is wanted; one without a usable one always is."""
        return self.changed is None or not updated or self.changed.holds(updated)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one task reads.

    Attributes:
        kind: `whole`: all that is asked for; `part`: the rows of a window.
        asked: The rows.
        account: What the driver found out of the account.
        listing: What it found out of the listing; None for a whole one.
        sharing: How many pieces share the requests at a time, and their pace.
        undated: Whether the rows without a usable `createdAt`, which are in no part, are looked
            for beside it.
    """

    kind: Kind
    asked: Asked
    account: KnownAccount
    listing: KnownListing | None = None
    sharing: int = 1
    undated: bool = False
