"""The limits that a user sets on rejects and deletes: whether a run crosses one. Pure."""

from __future__ import annotations

from typing import Final

from chakra_api.errors import LimitCrossed

ROWS_BEFORE_PERCENT: Final = 1000
"""Below that a share says little."""


def too_many_rejects(rejected: int, allowed: int) -> LimitCrossed:
    """What fails a load of which more was rejected than its user allows."""
    return LimitCrossed(
        f"{rejected:,} rows were rejected, and max_rejects allows {allowed:,}",
        "See target-chakra rejects for the reason of each. They are on record and do not count"
        " again: run the pipeline once more to finish the load, and target-chakra retry once they"
        " are mended",
    )


def too_many_deletes(wanted: int, allowed: int) -> LimitCrossed:
    """What stops a run that would delete more than its user allows."""
    return LimitCrossed(
        f"{wanted:,} processes would be deleted, and max_deletes allows {allowed:,}",
        "If that is what you want, set max_deletes to at least that number",
    )


def crossed_percent(rejected: int, came: int, percent: float) -> LimitCrossed | None:
    """What stops a run of which too much is rejected; None if it isn't."""
    if came < ROWS_BEFORE_PERCENT or rejected * 100 <= came * percent:
        return None
    return LimitCrossed(
        f"{rejected:,} of {came:,} rows were rejected, more than stop_at_reject_percent"
        f" ({percent:g}) allows",
        "See the rejects for the reasons, mend the source or the mapping, and run it again",
    )
