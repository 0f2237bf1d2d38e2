"""The end of a run as facts for receipt, metrics and notice: no value of a row is in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.monitoring.run_facts import Metric
from tap_chakra.run import bookmark as bookmarks
from tap_chakra.run.told import MISFITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chakra_api.endpoints.client import RequestStats
    from chakra_plugin.monitoring.run_facts import RunFacts
    from tap_chakra.facts.run_record import RunRecord
    from tap_chakra.facts.scan_facts import StreamFacts

_MOST_NAMED: Final = 10


def with_streams(facts: RunFacts, record: RunRecord, state: Mapping[str, Any]) -> RunFacts:
    """Facts of an end, with what was read until then.

    Args:
        facts: How the run ended.
        record: What there is to tell of the run.
        state: The STATE, as it is.
    """
    streams, stats = record.streams, record.stats
    until = dict(_bookmarks(state.get("bookmarks", {})))
    told = {
        each.stream: {
            "rows": each.rows or 0,
            "emitted": each.emitted or 0,
            "complete": each.complete,
            "failed": bool(each.error),
            "misfits": misfits_of(each),
            "bookmark": iso_ms(until[each.stream]) if each.stream in until else None,
        }
        for each in streams
    }
    return replace(
        facts,
        said=_said(streams),
        counts={
            "rows": sum(each.rows or 0 for each in streams),
            "emitted": sum(each.emitted or 0 for each in streams),
            "streams": told,
            "requests": stats.requests,
            "requests_repeated": stats.retries,
            "waited_for_pace": round(stats.waited, 3),
        },
        metrics=tuple(_metrics(facts, streams, until, stats)),
    )


def misfits_of(facts: StreamFacts) -> int:
    """Values that did not fit their type and went to `_extra_data`."""
    return sum(facts.odd.get(MISFITS, {}).values())


def _bookmarks(states: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, int]]:
    """Up to when each stream is complete, epoch milliseconds."""
    for name, state in states.items():
        kept = bookmarks.from_state(name, state)
        until = kept.began if kept.since is None else kept.since
        if until is not None:
            yield name, until


def _said(streams: Sequence[StreamFacts]) -> str:
    emitted = sum(each.emitted or 0 for each in streams)
    failed = [each.stream for each in streams if each.error]
    incomplete = [each.stream for each in streams if not (each.complete or each.error)]
    said = [f"{counted(emitted)} emitted of {counted(len(streams), 'stream')}"]
    said += [f"not complete: {_named(incomplete)}"] if incomplete else []
    said += [f"failed: {_named(failed)}"] if failed else []
    return "; ".join(said)


def _named(streams: Sequence[str]) -> str:
    more = len(streams) - _MOST_NAMED
    return ", ".join(streams[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _metrics(
    facts: RunFacts,
    streams: Sequence[StreamFacts],
    until: Mapping[str, int],
    stats: RequestStats,
) -> Iterator[Metric]:
    for name, means, count in _OF_STREAMS:
        yield Metric(name, means, [({"stream": each.stream}, count(each)) for each in streams])
    yield Metric(
        "bookmark_timestamp_seconds",
        "Up to when a stream is known to be complete.",
        [({"stream": name}, instant / 1000) for name, instant in until.items()],
    )
    yield Metric(
        "bookmark_lag_seconds",
        "How far the bookmark of a stream was behind when the last run ended.",
        [({"stream": name}, (facts.ended_ms - at) / 1000) for name, at in until.items()],
    )
    costs = (stats.requests, stats.retries, stats.waited)
    for (name, means), cost in zip(_OF_COST, costs, strict=True):
        yield Metric(name, means, [({}, cost)])


_OF_STREAMS: Final[tuple[tuple[str, str, Callable[[StreamFacts], int]], ...]] = (
    ("run_rows_read", "Rows that the last run read.", lambda each: each.rows or 0),
    ("run_rows_emitted", "Rows that the last run emitted.", lambda each: each.emitted or 0),
    ("run_misfits", "Values that did not fit their type, in _extra_data.", misfits_of),
    (
        "run_stream_complete",
        "Whether the last run read all that it was to read.",
        lambda each: int(each.complete),
    ),
    ("run_stream_failed", "Whether a stream failed.", lambda each: int(bool(each.error))),
)
_OF_COST: Final = (
    ("run_requests", "Requests of the last run, the repeated ones among them."),
    ("run_requests_repeated", "Requests that were repeated."),
    ("run_waited_seconds", "How long all readers together waited for the pace."),
)
