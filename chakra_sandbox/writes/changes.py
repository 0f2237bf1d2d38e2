"""Changes nobody asked the API for: churn on list requests, and `mutate` for the demo and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox.rows.made_data import derived, made_row
from chakra_sandbox.rows.procedures import MADE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.account import Shelf
    from chakra_sandbox.rows.making import Draw

_TOUCHED = {"lead": ("score", 1000), "ticket": ("severity", 4), "order": ("quantity", 99)}


@dataclass(frozen=True, slots=True)
class Mutation:
    """How many rows of a procedure change."""

    insert: int = 0
    update: int = 0
    delete: int = 0


def mutate(
    shelf: Shelf,
    mutation: Mutation,
    draw: Draw,
    now_ms: int,
    among: Sequence[int] | None = None,
) -> dict[str, list[str]]:
    """Insert, update and delete rows chosen by `draw`; never deletes the last one.

    Args:
        shelf: The procedure.
        mutation: How many rows change.
        draw: Chooses them.
        now_ms: The server's time.
        among: The slots of those that may be updated and deleted; None for any.

    Returns:
        The ids that were inserted, updated and deleted.
    """
    done: dict[str, list[str]] = {"inserted": [], "updated": [], "deleted": []}
    for _ in range(mutation.insert):
        done["inserted"].append(_insert(shelf, draw, now_ms))
    for slot in _pick(shelf, draw, mutation.update, among):
        _update(shelf, slot, draw, now_ms)
        done["updated"].append(shelf.store.ids[slot])
    deletes = min(mutation.delete, shelf.store.living() - 1)
    for slot in _pick(shelf, draw, deletes, among):
        shelf.store.kill(slot, now_ms)
        done["deleted"].append(shelf.store.ids[slot])
    return done


def _pick(shelf: Shelf, draw: Draw, count: int, among: Sequence[int] | None) -> list[int]:
    """Choose different living slots."""
    store = shelf.store
    if among is not None:
        living = [slot for slot in among if store.alive[slot]]
        return [living.pop(draw.below(len(living))) for _ in range(min(count, len(living)))]
    chosen: dict[int, None] = {}
    for _ in range(max(0, min(count, store.living()))):
        slot = store.any_living(draw.below(len(store)))
        while slot is not None and slot in chosen:
            slot = store.any_living((slot + 1) % len(store))
        if slot is not None:
            chosen[slot] = None
    return list(chosen)


def _insert(shelf: Shelf, draw: Draw, now_ms: int) -> str:
    model, store = shelf.model, shelf.store
    at_ms = max(now_ms, store.newest_ms())
    number = len(store) + 1
    if model in MADE:
        row = made_row(model, draw, number, at_ms, at_ms)
    else:
        row = _copy(shelf, draw, at_ms, f"new-{number}")
    while store.slot_of_id(row["id"]) is not None:  # drawn by an equal mutation before
        row["id"] = draw.uuid()
    store.insert(row)
    return str(row["id"])


def _copy(shelf: Shelf, draw: Draw, at_ms: int, key: str) -> Row:
    """Make a new row of a loaded procedure from one that is there."""
    row = shelf.store.row(draw.below(len(shelf.store)))
    data = dict(row["data"])
    if shelf.model.primary_key:
        data[shelf.model.primary_key] = key
    fresh = {"id": draw.uuid(), "data": data, "isDeleted": False}
    return {**row, **fresh, "createdAt": at_ms, "updatedAt": at_ms}


def _update(shelf: Shelf, slot: int, draw: Draw, now_ms: int) -> None:
    row = shelf.store.row(slot)
    row["updatedAt"] = max(now_ms, row["updatedAt"])
    if shelf.model in MADE:
        name, bound = _TOUCHED[shelf.model.short_id]
        row["data"][name] = 1 + draw.below(bound)
    row["state"] = draw.of(shelf.model.states).short_id
    row["derivedData"] = derived(shelf.model, row["data"])
    shelf.store.replace(slot, row, now_ms)
