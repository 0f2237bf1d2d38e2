"""Changes the rows of a listing on every request, and remembers which were there all along."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.listing import NOW, make_rows

if TYPE_CHECKING:
    from tests.support.listing import Listing

DAY = 86_400_000


@dataclass(frozen=True)
class Ways:
    """How rows change.

    Attributes:
        hidden: Whether a deleted row is listed no more; else it is, with `isDeleted`.
        back_dated: Share of the inserted rows whose `createdAt` lies in the past.
        crowding: Share of the inserted rows that share the instant of another one.
    """

    hidden: bool = True
    back_dated: float = 0.5
    crowding: float = 0.1


@dataclass(frozen=True)
class Rates:
    """How many rows of each answer change just after it was served, at most one of each kind.

    Attributes:
        inserts: Rows that come at the instant of one that was served.
        updates: Rows served that are changed.
        deletes: Rows served that are deleted.
    """

    inserts: float = 0.0
    updates: float = 1.0
    deletes: float = 0.0


class ServedChurn:
    """Changes rows of the answer just served, where it hurts most; remembers who stayed."""

    def __init__(self, listing: Listing, seed: int, rates: Rates) -> None:
        self._rng = random.Random(f"served {seed}")
        self._rates = rates
        self.throughout = {row["id"] for row in listing.rows}

    def __call__(self, listing: Listing) -> None:
        rng, now = self._rng, NOW + listing.requests
        places = [at for row in listing.served if (at := listing.place_of(row)) is not None]
        if not places:
            return
        if rng.random() < self._rates.updates:
            listing.rows[rng.choice(places)] |= {"updatedAt": now, "status": "COMPLETED"}
        insert = rng.random() < self._rates.inserts
        instant = listing.rows[rng.choice(places)]["createdAt"]
        if rng.random() < self._rates.deletes:
            self.throughout.discard(listing.delete(rng.choice(places))["id"])
        if insert:
            (row,) = make_rows([instant])
            listing.insert(row | {"id": str(uuid.UUID(int=rng.getrandbits(128))), "updatedAt": now})


class Churn:
    """On each request one insert, one update and one delete; remembers who was there all along."""

    def __init__(self, listing: Listing, seed: int, ways: Ways | None = None) -> None:
        self._rng = random.Random(f"churn {seed}")
        self._ways = ways or Ways()
        self.throughout = {row["id"] for row in listing.rows}

    def __call__(self, listing: Listing) -> None:
        now = NOW + listing.requests
        self._insert(listing, now)
        changed = self._rng.choice(listing.rows)
        changed["updatedAt"] = now
        changed["status"] = self._rng.choice(["OPEN", "COMPLETED", "CANCELLED"])
        changed["state"] = self._rng.choice(["NEW", "WON", None])
        self._delete(listing, now)

    def _insert(self, listing: Listing, now: int) -> None:
        rng, ways = self._rng, self._ways
        at = now if rng.random() >= ways.back_dated else NOW - rng.randrange(200 * DAY)
        if rng.random() < ways.crowding:
            at = rng.choice(listing.rows)["createdAt"] or at
        (row,) = make_rows([at])
        listing.insert(row | {"id": str(uuid.UUID(int=rng.getrandbits(128))), "updatedAt": now})

    def _delete(self, listing: Listing, now: int) -> None:
        at = self._rng.randrange(len(listing.rows))
        gone = listing.rows[at]
        self.throughout.discard(gone["id"])
        if self._ways.hidden:
            listing.delete(at)
        else:
            gone["isDeleted"], gone["updatedAt"] = True, now
