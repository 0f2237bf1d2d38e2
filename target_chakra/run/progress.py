"""The progress of a run, as a person sees it: a line every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_chakra.lifecycle import SETTLED, Outcome

if TYPE_CHECKING:
    from chakra_api.clock import Clock
    from chakra_api.endpoints.answers import RequestStats
    from target_chakra.run.writer import Writer

LINE_EVERY_SECONDS = 5.0


class Reporter:
    """Says when a line is due, and what it says.

    Args:
        clock: Only its monotonic time is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._last = clock.monotonic()

    def due(self) -> bool:
        """Whether the last line is old enough for another."""
        now = self._clock.monotonic()
        if now - self._last < LINE_EVERY_SECONDS:
            return False
        self._last = now
        return True

    def line(self, writer: Writer[Any], stats: RequestStats) -> str:
        """The line for now."""
        seconds = max(self._clock.monotonic() - self._began, 1e-3)
        tally, dispatcher = writer.tally, writer.dispatcher
        confirmed = sum(tally.count(outcome) for outcome in SETTLED - {Outcome.REJECTED})
        lost = f", {dispatcher.lost} being read back" if dispatcher.lost else ""
        return (
            f"{tally.last_seq:,} rows in, {confirmed:,} confirmed,"
            f" {tally.count(Outcome.REJECTED):,} rejected, {tally.open:,} open,"
            f" {dispatcher.followed} jobs in flight{lost}, {tally.last_seq / seconds:,.0f} rows/s,"
            f" {stats.waited:.1f} s waited for the pace"
        )
