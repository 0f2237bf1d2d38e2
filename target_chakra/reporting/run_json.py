"""A run as one object of JSON; what rows hold is in it only where that was asked for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.history.reports import RejectLine
    from target_chakra.history.run_details import RunDetails


def run_json(details: RunDetails, rows: Sequence[RejectLine] | None) -> dict[str, object]:
    """All that is known of a run.

    Args:
        details: What the journal tells of it.
        rows: Its rejects with their rows; None where no value of a row is to be shown.
    """
    made = asdict(details)
    made["course"] = None if details.course is None else details.course.to_json()
    if rows is None:
        for each in made["unknowns"]:
            del each["fields"], each["reason"]
        for each in made["kept_first"]:
            del each["held"], each["wanted"], each["written"]
    else:
        made["rows"] = [asdict(each) for each in rows]
    return made
