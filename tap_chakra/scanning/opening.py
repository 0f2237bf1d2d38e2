"""How a scan begins: what its first answer says of the order, and the first cuts of time. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.values.timestamps import parse_timestamp
from tap_chakra.scanning.scheduler import Scheduler
from tap_chakra.timeline.listing_order import Evidence
from tap_chakra.timeline.windows import Overfull, Stretch, Window, after_overfull

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_api.endpoints.client import Row
    from tap_chakra.timeline.coverage import Unfinished
    from tap_chakra.timeline.windows import Grain


def divided(
    whole: Window,
    sample: Iterable[Row],
    grain: Grain,
    *,
    began: int,
    unfinished: Unfinished | None,
) -> Scheduler:
    """How to begin.

    Args:
        whole: What is to be read.
        sample: Rows of one answer, as they were listed.
        grain: How finely the server tells instants apart.
        began: The scan's beginning, epoch milliseconds.
        unfinished: What an earlier run has read; None to begin anew.
    """
    dated = [(at, row) for row in sample if (at := parse_timestamp(row.get("createdAt")))]
    created = [at for at, _ in dated]
    updated = [parse_timestamp(row.get("updatedAt")) or 0 for _, row in dated]
    evidence = Evidence().with_answer(created, updated)
    top = grain.floor(began)
    if unfinished is not None:
        windows: Iterable[Window] = unfinished.gaps(whole)
    elif evidence.proven and (whole.lower is None or whole.lower < top):
        windows = (Window(whole.lower, top), Window(top, None))
    else:
        root = Stretch(whole)
        parts = after_overfull(root, Overfull(whole, created), horizon=began, grain=grain)
        windows = [part.window for part in parts]
    division = Scheduler(windows, grain, horizon=began, evidence=evidence)
    if unfinished is not None:
        division.resume(unfinished)
    return division
