"""The progress of a run, as a person sees it: a line every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.sending.batch_in_flight import Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.clock import Clock
    from chakra_api.endpoints.answers import RequestStats
    from target_chakra.run.writer import Writer

LINE_EVERY_SECONDS = 5.0


class Reporter:
    """Says what is to be said of a run on its way.

    Args:
        clock: Of the run.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._last = clock.monotonic()
        self._waits_said = False

    def lines(self, writer: Writer[Any], stats: RequestStats) -> Iterator[str]:
        """The lines that are due: of a long wait that begins, and of the progress."""
        now = self._clock.monotonic()
        waits = writer.dispatcher.wait if writer.is_finishing else Wait()
        # What is told at once of each job would be said in every run.
        is_long = bool(waits.lost) and waits.lost_seconds > LINE_EVERY_SECONDS
        if is_long and not self._waits_said:
            yield f"Nothing else is left to do: {self._said(waits)}"
        self._waits_said = is_long
        if now - self._last >= LINE_EVERY_SECONDS:
            self._last = now
            yield "; ".join(filter(None, [self.line(writer, stats), self._said(waits)]))

    def line(self, writer: Writer[Any], stats: RequestStats) -> str:
        """The line for now."""
        seconds = max(self._clock.monotonic() - self._began, 1e-3)
        tally, dispatcher = writer.tally, writer.dispatcher
        confirmed = sum(tally.count(outcome) for outcome in SETTLED - {Outcome.REJECTED})
        lost = f", {dispatcher.lost} being read back" if dispatcher.lost else ""
        return (
            f"{counted(tally.last_seq)} in, {confirmed:,} confirmed,"
            f" {tally.count(Outcome.REJECTED):,} rejected, {tally.open:,} open,"
            f" {counted(dispatcher.followed, 'job')} in flight{lost},"
            f" {tally.last_seq / seconds:,.0f} rows/s, {stats.waited:.1f} s waited for the pace"
        )

    def _said(self, waits: Wait) -> str:
        said = []
        if waits.lost:
            verb, whose = ("is", "its") if waits.lost == 1 else ("are", "their")
            said.append(
                f"{counted(waits.lost)} {verb} read back until {self._at(waits.lost_seconds)}:"
                f" {whose} answer was lost"
            )
        if waits.in_jobs:
            verb = "is" if waits.in_jobs == 1 else "are"
            until = self._at(waits.job_seconds)
            said.append(f"{counted(waits.in_jobs)} {verb} in jobs, followed until {until}")
        return "; ".join(said)

    def _at(self, seconds: float) -> str:
        at = iso_ms(int((self._clock.now() + seconds) * 1000))
        return f"{at[11:19]}Z at most, in {seconds:,.0f} s"
