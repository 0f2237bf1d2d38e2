"""A run as JSON: what there is to tell of it, beside what its predecessors told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tap_chakra.facts.columns import drift

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_chakra.facts.run_record import RunRecord

VERSION: Final = 1
MOST_EARLIER: Final = 30
"""Runs before that are told of, to compare with."""
MOST_STREAMS: Final = 50
"""Streams that are told of each of those."""

Told = dict[str, Any]


def told_run(
    record: RunRecord, account: Mapping[str, object], before: Told, end: Mapping[str, object]
) -> Told:
    """All that is told of a run.

    Args:
        record: Of the run.
        account: What names its account: another one's schema is nothing to compare with.
        before: What the run before told; empty if there is none.
        end: How it ended: `ended_ms`, `exit_code`, `error`.
    """
    stats, same = record.stats, before.get("account") == dict(account)
    streams = [asdict(each) for each in record.streams]
    return {
        "tap_chakra_report": VERSION,
        "account": dict(account),
        "began_ms": record.began_ms,
        **end,
        "seconds": round(record.seconds, 3),
        "requests": stats.requests,
        "requests_repeated": stats.retries,
        "waited_for_pace": round(stats.waited, 3),
        "streams": streams,
        "course": record.course().to_json(),
        "compared_with_ms": before.get("ended_ms") if same else None,
        "drift": list(_drift(before, streams)) if same else [],
        "earlier": _earlier(before) if same else [],
    }


def _drift(before: Told, streams: list[Told]) -> Iterator[Told]:
    known = {each.get("stream"): each.get("columns") for each in before.get("streams", ()) if each}
    for each in streams:
        columns, held = each["columns"], known.get(each["stream"])
        if columns is not None and isinstance(held, dict):
            found = drift(each["stream"], held, columns)
            if found:
                yield asdict(found)


def _earlier(before: Told) -> list[Told]:
    """The runs before this one, oldest first: what each of them needs to be drawn."""
    earlier = [each for each in before.get("earlier", ()) if isinstance(each, dict)]
    return [*earlier, _brief(before)][-MOST_EARLIER:]


def _brief(told: Told) -> Told:
    names = ("began_ms", "ended_ms", "seconds", "requests", "exit_code")
    streams = [each for each in told.get("streams", ()) if each.get("reads")][:MOST_STREAMS]
    return {name: told.get(name) for name in names} | {
        "streams": {
            each["stream"]: [each.get("rows"), each.get("emitted"), each.get("complete")]
            for each in streams
        }
    }
