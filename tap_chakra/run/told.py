"""What there is to tell of a run of one procedure, as it goes on and once it has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tap_chakra.facts.columns import columns_of
from tap_chakra.facts.scan_facts import StreamFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.run.procedure_run import ProcedureRun, ScanResult
    from tap_chakra.run.progress import Odd

MISFITS: Final = "did not fit, in _extra_data"
"""What values are called that did not fit their type."""


def stream_facts(
    stream: str, schema: Mapping[str, object], run: ProcedureRun, odd: Odd | None
) -> StreamFacts:
    """What there is to tell of a run that may still be under way.

    Args:
        stream: Its stream.
        schema: The stream's.
        run: The run.
        odd: Counts of values that were not as their type has them; None if they can't be had.
    """
    progress = run.progress
    return StreamFacts(
        stream,
        reads=run.opening,
        rows=progress.rows + run.rows_resumed,
        emitted=run.emitted,
        resumed=run.rows_resumed,
        complete=progress.complete,
        unsure=progress.unsure,
        dense=progress.dense,
        odd={} if odd is None else _counted(odd),
        columns=columns_of(schema),
        scans=run.scans,
    )


def _counted(odd: Odd) -> dict[str, dict[str, int]]:
    counts = {
        MISFITS: dict(odd.misfits),
        "named no time zone": dict(odd.zoneless),
        "held U+0000": dict(odd.nul),
    }
    return {name: each for name, each in counts.items() if each}


def with_result(
    facts: StreamFacts, result: ScanResult, now: int, *, versioned: bool
) -> StreamFacts:
    """The same of a run that has come to its end.

    Args:
        facts: What was told of it.
        result: What it came to.
        now: Our clock, epoch milliseconds.
        versioned: Whether it sends versions of its stream.
    """
    since = result.bookmark.since
    return replace(
        facts,
        complete=result.complete,
        unsure=result.unsure,
        since=since,
        lag=None if since is None else max(0.0, (now - since) / 1000),
        deletes=_deletes(result, versioned=versioned),
    )


def _deletes(result: ScanResult, *, versioned: bool) -> str:
    if not result.full:
        return ""
    if not result.sees_deletes:
        return result.fewer_rows("min_scan_share: 0")
    if versioned:
        return "ACTIVATE_VERSION was sent: a loader marks or deletes what this scan did not see"
    return "the scan saw every row; a FULL_TABLE run, or emit_scan_ids, tells a loader what is gone"
