"""Whole made rows, at moments that a distribution draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from chakra_sandbox.rows.distributions import SHAPES
from chakra_sandbox.rows.made_rows import MAKERS
from chakra_sandbox.rows.model import TEAM_ID, Model, uid
from chakra_sandbox.rows.moments import DAY_MS
from chakra_sandbox.rows.people import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.rows.moments import Span

Distribution = Literal[
    "bursts", "uniform", "daily", "recent", "imports", "one_millisecond", "sparse", "one_import"
]
DISTRIBUTIONS: tuple[Distribution, ...] = get_args(Distribution)

_WORKERS = [user.id for user in USERS if user.role != "admin"]
_PODS = (uid("pod", "north"), uid("pod", "south"), None)


def made_moments(count: int, span: Span, distribution: Distribution, draw: Draw) -> list[int]:
    """Draw `createdAt` of `count` rows, sorted.

    All lie in the span, but for `sparse`, which begins years before it.
    """
    return sorted(SHAPES[distribution](count, span, draw))


def made_rows(model: Model, moments: list[int], span: Span, draw: Draw) -> Iterator[Row]:
    """Make a row for each moment; `updatedAt` lies between it and the end of the span."""
    for number, created_ms in enumerate(moments, 1):
        age = span.end_ms - created_ms
        touched = int(draw.fraction() ** 3 * age) if draw.chance(0.6) else 0
        yield made_row(model, draw, number, created_ms, created_ms + touched)


def made_row(model: Model, draw: Draw, number: int, created_ms: int, updated_ms: int) -> Row:
    """Make one row with the number's key."""
    data = MAKERS[model.short_id](draw, number, created_ms)
    worker = _WORKERS[draw.below(len(_WORKERS))]
    state = model.states[min(draw.below(6), len(model.states) - 1)].short_id
    completed = state == model.completed_state
    return {
        "id": draw.uuid(),
        "team": TEAM_ID,
        "procedure": model.id,
        "createdBy": worker if number % 7 else None,
        "assignedTo": worker if number % 11 else None,
        "belongsTo": _PODS[number % 3],
        "entity": model.entity_id,
        "record": draw.uuid(),
        "status": "COMPLETED" if completed else "OPEN",
        "state": state,
        "data": data,
        "derivedData": derived(model, data),
        "nextActionAt": created_ms + DAY_MS if number % 4 == 0 else None,
        "completedAt": updated_ms if completed else 0,
        "createdAt": created_ms,
        "updatedAt": updated_ms,
        "isDeleted": False,
    }


def derived(model: Model, data: Row) -> Row:
    """Compute the derived attributes of a made procedure."""
    if not model.derived:
        return {}
    if model.short_id == "lead":
        priority = 3 if data.get("is_hot") else 1
        return {
            "lead_priority": priority,
            "contact_label": f"{data.get('name')} ({data.get('city')})",
        }
    if model.short_id == "ticket":
        return {"age_days": 1.5}
    return {"net_total": data.get("total")}
