"""Values of a plan as people read them: times as times of day, all else as JSON has it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.values.attribute_types import DATE, TIME
from chakra_api.values.coercion import json_text
from chakra_api.values.timestamps import iso_ms
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.account.account import Procedure
    from target_chakra.plans.metadata import PlanFacts


def times_of(procedure: Procedure, unit_ms: int) -> dict[str, int]:
    """The destinations of a procedure that hold times, each with milliseconds in its unit.

    Args:
        procedure: The procedure.
        unit_ms: Of the account's numbers.
    """
    families = (DATE, TIME)
    return {
        destination_of(each.short_id): unit_ms
        for each in procedure.attributes
        if each.type.family in families
    }


def shown_by(facts: PlanFacts, nothing: str) -> Callable[[str, str, object], str]:
    """Shows values of a plan, by procedure and field.

    Args:
        facts: What it says of itself; those of earlier versions do not say which fields are times.
        nothing: What stands for no value.
    """

    def shown(procedure: str, field: str, value: object) -> str:
        if value is None:
            return nothing
        unit = facts.times.get(procedure, {}).get(field)
        if unit is None or type(value) is not int:
            return json_text(value)
        try:
            day, _, time = iso_ms(value * unit).partition("T")
        except ValueError:  # no calendar has it
            return json_text(value)
        return f"{day} {time.removesuffix('Z').removesuffix('.000')} UTC"

    return shown
