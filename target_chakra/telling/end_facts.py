"""The end of a run as facts for receipt, metrics, notice: no value of a row, no word of ChakraHQ.

Stream names, names of procedures and columns are the user's own, and stand in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from chakra_plugin.monitoring.run_facts import Metric, RunFacts, fault_of
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_chakra.books.receipt import Receipt
    from target_chakra.books.run_end import RunEnd

_MOST_REASONS: Final = 20
"""Reasons that are told by themselves; a metric for each of thousands helps nobody."""


def facts_of(end: RunEnd) -> RunFacts:
    """What is told of a run's end."""
    receipt = end.receipt
    return RunFacts(
        command="target-chakra",
        kind=end.kind,
        code=end.code,
        ended_ms=end.ended_ms,
        seconds=receipt.cost.seconds,
        fault=fault_of(receipt.error),
        said=receipt.rows_said,
        reason=_commonest(end),
        next_command=end.command,
        counts=_counts(end),
        metrics=tuple(_metrics(end)),
    )


def _commonest(end: RunEnd) -> str:
    return "; ".join(f"{reason} ({counted(rows)})" for reason, rows in end.reasons[:1])


def _counts(end: RunEnd) -> dict[str, object]:
    """The receipt as its JSON says it, without messages: those may quote a row."""
    told = end.receipt.to_json()
    halted = [each.partition(":")[0] for each in end.receipt.halted]
    reasons = [{"reason": reason, "rows": rows} for reason, rows in end.reasons[:_MOST_REASONS]]
    kept = {name: value for name, value in told.items() if name not in {"error", "seconds"}}
    return {**kept, "halted": halted, "rejects_by_reason": reasons}


def _metrics(end: RunEnd) -> Iterator[Metric]:
    receipt, total = end.receipt, end.receipt.total
    total.update(receipt.mirror)
    yield Metric("run_rows", "Rows of the last run by stream and outcome.", _rows(receipt))
    yield _by_outcome(receipt.mirror)
    for name, outcome, means in _OF_OUTCOMES:
        yield Metric(name, means, [({}, total[outcome])])
    reasons = [({"reason": reason}, rows) for reason, rows in end.reasons[:_MOST_REASONS]]
    yield Metric("run_rejects_by_reason", "Rejected rows of the last run by reason.", reasons)
    cost = receipt.cost
    values = (cost.requests, cost.retries, cost.jobs, cost.waited)
    for (name, means), value in zip(_OF_COST, values, strict=True):
        yield Metric(name, means, [({}, value)])


_OF_OUTCOMES: Final = (
    ("run_rejects", Outcome.REJECTED, "Rejected rows of the last run."),
    ("run_unknown", Outcome.UNKNOWN, "Rows of the last run with an unknown outcome."),
    ("run_in_flight", Outcome.IN_FLIGHT, "Rows that were sent, and that the next run follows."),
    ("run_not_sent", Outcome.NOT_SENT, "Rows that the source has to bring again."),
)
_OF_COST: Final = (
    ("run_requests", "Requests of the last run, the repeated ones among them."),
    ("run_requests_repeated", "Requests that were repeated."),
    ("run_jobs", "Batches that ChakraHQ took."),
    ("run_waited_seconds", "How long all threads together waited for the pace."),
)


def _rows(receipt: Receipt) -> list[tuple[Mapping[str, str], float]]:
    found: list[tuple[Mapping[str, str], float]] = []
    for stream in receipt.rows:
        counts = receipt.outcomes.get(stream, {})
        found += [({"stream": stream, "outcome": o.value}, counts.get(o, 0)) for o in Outcome]
    return found


def _by_outcome(counts: Mapping[Outcome, int]) -> Metric:
    values = [({"outcome": outcome.value}, counts.get(outcome, 0)) for outcome in Outcome]
    means = "Deletes of mirrors in the last run by outcome."
    return Metric("run_mirror_deletes", means, values if counts else [])
