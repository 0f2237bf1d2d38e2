"""The account the sandbox serves: procedures with their rows, and who may see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chakra_sandbox.rows.access import Token, default_tokens
from chakra_sandbox.rows.made_data import Distribution, made_moments, made_rows
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.procedures import MADE
from chakra_sandbox.rows.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.model import Model
    from chakra_sandbox.rows.moments import Span


@dataclass(frozen=True, slots=True)
class Shelf:
    """A procedure and its rows."""

    model: Model
    store: Store


@dataclass(frozen=True, slots=True)
class MadeSizes:
    """How many made rows each procedure gets."""

    leads: int
    tickets: int
    orders: int

    def of(self, short_id: str) -> int:
        """Return the size of one procedure."""
        return {"lead": self.leads, "ticket": self.tickets, "order": self.orders}[short_id]


@dataclass(frozen=True, slots=True)
class Account:
    """What the sandbox serves.

    Attributes:
        shelves: By the procedure's shortId.
        tokens: By key.
    """

    shelves: Mapping[str, Shelf]
    tokens: Mapping[str, Token] = field(default_factory=default_tokens)

    def models(self) -> list[Model]:
        """List the procedures."""
        return [shelf.model for shelf in self.shelves.values()]


def shelf_of(model: Model, rows: Iterable[Row]) -> Shelf:
    """Put rows, oldest first, on a new shelf."""
    store = Store(model.primary_key)
    for row in rows:
        store.insert(row)
    return Shelf(model, store)


def made_account(
    sizes: MadeSizes, span: Span, seed: int, distribution: Distribution = "bursts"
) -> dict[str, Shelf]:
    """Make leads, tickets and orders; the same arguments make the same rows."""
    shelves: dict[str, Shelf] = {}
    for model in MADE:
        draw = Draw(f"{seed}:{model.short_id}")
        moments = made_moments(sizes.of(model.short_id), span, distribution, draw)
        shelves[model.short_id] = shelf_of(model, made_rows(model, moments, span, draw))
    return shelves
